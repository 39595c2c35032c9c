// What LiteRT answers for a model: the independent reading that tests compare
// with. `make litert` puts this file beside its package in build/litert.
//
//   node build/litert/oracle.mjs MODEL.tflite INPUT.bin OUTPUT.bin ...
//
// INPUT.bin holds one or more raw tensors for the model's first input, one after
// another; OUTPUT.bin receives the raw first output of each. More models may
// follow. Prints one line of JSON for each:
// {"input": {"type", "shape"}, "output": {"type", "shape"}, "runs"}.
//
// The package's own interface knows float32, int32 and uint8 tensors but not
// int8, so this talks to the WebAssembly module beneath it: the build without
// relaxed SIMD, which answers alike on every processor and runs in Debian 12's
// node 18.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import vm from 'node:vm';

const BUILD = 'litert_wasm_compat_internal';

// LiteRT tells its whole start-up; that is worth reading only when it fails.
const log = [];

async function loadLiteRT() {
  const require = createRequire(import.meta.url);
  const folder = path.resolve(path.dirname(require.resolve('@litertjs/core')), '../wasm');
  const file = path.join(folder, BUILD + '.js');
  // The file is CommonJS in a package that declares ES modules: node's loader
  // would refuse it, so it gets CommonJS's names from here.
  const names = ['require', 'module', '__dirname', '__filename', 'exports'];
  const run = vm.compileFunction(fs.readFileSync(file, 'utf8'), names, {filename: file});
  const module = {exports: {}};
  run(require, module, folder, file, module.exports);
  const litert = await module.exports({
    wasmBinary: fs.readFileSync(path.join(folder, BUILD + '.wasm')),
    print: line => log.push(line),
    printErr: line => log.push(line),
  });
  litert.setupLogging();
  return litert;
}

async function compile(litert, environment, file) {
  const at = litert._malloc(file.length);
  litert.HEAPU8.set(file, at);
  const model = litert.loadModel(environment, at, file.length);
  const compiled = await litert.compileModel(environment, model, {
    environment: {liteRtEnvironment: environment},
    accelerator: 'wasm',
    cpuOptions: {numThreads: 1},
    gpuOptions: {},
    webNNOptions: {},
  });
  return {model, compiled};
}

function describe(litert, type) {
  const element = type.elementType().value;
  const dimensions = type.layout().dimensions();
  return {
    type: Object.keys(litert.ElementType).find(name => litert.ElementType[name]?.value === element)?.toLowerCase(),
    shape: Array.from({length: dimensions.size()}, (_, i) => dimensions.get(i)),
  };
}

// Runs one tensor: bytes in, bytes out.
async function infer(litert, environment, compiled, type, bytes) {
  const input = litert.LiteRtTensorBuffer.createManaged(
      environment, litert.LiteRtTensorBufferType.HOST_MEMORY, type, bytes.length);
  litert.HEAPU8.set(bytes, input.lock(litert.LiteRtTensorBufferLockMode.WRITE));
  input.unlock();
  const outputs = await compiled.run(0, [input]);
  const at = outputs[0].lock(litert.LiteRtTensorBufferLockMode.READ);
  const answer = Buffer.from(litert.HEAPU8.slice(at, at + outputs[0].packedSize()));
  outputs[0].unlock();
  for (const buffer of [input, ...outputs]) {
    buffer.delete();
  }
  return answer;
}

async function answer(litert, modelFile, inputFile, outputFile) {
  const environment = litert.LiteRtEnvironment.create(null);
  const {model, compiled} = await compile(litert, environment, fs.readFileSync(modelFile));
  const type = model.getInputTensorType(0, 0);
  const size = type.bytes();
  const input = fs.readFileSync(inputFile);
  if (input.length === 0 || input.length % size !== 0) {
    throw new Error(`${inputFile} has ${input.length} bytes; the model takes tensors of ${size}`);
  }
  const answers = [];
  for (let at = 0; at < input.length; at += size) {
    answers.push(await infer(litert, environment, compiled, type, input.subarray(at, at + size)));
  }
  fs.writeFileSync(outputFile, Buffer.concat(answers));
  console.log(JSON.stringify({
    input: describe(litert, type),
    output: describe(litert, model.getOutputTensorType(0, 0)),
    runs: answers.length,
  }));
  for (const object of [compiled, model, environment]) {
    object.delete();
  }
}

const files = process.argv.slice(2);
if (files.length === 0 || files.length % 3 !== 0) {
  console.error('usage: node oracle.mjs MODEL.tflite INPUT.bin OUTPUT.bin ...');
  process.exit(2);
}
try {
  const litert = await loadLiteRT();
  for (let i = 0; i < files.length; i += 3) {
    log.length = 0;
    log.push(`${files[i]}:`);
    await answer(litert, files[i], files[i + 1], files[i + 2]);
  }
} catch (error) {
  console.error([...log, error.message ?? error].join('\n'));
  process.exit(1);
}

#!/usr/bin/env bash
# Fetches ONNX Runtime's library from npm into a folder.
#
#   scripts/bench/onnxruntime.sh FOLDER
set -euo pipefail
folder=${1:?usage: onnxruntime.sh FOLDER}
version=1.30.0
digest=6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75

mkdir -p "$folder"
cd "$folder"
npm pack --silent "onnxruntime-node@$version" >/dev/null
sha256sum --check --quiet <<<"$digest  onnxruntime-node-$version.tgz" || {
	printf 'onnxruntime: the package from npm is not the one that was measured\n' >&2
	exit 1
}
tar -xzf "onnxruntime-node-$version.tgz" --strip-components=5 package/bin/napi-v6/linux/x64/libonnxruntime.so.1
rm "onnxruntime-node-$version.tgz"
touch libonnxruntime.so.1

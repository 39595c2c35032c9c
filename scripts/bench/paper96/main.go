// Command paper96 writes the paper's network at 96x96 pixels as canting-trainer
// exports it, with seeded random weights: a kernel's time does not depend on
// them.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"canting/infer/tflite"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: paper96 OUT.tflite")
	}
	file, err := paper96().Encode()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[1], file, 0o666); err != nil {
		log.Fatal(err)
	}
}

// paper96 is 4 stages of 3x3 convolution, ReLU and 2x2 max pool, and 2 dense
// layers with a softmax.
func paper96() *tflite.Model {
	b := &builder{model: &tflite.Model{Description: "paper96, random weights"}, random: rand.New(rand.NewPCG(1, 96))}
	size, channels := 96, 3
	x := b.activation("input", 1.0/255, -128, 1, size, size, channels)
	b.model.Inputs = []int{x}
	for i, filters := range []int{16, 32, 64, 64} {
		y := b.activation(fmt.Sprintf("conv_%d", i), reluScale, -128, 1, size, size, filters)
		w, bias := b.weights(y, x, filters, 3, 3, channels)
		b.add(tflite.Conv2D, tflite.Conv2DOptions{Padding: tflite.Same, StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, Activation: tflite.ActRelu}, y, x, w, bias)
		size, channels = size/2, filters
		x = b.activation(fmt.Sprintf("pool_%d", i), reluScale, -128, 1, size, size, channels)
		b.add(tflite.MaxPool2D, tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: 2, StrideH: 2, FilterW: 2, FilterH: 2}, x, y)
	}
	features := size * size * channels
	flat := b.activation("flat", reluScale, -128, 1, features)
	b.add(tflite.Reshape, tflite.ReshapeOptions{NewShape: []int{1, features}}, flat, x, b.integers("flat/shape", 1, features))
	hidden := b.dense(flat, features, 64, tflite.ActRelu, reluScale, -128)
	logits := b.dense(hidden, 64, 4, tflite.ActNone, 2*reluScale, 0)
	probabilities := b.activation("probabilities", 1.0/256, -128, 1, 4)
	b.add(tflite.Softmax, tflite.SoftmaxOptions{Beta: 1}, probabilities, logits)
	b.model.Outputs = []int{probabilities}
	return b.model
}

// reluScale leaves room for about 6 times an activation's root mean square,
// which is 1 behind the first stage.
const reluScale = 6.0 / 255

// builder grows a model by one operator after the other.
type builder struct {
	model  *tflite.Model
	random *rand.Rand
}

func (b *builder) tensor(t tflite.Tensor) int {
	b.model.Tensors = append(b.model.Tensors, t)
	return len(b.model.Tensors) - 1
}

func (b *builder) activation(name string, scale float32, zero int64, shape ...int) int {
	q := tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{zero}}
	return b.tensor(tflite.Tensor{Name: name, Type: tflite.Int8, Shape: shape, Quant: q})
}

func (b *builder) add(code tflite.Code, options any, output int, inputs ...int) {
	b.model.Operators = append(b.model.Operators, tflite.Operator{Code: code, Inputs: inputs, Outputs: []int{output}, Options: options})
}

func (b *builder) dense(x, inputs, outputs int, activation tflite.Activation, scale float32, zero int64) int {
	y := b.activation(fmt.Sprintf("dense_%d", outputs), scale, zero, 1, outputs)
	w, bias := b.weights(y, x, outputs, inputs)
	b.add(tflite.FullyConnected, tflite.FullyConnectedOptions{Activation: activation}, y, x, w, bias)
	return y
}

// weights adds the weights and the bias of the operator that computes y from x.
// Their variance, 2 over the number of inputs, keeps the activations' spread
// from stage to stage (He et al., 2015).
func (b *builder) weights(y, x int, shape ...int) (w, bias int) {
	outputs, count := shape[0], 1
	for _, d := range shape {
		count *= d
	}
	largest := math.Sqrt(6 / float64(count/outputs))
	data := make([]byte, count)
	for i := range data {
		data[i] = byte(int8(b.random.IntN(255) - 127))
	}
	scales, biasScales := make([]float32, outputs), make([]float32, outputs)
	var biases []byte
	for ch := range outputs {
		scales[ch] = float32(largest * (0.75 + 0.5*b.random.Float64()) / 127)
		biasScales[ch] = scales[ch] * b.model.Tensors[x].Quant.Scale[0]
		value := (b.random.Float64() - 0.5) / 5 / float64(biasScales[ch])
		biases = binary.LittleEndian.AppendUint32(biases, uint32(int32(value)))
	}
	name, zeros := b.model.Tensors[y].Name, make([]int64, outputs)
	w = b.tensor(tflite.Tensor{
		Name: name + "/weights", Type: tflite.Int8, Shape: shape, Data: data,
		Quant: tflite.Quantization{Scale: scales, ZeroPoint: zeros},
	})
	bias = b.tensor(tflite.Tensor{
		Name: name + "/bias", Type: tflite.Int32, Shape: []int{outputs}, Data: biases,
		Quant: tflite.Quantization{Scale: biasScales, ZeroPoint: zeros},
	})
	return w, bias
}

func (b *builder) integers(name string, values ...int) int {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(int32(v)))
	}
	return b.tensor(tflite.Tensor{Name: name, Type: tflite.Int32, Shape: []int{len(values)}, Data: data})
}

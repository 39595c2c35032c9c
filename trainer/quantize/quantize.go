package quantize

import (
	"encoding/binary"
	"fmt"
	"math"

	"canting/infer/tflite"
	"canting/trainer/nn"

	"gorgonia.org/tensor"
)

// Pixels is the input of a network that reads a pixel value v, 0 to 255, as
// (v - mean) / std: as int8 it is v - 128 exactly. The mean is a whole number.
func Pixels(mean, std float64) tflite.Quantization {
	return tflite.Quantization{Scale: []float32{float32(1 / std)}, ZeroPoint: []int64{int64(mean) - 128}}
}

// The softmax's output scale and zero point, which LiteRT's kernels insist on.
const (
	softmaxScale     float32 = 1.0 / 256
	softmaxZeroPoint         = -128
)

// Model makes the int8 model of a trained network for square RGB pictures of
// the given size and quantization. The activations' ranges are those that the
// calibration batches, shaped (pictures, size, size, 3) and normalised as the
// network reads them, produce.
func Model(n *nn.Network, size int, pixels tflite.Quantization, calibration []*tensor.Dense) (*tflite.Model, error) {
	ops, err := fold(n)
	if err != nil {
		return nil, err
	}
	seen := calibrate(n, ops, calibration)
	b := &builder{model: &tflite.Model{}}
	in := b.activation("input", pixels, size, size, 3)
	b.model.Inputs = []int{in}
	outputs := make([]int, len(ops))
	for i := range ops {
		var inputs []int
		for _, from := range ops[i].inputs {
			if from == picture {
				inputs = append(inputs, in)
			} else {
				inputs = append(inputs, outputs[from])
			}
		}
		if outputs[i], err = b.operator(fmt.Sprintf("%v_%d", ops[i].kind, i), &ops[i], seen[i], inputs); err != nil {
			return nil, err
		}
	}
	at := outputs[len(ops)-1]
	out := b.activation("probabilities", tflite.Quantization{Scale: []float32{softmaxScale}, ZeroPoint: []int64{softmaxZeroPoint}}, b.shape(at)[1:]...)
	b.add(tflite.Softmax, tflite.SoftmaxOptions{Beta: 1}, out, at)
	b.model.Outputs = []int{out}
	return b.model, nil
}

// builder grows a model by one operator after the other.
type builder struct{ model *tflite.Model }

func (b *builder) shape(t int) []int { return b.model.Tensors[t].Shape }

func (b *builder) tensor(t tflite.Tensor) int {
	b.model.Tensors = append(b.model.Tensors, t)
	return len(b.model.Tensors) - 1
}

// activation adds an int8 tensor of one picture.
func (b *builder) activation(name string, q tflite.Quantization, shape ...int) int {
	return b.tensor(tflite.Tensor{Name: name, Type: tflite.Int8, Shape: append([]int{1}, shape...), Quant: q})
}

func (b *builder) add(code tflite.Code, options any, output int, inputs ...int) {
	b.model.Operators = append(b.model.Operators, tflite.Operator{Code: code, Inputs: inputs, Outputs: []int{output}, Options: options})
}

// operator adds an operator that reads tensors xs, and returns its output.
func (b *builder) operator(name string, op *operator, s observation, xs []int) (y int, err error) {
	switch op.kind {
	case maxPool:
		y = b.activation(name, b.model.Tensors[xs[0]].Quant, op.shape...)
		b.add(tflite.MaxPool2D, tflite.Pool2DOptions{
			Padding: tflite.Valid, StrideW: 2, StrideH: 2, FilterW: 2, FilterH: 2, Activation: op.activation,
		}, y, xs...)
		return y, nil
	case mean:
		y = b.activation(name, s.quantization(), op.shape...)
		b.add(tflite.Mean, tflite.ReducerOptions{}, y, xs[0], b.integers(name+"/axes", 1, 2))
		return y, nil
	case addition:
		y = b.activation(name, s.quantization(), op.shape...)
		b.add(tflite.Add, tflite.AddOptions{Activation: op.activation}, y, xs...)
		return y, nil
	case dense:
		xs = []int{b.flatten(name, xs[0])}
	}
	w, bias, err := b.weights(name, op, s.inputs, b.model.Tensors[xs[0]])
	if err != nil {
		return 0, err
	}
	y = b.activation(name, s.quantization(), op.shape...)
	b.weighted(op, y, xs[0], w, bias)
	return y, nil
}

// weighted adds an operator that has weights.
func (b *builder) weighted(op *operator, y, x, w, bias int) {
	switch op.kind {
	case convolution:
		b.add(tflite.Conv2D, tflite.Conv2DOptions{
			Padding: tflite.Same, StrideW: op.stride, StrideH: op.stride, DilationW: 1, DilationH: 1, Activation: op.activation,
		}, y, x, w, bias)
	case depthwise:
		b.add(tflite.DepthwiseConv2D, tflite.DepthwiseConv2DOptions{
			Padding: tflite.Same, StrideW: op.stride, StrideH: op.stride, DilationW: 1, DilationH: 1,
			DepthMultiplier: 1, Activation: op.activation,
		}, y, x, w, bias)
	case dense:
		b.add(tflite.FullyConnected, tflite.FullyConnectedOptions{Activation: op.activation}, y, x, w, bias)
	}
}

// flatten reshapes a tensor that is still a picture to (1, n).
func (b *builder) flatten(name string, x int) int {
	t := b.model.Tensors[x]
	if len(t.Shape) == 2 {
		return x
	}
	n := tensor.Shape(t.Shape).TotalSize()
	y := b.activation(name+"/flat", t.Quant, n)
	shape := b.integers(name+"/shape", 1, n)
	b.add(tflite.Reshape, tflite.ReshapeOptions{NewShape: []int{1, n}}, y, x, shape)
	return y
}

func (b *builder) integers(name string, values ...int) int {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(int32(v)))
	}
	return b.tensor(tflite.Tensor{Name: name, Type: tflite.Int32, Shape: []int{len(values)}, Data: data})
}

// quantization spreads the span over int8's 256 values, with 0 on one of them.
func (s span) quantization() tflite.Quantization {
	scale := float32((s.hi - s.lo) / 255)
	if !(scale > 1e-12) {
		scale = 1e-12 // a tensor that was always 0
	}
	zero := math.RoundToEven(-128 - s.lo/float64(scale))
	return tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{int64(min(max(zero, -128), 127))}}
}

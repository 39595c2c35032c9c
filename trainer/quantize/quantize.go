package quantize

import (
	"encoding/binary"
	"fmt"
	"math"

	"canting/infer/tflite"
	"canting/trainer/nn"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"
)

// InputScale and InputZeroPoint make a pixel value v, normalised to v/255, the
// int8 value v - 128 exactly.
const (
	InputScale     float32 = 1.0 / 255
	InputZeroPoint         = -128
)

// The softmax's output scale and zero point, which LiteRT's kernels insist on.
const (
	softmaxScale     float32 = 1.0 / 256
	softmaxZeroPoint         = -128
)

// Model makes the int8 model of a trained network for square RGB pictures of
// the given size. The activations' ranges are those that the calibration
// batches, shaped (pictures, size, size, 3) and scaled to 0..1, produce.
func Model(n *nn.Network, size int, calibration []*tensor.Dense) (*tflite.Model, error) {
	ops, err := fold(n)
	if err != nil {
		return nil, err
	}
	seen := calibrate(n, ops, calibration)
	b := &builder{model: &tflite.Model{}}
	at := b.activation("input", tflite.Quantization{Scale: []float32{InputScale}, ZeroPoint: []int64{InputZeroPoint}}, size, size, 3)
	b.model.Inputs = []int{at}
	for i, op := range ops {
		if at, err = b.operator(i, op, seen[i], at); err != nil {
			return nil, err
		}
	}
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

// operator adds operator i, which reads tensor x, and returns its output.
func (b *builder) operator(i int, op operator, s observation, x int) (int, error) {
	activation := tflite.ActNone
	if op.relu {
		activation = tflite.ActRelu
	}
	switch op.kind {
	case maxPool:
		y := b.activation(fmt.Sprintf("pool_%d", i), b.model.Tensors[x].Quant, op.shape...)
		b.add(tflite.MaxPool2D, tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: 2, StrideH: 2, FilterW: 2, FilterH: 2, Activation: activation}, y, x)
		return y, nil
	case mean:
		y := b.activation(fmt.Sprintf("mean_%d", i), s.quantization(), op.shape...)
		axes := b.integers(fmt.Sprintf("mean_%d/axes", i), 1, 2)
		b.add(tflite.Mean, tflite.ReducerOptions{}, y, x, axes)
		return y, nil
	case dense:
		x = b.flatten(i, x)
	}
	name := fmt.Sprintf("%s_%d", map[kind]string{convolution: "conv", dense: "dense"}[op.kind], i)
	w, bias, err := b.weights(name, op, s.inputs, b.model.Tensors[x])
	if err != nil {
		return 0, err
	}
	y := b.activation(name, s.quantization(), op.shape...)
	if op.kind == dense {
		b.add(tflite.FullyConnected, tflite.FullyConnectedOptions{Activation: activation}, y, x, w, bias)
	} else {
		b.add(tflite.Conv2D, tflite.Conv2DOptions{Padding: tflite.Same, StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, Activation: activation}, y, x, w, bias)
	}
	return y, nil
}

// flatten reshapes a tensor that is still a picture to (1, n).
func (b *builder) flatten(i, x int) int {
	t := b.model.Tensors[x]
	if len(t.Shape) == 2 {
		return x
	}
	n := tensor.Shape(t.Shape).TotalSize()
	y := b.activation(fmt.Sprintf("flat_%d", i), t.Quant, n)
	shape := b.integers(fmt.Sprintf("flat_%d/shape", i), 1, n)
	b.add(tflite.Reshape, tflite.ReshapeOptions{NewShape: []int{1, n}}, y, x, shape)
	return y
}

// weights adds an operator's weights, int8 and symmetric for each output
// channel, and its bias, int32 at the product of input and weight scale.
func (b *builder) weights(name string, op operator, inputs *mat.SymDense, x tflite.Tensor) (w, bias int, err error) {
	outputs := len(op.bias)
	fan := len(op.weights) / outputs
	biases := make([]byte, 0, 4*outputs)
	scales, biasScales := make([]float32, outputs), make([]float32, outputs)
	for ch := range outputs {
		scales[ch] = weightScale(op.weights[ch*fan:(ch+1)*fan], op.bias[ch], x.Quant.Scale[0])
		biasScales[ch] = scales[ch] * x.Quant.Scale[0]
		if !(scales[ch] > 0) || math.IsInf(float64(scales[ch]), 0) {
			return 0, 0, fmt.Errorf("%s: output channel %d has weights that are not finite: the training has diverged; try a lower learning rate", name, ch)
		}
		q := math.RoundToEven(op.bias[ch] / float64(biasScales[ch]))
		biases = binary.LittleEndian.AppendUint32(biases, uint32(int32(q)))
	}
	rounded, err := round(op.weights, scales, inputs)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", name, err)
	}
	data := make([]byte, len(rounded))
	for i, q := range rounded {
		data[i] = byte(q)
	}
	shape := []int{outputs, fan}
	if op.kind == convolution {
		shape = []int{outputs, op.kernel, op.kernel, fan / (op.kernel * op.kernel)}
	}
	zeros := make([]int64, outputs)
	w = b.tensor(tflite.Tensor{
		Name: name + "/weights", Type: tflite.Int8, Shape: shape, Data: data,
		Quant: tflite.Quantization{Scale: scales, ZeroPoint: zeros},
	})
	bias = b.tensor(tflite.Tensor{
		Name: name + "/bias", Type: tflite.Int32, Shape: []int{outputs}, Data: biases,
		Quant: tflite.Quantization{Scale: biasScales, ZeroPoint: zeros},
	})
	return w, bias, nil
}

// weightScale is the scale at which the largest weight of a channel becomes
// 127, or a larger one where the bias would otherwise leave a quarter of int32.
func weightScale(row []float32, bias float64, inputScale float32) float32 {
	most := 0.0
	for _, v := range row {
		most = max(most, math.Abs(float64(v)))
	}
	floor := math.Abs(bias) / float64(inputScale) / (1 << 29)
	return float32(max(most/127, floor, 1e-12))
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

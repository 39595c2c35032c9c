package infer

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"canting/infer/tflite"
)

// draft builds a small model of random numbers; its first tensor is the input
// and its last operator's output the output.
type draft struct {
	*rand.Rand
	m tflite.Model
	// kind is the activations' type.
	kind tflite.Type
}

func newDraft(draw func(*draft), kind tflite.Type, seed uint64) *draft {
	d := &draft{Rand: rand.New(rand.NewPCG(seed, 5)), kind: kind}
	draw(d)
	d.m.Inputs, d.m.Outputs = []int{0}, d.m.Operators[len(d.m.Operators)-1].Outputs
	return d
}

// tensor adds an activation of random quantization.
func (d *draft) tensor(shape ...int) int {
	zero := int64(d.IntN(256) - 128)
	if d.kind == tflite.Uint8 {
		zero += 128
	}
	d.m.Tensors = append(d.m.Tensors, tflite.Tensor{
		Name: fmt.Sprint("tensor ", len(d.m.Tensors)), Type: d.kind, Shape: shape,
		Quant: tflite.Quantization{Scale: []float32{d.scale()}, ZeroPoint: []int64{zero}},
	})
	return len(d.m.Tensors) - 1
}

// scale is between 1/32 and 1/2.
func (d *draft) scale() float32 { return float32(math.Exp2(4*d.Float64() - 5)) }

// alike is a tensor quantized as another.
func (d *draft) alike(t int, shape ...int) int {
	i := d.tensor(shape...)
	d.m.Tensors[i].Quant = d.m.Tensors[t].Quant
	return i
}

// constant gives a tensor random values.
func (d *draft) constant(t int) int {
	data := make([]byte, elements(d.m.Tensors[t].Shape))
	for i := range data {
		data[i] = byte(d.Uint32())
	}
	d.m.Tensors[t].Data = data
	return t
}

// weights are int8 with a scale for each element of dimension axis.
func (d *draft) weights(axis int, shape ...int) int {
	w := d.constant(d.tensor(shape...))
	t := &d.m.Tensors[w]
	t.Type, t.Quant = tflite.Int8, tflite.Quantization{Axis: axis}
	for i, b := range t.Data {
		t.Data[i] = byte(max(int8(b), -127))
	}
	for range shape[axis] {
		t.Quant.Scale = append(t.Quant.Scale, 0.01*(0.5+d.Float32()))
		t.Quant.ZeroPoint = append(t.Quant.ZeroPoint, 0)
	}
	return w
}

func (d *draft) ints(values ...int32) int {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], uint32(v))
	}
	d.m.Tensors = append(d.m.Tensors, tflite.Tensor{Name: "ints", Type: tflite.Int32, Shape: []int{len(values)}, Data: data})
	return len(d.m.Tensors) - 1
}

// bias has the scale of the products of input and weights: without it LiteRT
// leaves DEPTHWISE_CONV_2D to another kernel, whose rounding differs.
func (d *draft) bias(input, weights int) int {
	var values []int32
	q := tflite.Quantization{}
	for _, scale := range d.m.Tensors[weights].Quant.Scale {
		values = append(values, int32(d.IntN(20000)-10000))
		q.Scale = append(q.Scale, scale*d.m.Tensors[input].Quant.Scale[0])
		q.ZeroPoint = append(q.ZeroPoint, 0)
	}
	b := d.ints(values...)
	d.m.Tensors[b].Quant = q
	return b
}

// convolve adds an operator with weights, of one scale for each element of
// dimension axis, and a bias.
func (d *draft) convolve(code tflite.Code, options any, y, x, axis int, shape ...int) {
	w := d.weights(axis, shape...)
	d.operator(code, options, y, x, w, d.bias(x, w))
}

func (d *draft) operator(code tflite.Code, options any, out int, in ...int) {
	d.m.Operators = append(d.m.Operators, tflite.Operator{Code: code, Options: options, Inputs: in, Outputs: []int{out}})
}

func (d *draft) activation() tflite.Activation {
	return []tflite.Activation{tflite.ActNone, tflite.ActRelu, tflite.ActRelu6}[d.IntN(3)]
}

// window is the padding and the output's height and width of a window over h by w.
func (d *draft) window(h, w, kernel, stride, dilation int) (p tflite.Padding, outH, outW int) {
	if d.IntN(2) == 0 {
		return tflite.Same, (h + stride - 1) / stride, (w + stride - 1) / stride
	}
	extent := (kernel-1)*dilation + 1
	return tflite.Valid, (h-extent)/stride + 1, (w-extent)/stride + 1
}

// onlyInt8 marks operators whose uint8 form is another scheme (weights of type
// uint8) or not LiteRT's.
const onlyInt8 = true

var drafts = []struct {
	name     string
	onlyInt8 bool
	draw     func(d *draft)
}{
	{"CONV_2D", onlyInt8, func(d *draft) {
		kernel, stride, dilation, channels := 1+d.IntN(4), 1+d.IntN(3), 1, 1+d.IntN(20)
		if d.IntN(3) == 0 {
			stride, dilation = 1, 2
		}
		x := d.tensor(1, 11, 12, channels)
		p, h, w := d.window(11, 12, kernel, stride, dilation)
		y := d.tensor(1, h, w, 7)
		d.convolve(tflite.Conv2D, tflite.Conv2DOptions{Padding: p, StrideW: stride, StrideH: stride, DilationW: dilation, DilationH: dilation, Activation: d.activation()},
			y, x, 0, 7, kernel, kernel, channels)
	}},
	{"DEPTHWISE_CONV_2D", onlyInt8, func(d *draft) {
		kernel, stride, multiplier := 1+d.IntN(5), 1+d.IntN(2), 1+d.IntN(4)
		x := d.tensor(1, 11, 12, 5)
		p, h, w := d.window(11, 12, kernel, stride, 1)
		y := d.tensor(1, h, w, 5*multiplier)
		d.convolve(tflite.DepthwiseConv2D, tflite.DepthwiseConv2DOptions{Padding: p, StrideW: stride, StrideH: stride, DilationW: 1, DilationH: 1, DepthMultiplier: multiplier, Activation: d.activation()},
			y, x, 3, 1, kernel, kernel, 5*multiplier)
	}},
	{"FULLY_CONNECTED", onlyInt8, func(d *draft) {
		x, y := d.tensor(1, 33), d.tensor(1, 9)
		d.convolve(tflite.FullyConnected, tflite.FullyConnectedOptions{Activation: d.activation()}, y, x, 0, 9, 33)
	}},
	{"MAX_POOL_2D", false, func(d *draft) { d.pool(tflite.MaxPool2D) }},
	{"AVERAGE_POOL_2D", false, func(d *draft) { d.pool(tflite.AveragePool2D) }},
	{"MEAN", false, func(d *draft) {
		h, w := 1+d.IntN(20), 1+d.IntN(20)
		x, y := d.tensor(1, h, w, 40), d.tensor(1, 40)
		d.operator(tflite.Mean, tflite.ReducerOptions{}, y, x, d.ints(1, 2))
	}},
	{"SOFTMAX", false, func(d *draft) {
		n := []int{2, 4, 10, 100, 1001}[d.IntN(5)]
		x := d.tensor(1, n)
		d.operator(tflite.Softmax, tflite.SoftmaxOptions{Beta: 1}, d.probabilities(1, n), x)
	}},
	{"LOGISTIC", false, func(d *draft) {
		x := d.tensor(1, 4, 5, 16)
		d.operator(tflite.Logistic, nil, d.probabilities(1, 4, 5, 16), x)
	}},
	{"HARD_SWISH", false, func(d *draft) {
		x, y := d.tensor(1, 4, 5, 16), d.tensor(1, 4, 5, 16)
		d.operator(tflite.HardSwish, nil, y, x)
	}},
	{"RELU", false, func(d *draft) {
		x, y := d.tensor(1, 4, 4, 16), d.tensor(1, 4, 4, 16)
		d.operator([]tflite.Code{tflite.Relu, tflite.Relu6}[d.IntN(2)], nil, y, x)
	}},
	{"QUANTIZE", false, func(d *draft) {
		x, y := d.tensor(1, 4, 4, 16), d.tensor(1, 4, 4, 16)
		d.operator(tflite.Quantize, nil, y, x)
	}},
	{"PAD", false, func(d *draft) {
		x := d.tensor(1, 4, 5, 6)
		amounts := d.ints(0, 0, 1, 2, 0, 1, 0, 0)
		d.m.Tensors[amounts].Shape = []int{4, 2}
		d.operator(tflite.Pad, nil, d.alike(x, 1, 7, 6, 6), x, amounts)
	}},
	{"ADD", false, func(d *draft) { d.pair(tflite.Add, tflite.AddOptions{Activation: d.activation()}) }},
	{"SUB", false, func(d *draft) { d.pair(tflite.Sub, tflite.SubOptions{Activation: d.activation()}) }},
	{"MUL", false, func(d *draft) { d.pair(tflite.Mul, tflite.MulOptions{Activation: d.activation()}) }},
	{"CONCATENATION", false, func(d *draft) {
		x := d.tensor(1, 4, 5, 6)
		axis := d.IntN(3) + 1
		shape := []int{1, 4, 5, 6}
		shape[axis] *= 3
		// The copy between makes an operand that is not the input.
		y := d.alike(x, 1, 4, 5, 6)
		d.operator(tflite.MaxPool2D, tflite.Pool2DOptions{StrideW: 1, StrideH: 1, FilterW: 3, FilterH: 3}, y, x)
		if d.IntN(2) == 0 {
			axis -= 4
		}
		d.operator(tflite.Concatenation, tflite.ConcatenationOptions{Axis: axis}, d.alike(x, shape...), x, y, d.constant(d.alike(x, 1, 4, 5, 6)))
	}},
	{"DEQUANTIZE", false, func(d *draft) {
		x, y := d.tensor(1, 33), d.tensor(1, 33)
		d.m.Tensors[y].Type, d.m.Tensors[y].Quant = tflite.Float32, tflite.Quantization{}
		d.operator(tflite.Dequantize, nil, y, x)
	}},
}

// probabilities is a tensor of the scale of SOFTMAX's and LOGISTIC's outputs.
func (d *draft) probabilities(shape ...int) int {
	y := d.tensor(shape...)
	zero := int64(-128)
	if d.kind == tflite.Uint8 {
		zero = 0
	}
	d.m.Tensors[y].Quant = tflite.Quantization{Scale: []float32{1.0 / 256}, ZeroPoint: []int64{zero}}
	return y
}

func (d *draft) pool(code tflite.Code) {
	kernel, stride := 1+d.IntN(4), 1+d.IntN(3)
	p, h, w := d.window(7, 9, kernel, stride, 1)
	x := d.tensor(1, 7, 9, 5)
	y := d.alike(x, 1, h, w, 5)
	d.operator(code, tflite.Pool2DOptions{Padding: p, StrideW: stride, StrideH: stride, FilterW: kernel, FilterH: kernel, Activation: d.activation()}, y, x)
}

// pair adds an operator of the input and another tensor: of the same shape, one
// that is repeated, or a constant.
func (d *draft) pair(code tflite.Code, options any) {
	x := d.tensor(1, 6, 5, 8)
	var y int
	switch d.IntN(5) {
	case 0: // another scale
		y = d.tensor(1, 6, 5, 8)
		d.operator(tflite.Quantize, nil, y, x)
	case 1: // channels' factors, as of squeeze and excitation
		y = d.alike(x, 1, 1, 1, 8)
		d.operator(tflite.AveragePool2D, tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: 1, StrideH: 1, FilterW: 5, FilterH: 6}, y, x)
	case 2:
		y = d.constant(d.tensor(1, 6, 5, 8))
	case 3:
		y = d.constant(d.tensor(8))
	case 4:
		y = d.constant(d.tensor([][]int{{}, {1}, {1, 1, 1, 1}}[d.IntN(3)]...))
	}
	a, b := x, y
	if d.IntN(3) == 0 {
		a, b = y, x
	}
	d.operator(code, options, d.tensor(1, 6, 5, 8), a, b)
}

// drawn is a small model, what it is asked, and who is asked.
type drawn struct {
	question
	model *Model
	name  string
}

func drawOperators(t *testing.T, models, inputs int) []drawn {
	t.Helper()
	var list []drawn
	for _, f := range drafts {
		for _, kind := range []tflite.Type{tflite.Int8, tflite.Uint8} {
			if kind == tflite.Uint8 && f.onlyInt8 {
				continue
			}
			for seed := range uint64(models) {
				file := encode(t, &newDraft(f.draw, kind, seed).m)
				m, err := Load(file, Options{})
				if err != nil {
					t.Fatalf("%s of %s, seed %d: %v", f.name, kind, seed, err)
				}
				in := make([]byte, inputs*elements(m.Input().Shape))
				fill(in, seed)
				list = append(list, drawn{question{file, in}, m, fmt.Sprintf("%s of %s, seed %d", f.name, kind, seed)})
			}
		}
	}
	return list
}

func TestOperatorsAreLiteRTs(t *testing.T) {
	if testing.Short() {
		t.Skip("LiteRT is slow to emulate")
	}
	list := drawOperators(t, 12, 10)
	var questions []question
	for _, d := range list {
		questions = append(questions, d.question)
	}
	var all agreement
	for i, theirs := range askLiteRT(t, questions) {
		var a agreement
		for _, into := range []*agreement{&a, &all} {
			into.add(list[i].model, answers(t, list[i].model, list[i].inputs), theirs)
		}
		if a.differ > 0 {
			t.Errorf("%s: %d of %d bytes differ, by %d at most: %+v", list[i].name, a.differ, a.bytes, a.worst, list[i].model.Steps())
		}
	}
	t.Logf("%d models of one operator: %d of %d bytes differ from LiteRT's", len(list), all.differ, all.bytes)
}

package infer

import (
	"math"
	"strings"
	"testing"

	"canting/infer/tflite"
)

func int8Tensor(name string, shape ...int) tflite.Tensor {
	return tflite.Tensor{Name: name, Type: tflite.Int8, Shape: shape, Quant: tflite.Quantization{Scale: []float32{0.5}, ZeroPoint: []int64{-3}}}
}

// classifier is a small model: convolution, pool, reshape, fully connected, softmax.
func classifier() *tflite.Model {
	weights := int8Tensor("weights", 2, 3, 3, 1)
	weights.Data, weights.Quant.ZeroPoint = make([]byte, 18), []int64{0}
	for i := range weights.Data {
		weights.Data[i] = byte(7*i - 60)
	}
	dense := int8Tensor("dense", 3, 8)
	dense.Data, dense.Quant.ZeroPoint = make([]byte, 24), []int64{0}
	for i := range dense.Data {
		dense.Data[i] = byte(11*i - 100)
	}
	scores := int8Tensor("scores", 1, 3)
	scores.Quant = tflite.Quantization{Scale: []float32{1.0 / 256}, ZeroPoint: []int64{-128}}
	return &tflite.Model{
		Tensors: []tflite.Tensor{
			int8Tensor("picture", -1, 4, 4, 1), weights,
			{Name: "bias", Type: tflite.Int32, Shape: []int{2}, Data: make([]byte, 8)},
			int8Tensor("features", 1, 4, 4, 2), int8Tensor("pooled", 1, 2, 2, 2), int8Tensor("flat", 1, 8), dense, int8Tensor("logits", 1, 3), scores,
		},
		Operators: []tflite.Operator{
			{
				Code: tflite.Conv2D, Inputs: []int{0, 1, 2}, Outputs: []int{3},
				Options: tflite.Conv2DOptions{StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, Activation: tflite.ActRelu},
			},
			{Code: tflite.MaxPool2D, Inputs: []int{3}, Outputs: []int{4}, Options: tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: 2, StrideH: 2, FilterW: 2, FilterH: 2}},
			{Code: tflite.Reshape, Inputs: []int{4}, Outputs: []int{5}, Options: tflite.ReshapeOptions{NewShape: []int{1, 8}}},
			{Code: tflite.FullyConnected, Inputs: []int{5, 6, -1}, Outputs: []int{7}, Options: tflite.FullyConnectedOptions{}},
			{Code: tflite.Softmax, Inputs: []int{7}, Outputs: []int{8}, Options: tflite.SoftmaxOptions{Beta: 1}},
		},
		Inputs: []int{0}, Outputs: []int{8}, Labels: []string{"rumah gadang", "rangkiang", "burung hong"},
	}
}

func encode(t testing.TB, m *tflite.Model) []byte {
	t.Helper()
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoadRefuses(t *testing.T) {
	if _, err := Load(encode(t, classifier()), Options{}); err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		name, says string
		spoil      func(*tflite.Model)
	}{
		{"a custom operator", `operator 1 (CUSTOM "mine")`, func(m *tflite.Model) { m.Operators[1].Code, m.Operators[1].Custom = tflite.Custom, "mine" }},
		{"a concatenation of other shapes", "operator 1 (CONCATENATION): its input 0 has the shape", func(m *tflite.Model) {
			m.Operators[1].Code, m.Operators[1].Options = tflite.Concatenation, tflite.ConcatenationOptions{Axis: 3}
		}},
		{"a concatenation along no dimension", "the axis -5 is not one of", func(m *tflite.Model) {
			m.Operators[1].Code, m.Operators[1].Options = tflite.Concatenation, tflite.ConcatenationOptions{Axis: -5}
		}},
		{"an addition of other shapes", "do not go together", func(m *tflite.Model) {
			m.Operators[1].Code, m.Operators[1].Options, m.Operators[1].Inputs = tflite.Add, nil, []int{3, 0}
			m.Tensors[0].Shape, m.Tensors[3].Shape = []int{1, 4, 4, 1}, []int{1, 3, 4, 2}
			m.Operators[0].Options = tflite.Conv2DOptions{StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, Padding: tflite.Valid}
			m.Tensors[1].Shape = []int{2, 2, 1, 1}
			m.Tensors[1].Data = m.Tensors[1].Data[:4]
		}},
		{"missing options", "operator 0 (CONV_2D): its options are missing", func(m *tflite.Model) { m.Operators[0].Options = nil }},
		{"a tensor nobody wrote", "operator 0 (CONV_2D): it reads tensor 3", func(m *tflite.Model) { m.Operators[0].Inputs[0] = 3 }},
		{"a cycle", "operator 2 (RESHAPE): it reads tensor 7", func(m *tflite.Model) { m.Operators[2].Inputs[0], m.Tensors[5].Shape = 7, []int{1, 3} }},
		{"operators out of order", "no earlier operator writes", func(m *tflite.Model) { m.Operators[0], m.Operators[1] = m.Operators[1], m.Operators[0] }},
		{"a tensor written twice", "written a second time", func(m *tflite.Model) { m.Operators[2].Outputs[0] = 4 }},
		{"a constant written", "tensor 6 (\"dense\") is a constant", func(m *tflite.Model) { m.Operators[2].Outputs[0] = 6 }},
		{"an output nobody writes", "the model's output", func(m *tflite.Model) { m.Operators = m.Operators[:4] }},
		{"a constant as input", "the model's input (tensor 6)", func(m *tflite.Model) { m.Inputs[0] = 6 }},
		{"two inputs", "2 inputs", func(m *tflite.Model) { m.Inputs = []int{0, 0} }},
		{"a scale of 0", "scale 0,", func(m *tflite.Model) { m.Tensors[3].Quant.Scale[0] = 0 }},
		{"a scale of NaN", "scale NaN", func(m *tflite.Model) { m.Tensors[3].Quant.Scale[0] = nan }},
		{"a scale of infinity", "scale +Inf", func(m *tflite.Model) { m.Tensors[0].Quant.Scale[0] = float32(math.Inf(1)) }},
		{"a negative scale", "scale -1", func(m *tflite.Model) { m.Tensors[1].Quant.Scale[0] = -1 }},
		{"no scale", "0 quantization scales", func(m *tflite.Model) { m.Tensors[0].Quant = tflite.Quantization{} }},
		{"scales that overflow", "overflow", func(m *tflite.Model) {
			m.Tensors[0].Quant.Scale[0], m.Tensors[1].Quant.Scale[0] = math.MaxFloat32, math.MaxFloat32
		}},
		{"a zero point that no int8 holds", "zero point 200", func(m *tflite.Model) { m.Tensors[0].Quant.ZeroPoint[0] = 200 }},
		{"another batch size", "not that of one picture", func(m *tflite.Model) { m.Tensors[0].Shape[0] = 2 }},
		{"an open height", "only the batch size may be open", func(m *tflite.Model) { m.Tensors[0].Shape[1] = -1 }},
		{"an empty dimension", "only the batch size may be open", func(m *tflite.Model) { m.Tensors[4].Shape[1] = 0 }},
		{"a wrong output size", "the output is 4x4", func(m *tflite.Model) {
			m.Operators[0].Options = tflite.Conv2DOptions{StrideW: 2, StrideH: 2, DilationW: 1, DilationH: 1}
		}},
		{"a stride of 0", "stride or dilation of 0", func(m *tflite.Model) { m.Operators[0].Options = tflite.Conv2DOptions{DilationW: 1, DilationH: 1} }},
		{"a huge dilation", "stride or dilation of 2147483647", func(m *tflite.Model) {
			m.Operators[0].Options = tflite.Conv2DOptions{StrideW: 1, StrideH: 1, DilationW: math.MaxInt32, DilationH: 1}
		}},
		{"weights that do not fit", "weights of shape [2 3 1 3]", func(m *tflite.Model) { m.Tensors[1].Shape = []int{2, 3, 1, 3} }},
		{"weights of another type", "weights are uint8", func(m *tflite.Model) { m.Tensors[1].Type = tflite.Uint8 }},
		{"a short bias", "not a constant of 2 int32", func(m *tflite.Model) {
			m.Tensors[2].Shape, m.Tensors[2].Data = []int{1}, make([]byte, 4)
		}},
		{"a reshape that loses elements", "operator 2 (RESHAPE)", func(m *tflite.Model) { m.Tensors[5].Shape = []int{1, 7} }},
		{"a pool that changes the scale", "differ in channels or quantization", func(m *tflite.Model) { m.Tensors[4].Quant.Scale[0] = 0.25 }},
		{"an unknown activation", "fused activation 77", func(m *tflite.Model) {
			m.Operators[0].Options = tflite.Conv2DOptions{StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, Activation: 77}
		}},
		{"another scale behind the softmax", "probabilities have 1/256", func(m *tflite.Model) { m.Tensors[8].Quant.Scale[0] = 1 }},
		{"a label too few", "2 labels for 3 outputs", func(m *tflite.Model) { m.Labels = m.Labels[:2] }},
	} {
		m := classifier()
		c.spoil(m)
		if _, err := Load(encode(t, m), Options{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the error is %v, it should say %q", c.name, err, c.says)
		}
	}
}

func TestHugeArenaIsRefused(t *testing.T) {
	m := classifier()
	m.Tensors = []tflite.Tensor{int8Tensor("a", 1, 1<<14, 1<<13, 1)}
	m.Operators, m.Outputs, m.Labels = nil, []int{0}, nil
	for i := 1; i <= 3; i++ {
		next := int8Tensor("b", m.Tensors[0].Shape...)
		next.Quant.ZeroPoint[0] = int64(i)
		m.Tensors = append(m.Tensors, next)
		m.Operators = append(m.Operators, tflite.Operator{Code: tflite.Relu, Inputs: []int{i - 1}, Outputs: []int{i}})
		m.Outputs[0] = i
	}
	if _, err := Load(encode(t, m), Options{}); err == nil || !strings.Contains(err.Error(), "bytes of memory") {
		t.Errorf("the error is %v", err)
	}
}

package tflite

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"canting/infer/metadata"

	"github.com/google/go-cmp/cmp"
)

// peerModels are other people's models, found beside the repository.
func peerModels(t *testing.T) []string {
	t.Helper()
	files, _ := filepath.Glob("../../../shared/models/*/*.tflite")
	if len(files) == 0 {
		t.Skip("../shared/models is absent: other people's models are not read")
	}
	return files
}

func TestPeerModelsSurviveRewriting(t *testing.T) {
	for _, name := range peerModels(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			file, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Parse(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Operators) == 0 || len(m.Inputs) == 0 || len(m.Outputs) == 0 {
				t.Fatalf("%d operators, inputs %v, outputs %v", len(m.Operators), m.Inputs, m.Outputs)
			}
			again := encodeParse(t, m)
			if d := cmp.Diff(m, again, sameBytes); d != "" {
				t.Errorf("reading what was written differs (-first +again):\n%s", d)
			}
		})
	}
}

func encodeParse(t *testing.T, m *Model) *Model {
	t.Helper()
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	twice, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, twice) {
		t.Error("the same model gave different bytes")
	}
	again, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// sameBytes spares cmp from looking at megabytes of weights one by one.
var sameBytes = cmp.Comparer(bytes.Equal)

// sample is a small model with every kind of options, labels and metadata.
func sample(t *testing.T) *Model {
	t.Helper()
	c := metadata.Default()
	c.Preprocessing.Mean = [3]float64{127.5, 127.5, 127.5}
	canting, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	perTensor := Quantization{Scale: []float32{0.5}, ZeroPoint: []int64{-128}}
	m := &Model{
		Description: "a sample",
		Tensors: []Tensor{
			{Name: "in", Type: Int8, Shape: []int{1, 4, 4, 3}, Quant: perTensor},
			{
				Name: "w", Type: Int8, Shape: []int{2, 1, 1, 3}, Data: []byte{1, 2, 3, 4, 5, 6},
				Quant: Quantization{Scale: []float32{0.25, 0.125}, ZeroPoint: []int64{0, 0}},
			},
			{Name: "b", Type: Int32, Shape: []int{2}, Data: []byte{1, 0, 0, 0, 255, 255, 255, 255}},
			{Name: "out", Type: Int8, Shape: []int{1, 2}, Quant: perTensor},
		},
		Inputs: []int{0}, Outputs: []int{3},
		Labels:  []string{"rumah gadang", "burung hong"},
		Canting: canting,
	}
	for _, op := range []Operator{
		{Code: Conv2D, Options: Conv2DOptions{Padding: Valid, StrideW: 1, StrideH: 2, DilationW: 1, DilationH: 3, Activation: ActRelu}},
		{Code: DepthwiseConv2D, Options: DepthwiseConv2DOptions{StrideW: 2, StrideH: 1, DepthMultiplier: 4, DilationW: 2, DilationH: 1, Activation: ActRelu6}},
		{Code: MaxPool2D, Options: Pool2DOptions{Padding: Valid, StrideW: 2, StrideH: 3, FilterW: 4, FilterH: 5, Activation: ActRelu1}},
		{Code: FullyConnected, Options: FullyConnectedOptions{Activation: ActRelu, WeightsFormat: 1, KeepDims: true}},
		{Code: Softmax, Options: SoftmaxOptions{Beta: 1}},
		{Code: Concatenation, Options: ConcatenationOptions{Axis: -1, Activation: ActRelu}},
		{Code: Add, Options: AddOptions{Activation: ActRelu}},
		{Code: Sub, Options: SubOptions{Activation: ActRelu}},
		{Code: Mul, Options: MulOptions{Activation: ActRelu}},
		{Code: Reshape, Options: ReshapeOptions{NewShape: []int{1, -1}}},
		{Code: Mean, Options: ReducerOptions{KeepDims: true}},
		{Code: Quantize},
		{Code: Custom, Custom: "mine"},
	} {
		op.Inputs, op.Outputs = []int{0, 1, -1}, []int{3}
		m.Operators = append(m.Operators, op)
	}
	return m
}

func TestSampleSurvivesWriting(t *testing.T) {
	m := sample(t)
	if d := cmp.Diff(m, encodeParse(t, m), sameBytes); d != "" {
		t.Errorf("reading what was written differs (-want +got):\n%s", d)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Model){
		"a label of two lines": func(m *Model) { m.Labels[0] = "a\nb" },
		"an empty label":       func(m *Model) { m.Labels[1] = "" },
		"an unknown operator":  func(m *Model) { m.Operators[0].Code = 99 },
		"unknown options":      func(m *Model) { m.Operators[0].Options = 3 },
		"data of a wrong size": func(m *Model) { m.Tensors[1].Data = []byte{1} },
		"a missing tensor":     func(m *Model) { m.Operators[0].Inputs = []int{4} },
		"broken metadata":      func(m *Model) { m.Canting = []byte("{") },
	} {
		m := sample(t)
		spoil(m)
		if _, err := m.Encode(); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

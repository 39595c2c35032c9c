// Package tflite reads, checks and writes TensorFlow Lite model files
// (FlatBuffers, file identifier TFL3, schema version 3).
package tflite

// Model is a .tflite file's content, of its first subgraph.
type Model struct {
	Description string
	Tensors     []Tensor
	Operators   []Operator
	// Inputs and Outputs index Tensors.
	Inputs, Outputs []int
	// Labels name the elements of the first output tensor; empty when the
	// file carries no labels.txt. They are untrusted text.
	Labels []string
	// Canting is the metadata buffer named "canting", nil when absent.
	Canting []byte
}

// Tensor is an activation (Data is nil) or a constant.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int
	Quant Quantization
	// Data aliases the file for a model that was read; it is little-endian.
	Data []byte
}

// Quantization maps an integer q to the real number Scale*(q - ZeroPoint).
// It is absent when Scale is empty, per tensor when Scale has one element and
// per channel of dimension Axis otherwise.
type Quantization struct {
	Scale     []float32
	ZeroPoint []int64
	Axis      int
}

// Operator is one node; Inputs may hold -1 for an operand that is left out.
type Operator struct {
	Code Code
	// Custom names a custom operator.
	Custom  string
	Inputs  []int
	Outputs []int
	// Options is one of the ...Options types below, or nil.
	Options any
}

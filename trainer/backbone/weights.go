package backbone

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"canting/infer/tflite"
	"canting/trainer/nn"
)

// weights are an operator's as real numbers.
type weights struct {
	shape   []int
	weights []float32
	bias    []float32 // nil for none
}

// weights reads an operator's second and third input.
func (g *graph) weights(i int) (weights, error) {
	op := &g.Operators[i]
	if len(op.Inputs) < 2 || op.Inputs[1] == none {
		return weights{}, g.refuse(i, "has no weights")
	}
	t := g.Tensors[op.Inputs[1]]
	values, err := dequantize(t)
	if err != nil {
		return weights{}, g.refuse(i, "has weights that %w", err)
	}
	if len(t.Shape) == 0 {
		return weights{}, g.refuse(i, "has a single number for weights")
	}
	w := weights{shape: t.Shape, weights: values}
	if len(op.Inputs) > 2 && op.Inputs[2] != none {
		if w.bias, err = dequantize(g.Tensors[op.Inputs[2]]); err != nil {
			return weights{}, g.refuse(i, "has a bias that %w", err)
		}
	}
	return w, nil
}

// fill sets a layer's parameters. TensorFlow's order of the weights is the
// layers' own.
func (w weights) fill(weight, bias *nn.Param) error {
	b := bias.Value.Data().([]float32)
	clear(b)
	if copied := copy(weight.Value.Data().([]float32), w.weights); copied != len(w.weights) || copied != weight.Value.Shape().TotalSize() {
		return fmt.Errorf("has weights %v where %v are expected", w.shape, weight.Value.Shape())
	}
	if w.bias != nil && len(w.bias) != len(b) {
		return fmt.Errorf("has a bias of %d numbers for %d channels", len(w.bias), len(b))
	}
	copy(b, w.bias)
	return nil
}

// dequantize gives a constant's real numbers: Scale*(q - ZeroPoint), the scale
// being the whole tensor's or one of each index along Axis.
func dequantize(t tflite.Tensor) ([]float32, error) {
	if t.Data == nil {
		return nil, errors.New("are no constant, which is not supported")
	}
	element, ok := elementsOf[t.Type]
	if !ok {
		return nil, fmt.Errorf("are %s, which is not supported", t.Type)
	}
	size := t.Type.Size()
	values := make([]float32, len(t.Data)/size)
	for i := range values {
		values[i] = element(t.Data[i*size:])
	}
	q := t.Quant
	if len(q.Scale) == 0 {
		if t.Type != tflite.Float32 {
			return nil, errors.New("have no scale")
		}
		return values, nil
	}
	inner := len(values) // elements that share a scale in a row
	if len(q.Scale) > 1 {
		inner = elements(t.Shape[q.Axis+1:])
	}
	for i := range values {
		ch := i / inner % len(q.Scale)
		values[i] = q.Scale[ch] * (values[i] - float32(q.ZeroPoint[ch]))
	}
	return values, nil
}

// elementsOf reads one little-endian element of a type.
var elementsOf = map[tflite.Type]func([]byte) float32{
	tflite.Float32: func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) },
	tflite.Int32:   func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) },
	tflite.Uint8:   func(b []byte) float32 { return float32(b[0]) },
	tflite.Int8:    func(b []byte) float32 { return float32(int8(b[0])) },
}

// integers reads a constant int32 input of an operator.
func (g *graph) integers(i, input int) ([]int, error) {
	op := &g.Operators[i]
	if len(op.Inputs) <= input || op.Inputs[input] == none {
		return nil, g.refuse(i, "has no input %d", input)
	}
	t := g.Tensors[op.Inputs[input]]
	if t.Type != tflite.Int32 || t.Data == nil {
		return nil, g.refuse(i, "has an input %d that is no constant int32, which is not supported", input)
	}
	values := make([]int, len(t.Data)/4)
	for j := range values {
		values[j] = int(int32(binary.LittleEndian.Uint32(t.Data[4*j:])))
	}
	return values, nil
}

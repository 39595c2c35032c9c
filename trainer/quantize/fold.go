// Package quantize turns a trained network into an int8 .tflite model
// (Jacob et al., 2018, "Quantization and Training of Neural Networks for
// Efficient Integer-Arithmetic-Only Inference").
package quantize

import (
	"fmt"

	"canting/trainer/nn"
)

// kind is what an operator of the int8 model does.
type kind int

const (
	convolution kind = iota
	dense
	maxPool
	mean
)

// operator is one operator of the int8 model: layers folded together.
type operator struct {
	kind    kind
	weights []float32 // (out, kernel, kernel, in) or (out, in)
	bias    []float64
	kernel  int
	relu    bool
	shape   []int // of one picture's output
	// first is the layer that reads the operator's input, last the one whose
	// output is the operator's.
	first, last nn.Layer
}

// fold joins batch normalisation and ReLU to the layer before them and drops
// dropout, which does nothing after training.
func fold(n *nn.Network) ([]operator, error) {
	var ops []operator
	for _, layer := range n.Layers {
		switch l := layer.(type) {
		case *nn.Conv:
			ops = append(ops, operator{kind: convolution, first: l, weights: clone(l.Weight), bias: widen(l.Bias), kernel: l.Kernel})
		case *nn.Dense:
			ops = append(ops, operator{kind: dense, first: l, weights: clone(l.Weight), bias: widen(l.Bias)})
		case *nn.MaxPool:
			ops = append(ops, operator{kind: maxPool})
		case *nn.GlobalAverage:
			ops = append(ops, operator{kind: mean})
		case *nn.BatchNorm:
			ops[len(ops)-1].scale(l.Folded())
		case *nn.ReLU:
			ops[len(ops)-1].relu = true
		case *nn.Dropout:
			continue
		default:
			return nil, fmt.Errorf("the layer %q has no int8 form", layer.Name())
		}
		op := &ops[len(ops)-1]
		op.shape, op.last = layer.Shape(), layer
	}
	return ops, nil
}

// scale applies the affine map a*y + c to each output channel.
func (o *operator) scale(a, c []float64) {
	fan := len(o.weights) / len(a)
	for ch := range a {
		for i := ch * fan; i < (ch+1)*fan; i++ {
			o.weights[i] = float32(float64(o.weights[i]) * a[ch])
		}
		o.bias[ch] = o.bias[ch]*a[ch] + c[ch]
	}
}

func clone(p *nn.Param) []float32 {
	return append([]float32(nil), p.Value.Data().([]float32)...)
}

func widen(p *nn.Param) []float64 {
	var b []float64
	for _, v := range p.Value.Data().([]float32) {
		b = append(b, float64(v))
	}
	return b
}

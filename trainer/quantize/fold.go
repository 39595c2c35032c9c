package quantize

import (
	"fmt"

	"canting/infer/tflite"
	"canting/trainer/nn"

	"gorgonia.org/tensor"
)

// kind is what an operator of the int8 model does.
type kind int

const (
	convolution kind = iota
	depthwise
	dense
	addition
	maxPool
	mean
)

// String is what the model's tensors are named by.
func (k kind) String() string {
	return [...]string{"conv", "depthwise", "dense", "add", "pool", "mean"}[k]
}

// picture stands for the network's input among the operators.
const picture = -1

// operator is one operator of the int8 model: layers folded together.
type operator struct {
	kind kind
	// inputs are the operators whose outputs it reads.
	inputs []int
	// weights are, for each output channel, what its inputs are multiplied by:
	// (out, kernel, kernel, in), (channels, kernel, kernel) or (out, in).
	weights        []float32
	bias           []float64
	kernel, stride int
	// activation clamps the output.
	activation tflite.Activation
	// layers are what it computes, after the sum of its inputs where it is an
	// addition.
	sum    *nn.Residual
	layers []nn.Layer
	shape  []int // of one picture's output
}

// forward computes the operator in floating point.
func (o *operator) forward(inputs []*tensor.Dense) *tensor.Dense {
	x := inputs[0]
	if o.sum != nil {
		x = o.sum.Add(x, inputs[1])
	}
	for _, l := range o.layers {
		x = l.Forward(x, false)
	}
	return x
}

// fold joins batch normalisation and ReLU to the layer before them and drops
// dropout, which does nothing after training. An operator comes after those
// whose outputs it reads.
func fold(n *nn.Network) ([]operator, error) {
	var f folder
	_, err := f.chain(n.Layers, picture)
	return f.ops, err
}

type folder struct{ ops []operator }

// chain folds layers of which the first reads the output of operator at, and
// returns the operator whose output is the last one's.
func (f *folder) chain(layers []nn.Layer, at int) (int, error) {
	// What comes before the chain is read by others too: nothing joins it.
	before := at
	for _, layer := range layers {
		switch l := layer.(type) {
		case *nn.Dropout:
		case *nn.BatchNorm, *nn.ReLU:
			if at == before || !f.ops[at].join(layer) {
				return 0, fmt.Errorf("the layer %q has no int8 form where it stands", layer.Name())
			}
		case *nn.Residual:
			op, err := f.residual(l, at)
			if err != nil {
				return 0, err
			}
			at = f.add(op)
		default:
			op, err := newOperator(layer)
			if err != nil {
				return 0, err
			}
			op.inputs = []int{at}
			at = f.add(op)
		}
	}
	return at, nil
}

func (f *folder) add(op operator) int {
	f.ops = append(f.ops, op)
	return len(f.ops) - 1
}

// residual folds a block that reads the output of operator at, up to its sum.
func (f *folder) residual(r *nn.Residual, at int) (operator, error) {
	body, err := f.chain(r.Body, at)
	if err != nil {
		return operator{}, err
	}
	shortcut, err := f.chain(r.Shortcut, at)
	return operator{kind: addition, inputs: []int{body, shortcut}, sum: r, shape: r.Shape()}, err
}

func newOperator(layer nn.Layer) (operator, error) {
	op := operator{layers: []nn.Layer{layer}, shape: layer.Shape()}
	switch l := layer.(type) {
	case *nn.Conv:
		op.kind, op.kernel, op.stride = convolution, l.Kernel, l.Stride
		op.weights, op.bias = clone(l.Weight), widen(l.Bias)
	case *nn.Depthwise:
		op.kind, op.kernel, op.stride = depthwise, l.Kernel, l.Stride
		op.weights, op.bias = transpose(clone(l.Weight), l.InC), widen(l.Bias)
	case *nn.Dense:
		op.kind, op.weights, op.bias = dense, clone(l.Weight), widen(l.Bias)
	case *nn.MaxPool:
		op.kind = maxPool
	case *nn.GlobalAverage:
		op.kind = mean
	default:
		return op, fmt.Errorf("the layer %q has no int8 form", layer.Name())
	}
	return op, nil
}

// join makes a layer that follows the operator part of it, where that can be.
func (o *operator) join(layer nn.Layer) bool {
	switch l := layer.(type) {
	case *nn.BatchNorm:
		if o.weights == nil || o.activation != tflite.ActNone {
			return false
		}
		o.scale(l.Folded())
	case *nn.ReLU:
		if o.kind == mean {
			return false
		}
		if l.Limit == 6 {
			o.activation = tflite.ActRelu6
		} else if o.activation == tflite.ActNone {
			o.activation = tflite.ActRelu
		}
	}
	o.layers = append(o.layers, layer)
	return true
}

// scale applies the affine map a*y + c to each output channel.
func (o *operator) scale(a, c []float64) {
	fan := o.fan()
	for ch := range a {
		for i := ch * fan; i < (ch+1)*fan; i++ {
			o.weights[i] = float32(float64(o.weights[i]) * a[ch])
		}
		o.bias[ch] = o.bias[ch]*a[ch] + c[ch]
	}
}

// fan is the number of weights of one output channel.
func (o *operator) fan() int { return len(o.weights) / len(o.bias) }

// transpose is a matrix of so many columns, column by column.
func transpose[T any](rows []T, columns int) []T {
	t := make([]T, 0, len(rows))
	for c := range columns {
		for i := c; i < len(rows); i += columns {
			t = append(t, rows[i])
		}
	}
	return t
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

package quantize

import (
	"fmt"
	"math"

	"canting/trainer/nn"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"
)

// maxFan bounds the weights of one output channel that are rounded together:
// the time grows with its cube. Above it each is rounded alone.
const maxFan = 4096

// moment sums the outer products of an operator's inputs with themselves.
type moment struct {
	sum []float64
	fan int
}

// add takes an operator's input for a batch.
func (m *moment) add(x []float32, op operator) {
	if len(op.bias) == 0 || len(op.weights)/len(op.bias) > maxFan {
		return
	}
	m.fan = len(op.weights) / len(op.bias)
	if m.sum == nil {
		m.sum = make([]float64, m.fan*m.fan)
	}
	conv, ok := op.first.(*nn.Conv)
	if !ok {
		m.addRows(tensor.New(tensor.WithShape(len(x)/m.fan, m.fan), tensor.WithBacking(x)))
		return
	}
	size := conv.InH * conv.InW * conv.InC
	for ; len(x) > 0; x = x[size:] {
		m.addRows(conv.Patches(x[:size]))
	}
}

func (m *moment) addRows(rows *tensor.Dense) {
	across := tensor.New(tensor.WithShape(rows.Shape()...), tensor.WithBacking(rows.Data()))
	if err := across.T(); err != nil {
		panic(err) // a matrix can always be transposed
	}
	product, err := across.MatMul(rows)
	if err != nil {
		panic(err) // the shapes are (fan, n) and (n, fan)
	}
	for i, v := range product.Data().([]float32) {
		m.sum[i] += float64(v)
	}
}

func (m *moment) matrix() *mat.SymDense {
	if m.sum == nil {
		return nil
	}
	return mat.NewSymDense(m.fan, m.sum)
}

// damping is added to the moment's diagonal, as a share of its mean: inputs
// that the pictures never showed would make it singular.
const damping = 0.01

// round quantizes weights, (output channels, fan), each channel at its scale,
// one input after the other: what rounding an input's weight loses is made up
// for by the weights of the inputs that come after it and go along with it
// (Frantar et al., 2023, "GPTQ: Accurate Post-Training Quantization for
// Generative Pre-trained Transformers", section 3). Without inputs each weight
// goes to the nearest step.
func round(weights []float32, scales []float32, inputs *mat.SymDense) ([]int8, error) {
	fan := len(weights) / len(scales)
	follow, err := followers(inputs, fan)
	if err != nil {
		return nil, err
	}
	q := make([]int8, len(weights))
	rest := make([]float64, fan)
	for ch, scale := range scales {
		for i, v := range weights[ch*fan : (ch+1)*fan] {
			rest[i] = float64(v)
		}
		for i := range fan {
			v := min(max(math.RoundToEven(rest[i]/float64(scale)), -127), 127)
			q[ch*fan+i] = int8(v)
			if follow == nil {
				continue
			}
			row := follow.RawRowView(i)
			lost := (rest[i] - v*float64(scale)) / row[i]
			for j := i + 1; j < fan; j++ {
				rest[j] -= lost * row[j]
			}
		}
	}
	return q, nil
}

// followers is the upper Cholesky factor of the moment's inverse: row i over
// its diagonal is how weight i's loss spreads over the weights after it.
func followers(inputs *mat.SymDense, fan int) (*mat.Dense, error) {
	if inputs == nil {
		return nil, nil
	}
	trace := mat.Trace(inputs)
	if !(trace > 0) {
		return nil, nil // the pictures never showed this operator anything
	}
	for i := range fan {
		inputs.SetSym(i, i, inputs.At(i, i)+damping*trace/float64(fan))
	}
	var factor mat.Cholesky
	if !factor.Factorize(inputs) {
		return nil, fmt.Errorf("the calibration pictures' inputs are not finite: the training has diverged; try a lower learning rate")
	}
	var inverse mat.SymDense
	if err := factor.InverseTo(&inverse); err != nil {
		return nil, fmt.Errorf("invert the inputs' second moment: %w", err)
	}
	if !factor.Factorize(&inverse) {
		return nil, fmt.Errorf("the inverse of the inputs' second moment has no Cholesky factor")
	}
	var upper mat.TriDense
	factor.UTo(&upper)
	return mat.DenseCopyOf(&upper), nil
}

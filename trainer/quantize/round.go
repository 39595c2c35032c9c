package quantize

import (
	"fmt"
	"math"
	"slices"

	"canting/trainer/nn"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"
)

// maxFan bounds the weights of one output channel that are rounded together:
// the time grows with its cube. Above it each is rounded alone.
const maxFan = 4096

// moment sums the outer products of an operator's inputs with themselves, for
// all its output channels together or, depthwise, for each.
type moment struct {
	sums [][]float64
	fan  int
}

// add takes an operator's input for a batch.
func (m *moment) add(x []float32, op *operator) {
	if op.weights == nil || op.fan() > maxFan {
		return
	}
	if m.fan = op.fan(); m.sums == nil {
		m.sums = make([][]float64, op.moments())
		for i := range m.sums {
			m.sums[i] = make([]float64, m.fan*m.fan)
		}
	}
	switch l := op.layers[0].(type) {
	case *nn.Conv:
		for p := range slices.Chunk(x, l.InH*l.InW*l.InC) {
			m.addRows(l.Patches(p))
		}
	case *nn.Depthwise:
		for p := range slices.Chunk(x, l.InH*l.InW*l.InC) {
			m.addChannels(l.Patches(p).Data().([]float32))
		}
	default:
		m.addRows(tensor.New(tensor.WithShape(len(x)/m.fan, m.fan), tensor.WithBacking(x)))
	}
}

// moments is how many different inputs the output channels have.
func (o *operator) moments() int {
	if o.kind == depthwise {
		return len(o.bias)
	}
	return 1
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
		m.sums[0][i] += float64(v)
	}
}

// addChannels takes patches of (fan, channels), of which each channel has a
// moment of its own.
func (m *moment) addChannels(patches []float32) {
	channels := len(m.sums)
	for patch := range slices.Chunk(patches, m.fan*channels) {
		for c, sum := range m.sums {
			for i := range m.fan {
				for j := range m.fan {
					sum[i*m.fan+j] += float64(patch[i*channels+c]) * float64(patch[j*channels+c])
				}
			}
		}
	}
}

func (m *moment) matrices() []*mat.SymDense {
	var ms []*mat.SymDense
	for _, sum := range m.sums {
		ms = append(ms, mat.NewSymDense(m.fan, sum))
	}
	return ms
}

// damping is added to the moment's diagonal, as a share of its mean: inputs
// that the pictures never showed would make it singular.
const damping = 0.01

// round quantizes weights, (output channels, fan), each channel at its scale.
// inputs has a moment for all channels or for each; without inputs each weight
// goes to the nearest step.
func round(weights, scales []float32, inputs []*mat.SymDense) ([]int8, error) {
	fan, together := len(weights)/len(scales), len(scales)/max(len(inputs), 1)
	q := make([]int8, len(weights))
	for ch := 0; ch < len(scales); ch += together {
		var follow *mat.Dense
		if len(inputs) > 0 {
			var err error
			if follow, err = followers(inputs[ch/together]); err != nil {
				return nil, err
			}
		}
		for c := ch; c < ch+together; c++ {
			roundChannel(q[c*fan:(c+1)*fan], weights[c*fan:(c+1)*fan], float64(scales[c]), follow)
		}
	}
	return q, nil
}

// roundChannel quantizes one weight after the other: what rounding loses is
// made up for by the weights of the inputs that come after it and go along with
// it (Frantar et al., 2023, "GPTQ: Accurate Post-Training Quantization for
// Generative Pre-trained Transformers", section 3).
func roundChannel(q []int8, weights []float32, scale float64, follow *mat.Dense) {
	rest := make([]float64, len(weights))
	for i, v := range weights {
		rest[i] = float64(v)
	}
	for i := range rest {
		v := min(max(math.RoundToEven(rest[i]/scale), -127), 127)
		q[i] = int8(v)
		if follow == nil {
			continue
		}
		row := follow.RawRowView(i)
		lost := (rest[i] - v*scale) / row[i]
		for j := i + 1; j < len(rest); j++ {
			rest[j] -= lost * row[j]
		}
	}
}

// followers is the upper Cholesky factor of the moment's inverse: row i over
// its diagonal is how weight i's loss spreads over the weights after it. It is
// nil where the pictures never showed anything.
func followers(inputs *mat.SymDense) (*mat.Dense, error) {
	trace, fan := mat.Trace(inputs), inputs.SymmetricDim()
	if !(trace > 0) {
		return nil, nil
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

package nn

import (
	"math"

	"gorgonia.org/tensor"
)

// Renormalise puts a batch normalisation behind each convolution that has none,
// such as one that a model's file has it folded into. It starts as what takes
// pictures x, shaped (batch, height, width, channels), through unchanged, so the
// network still answers them as before. The convolutions' weights are brought to
// the size of fresh ones, which normalisation makes up for: the optimiser's steps
// do not know how large a weight is.
func (n *Network) Renormalise(x *tensor.Dense) {
	n.Layers, _ = renormalised(n.Layers, x)
}

// renormalised also returns what the layers make of x.
func renormalised(layers []Layer, x *tensor.Dense) ([]Layer, *tensor.Dense) {
	var all []Layer
	for i, l := range layers {
		all = append(all, l)
		if r, ok := l.(*Residual); ok {
			var body, shortcut *tensor.Dense
			r.Body, body = renormalised(r.Body, x)
			r.Shortcut, shortcut = renormalised(r.Shortcut, x)
			x = r.Add(body, shortcut)
			continue
		}
		x = l.Forward(x, false)
		if i+1 < len(layers) && isNorm(layers[i+1]) {
			continue
		}
		switch l := l.(type) {
		case *Conv:
			all = append(all, newPassing(l, l.Weight, l.Bias, func(weight int) int { return weight / l.patch() }, floats(x)))
		case *Depthwise:
			all = append(all, newPassing(l, l.Weight, l.Bias, func(weight int) int { return weight % l.InC }, floats(x)))
		}
	}
	return all, x
}

func isNorm(l Layer) bool {
	_, ok := l.(*BatchNorm)
	return ok
}

// newPassing makes the weights of a layer, whose channel of says, as large as fresh
// ones, takes the bias out, and returns the normalisation behind it with which the
// layer still makes y of what it made y of.
func newPassing(l Layer, weight, bias *Param, of func(weight int) int, y []float32) *BatchNorm {
	b := NewBatchNorm(l.Shape())
	channels := len(b.mean)
	w, count := floats(weight.Value), float64(len(y)/channels)
	squares := make([]float64, channels)
	for i, v := range w {
		squares[of(i)] += float64(v) * float64(v)
	}
	growth := make([]float64, channels)
	sum, square := channelSums(y, y, channels)
	for ch := range growth {
		growth[ch] = 1
		if squares[ch] > 0 {
			growth[ch] = math.Sqrt(2 / squares[ch]) // He et al.: a channel's squares add up to 2
		}
		mean := sum[ch] / count
		variance := growth[ch] * growth[ch] * max(square[ch]/count-mean*mean, 0)
		floats(b.Mean)[ch] = float32(growth[ch] * (mean - float64(floats(bias.Value)[ch])))
		floats(b.Variance)[ch] = float32(variance)
		floats(b.Scale.Value)[ch] = float32(math.Sqrt(variance+normEpsilon) / growth[ch])
		floats(b.Shift.Value)[ch] = float32(mean)
	}
	for i := range w {
		w[i] *= float32(growth[of(i)])
	}
	clear(floats(bias.Value))
	for _, p := range b.Params() {
		p.Rate = weight.Rate
	}
	return b
}

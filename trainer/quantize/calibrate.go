package quantize

import (
	"math"

	"canting/trainer/nn"

	"gorgonia.org/tensor"
)

// span is the interval of the real values that a tensor can hold; 0 is in it,
// because padding needs to be exact.
type span struct{ lo, hi float64 }

// observation is what the calibration pictures made of an operator.
type observation struct {
	span
	// inputMean is the mean of each input channel or, for a dense operator,
	// of each input.
	inputMean []float64
}

// calibrate runs the network over batches of pictures and returns what it saw
// of each operator.
func calibrate(n *nn.Network, ops []operator, batches []*tensor.Dense) []observation {
	outputs, inputs := make([]histogram, len(ops)), make([]means, len(ops))
	// The first pass finds the largest values, the second how the values lie.
	for _, see := range []func(i int, x, y []float32){
		func(i int, x, y []float32) {
			outputs[i].widen(y)
			inputs[i].add(x, ops[i].inputs())
		},
		func(i int, _, y []float32) { outputs[i].count(y) },
	} {
		for _, x := range batches {
			walk(n, ops, x, see)
		}
	}
	seen := make([]observation, len(ops))
	for i := range ops {
		seen[i] = observation{span: outputs[i].best(ops[i]), inputMean: inputs[i].values()}
	}
	return seen
}

// walk shows the input and the output of each operator for one batch.
func walk(n *nn.Network, ops []operator, x *tensor.Dense, see func(i int, x, y []float32)) {
	next := 0
	in := x.Data().([]float32)
	for _, layer := range n.Layers {
		x = layer.Forward(x, false)
		if next < len(ops) && layer == ops[next].last {
			out := x.Data().([]float32)
			see(next, in, out)
			in = out
			next++
		}
	}
}

// inputs is how many inputs an operator tells apart, 0 for one without weights.
func (o *operator) inputs() int {
	if len(o.bias) == 0 {
		return 0
	}
	n := len(o.weights) / len(o.bias)
	if o.kind == convolution {
		n /= o.kernel * o.kernel
	}
	return n
}

// means is a running mean of each of some channels.
type means struct {
	sum   []float64
	count int
}

func (m *means) add(x []float32, channels int) {
	if channels == 0 {
		return
	}
	if m.sum == nil {
		m.sum = make([]float64, channels)
	}
	for i, v := range x {
		m.sum[i%channels] += float64(v)
	}
	m.count += len(x) / channels
}

func (m *means) values() []float64 {
	mean := make([]float64, len(m.sum))
	for i, s := range m.sum {
		mean[i] = s / float64(m.count)
	}
	return mean
}

// bins is the histogram's resolution, well above int8's 256 steps.
const bins = 4096

// histogram counts a tensor's values between its extremes.
type histogram struct {
	span
	counts [bins]float64
}

func (h *histogram) widen(values []float32) {
	for _, v := range values {
		h.lo, h.hi = min(h.lo, float64(v)), max(h.hi, float64(v))
	}
}

func (h *histogram) count(values []float32) {
	scale := bins / (h.hi - h.lo)
	for _, v := range values {
		if i := (float64(v) - h.lo) * scale; i >= 0 { // not when it is not a number
			h.counts[min(int(i), bins-1)]++
		}
	}
}

// best is the span of the least squared error: a narrower one than the extremes
// cuts the few largest values off and resolves all the others better. Only
// what ReLU left is narrowed; logits keep their extremes, which are the answer.
func (h *histogram) best(op operator) span {
	if !op.relu || !(h.hi > 0) {
		return h.span
	}
	best, least := h.span, math.Inf(1)
	for hi := h.hi; hi > h.hi/8; hi *= 0.98 {
		if e := h.squaredError(hi); e < least {
			best.hi, least = hi, e
		}
	}
	return best
}

// squaredError is of quantizing the values to 256 steps from 0 to hi: a
// uniform error within, the distance outside.
func (h *histogram) squaredError(hi float64) float64 {
	width, step := h.hi/bins, hi/255
	sum := 0.0
	for i, n := range h.counts {
		switch v := (float64(i) + 0.5) * width; {
		case v > hi:
			sum += n * (v - hi) * (v - hi)
		case i > 0: // the first bin is ReLU's zeros, which are exact
			sum += n * step * step / 12
		}
	}
	return sum
}

package quantize

import (
	"math"
	"slices"

	"canting/infer/tflite"
	"canting/trainer/nn"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"
)

// span is the interval of the real values that a tensor can hold; 0 is in it,
// because padding needs to be exact.
type span struct{ lo, hi float64 }

// observation is what the calibration pictures made of an operator.
type observation struct {
	span
	// inputs are the second moments of what the weights of an output channel
	// are multiplied with: one for all channels, or one for each; none where
	// there are no weights or too many.
	inputs []*mat.SymDense
}

// calibrate runs the network over batches of pictures and returns what it saw
// of each operator.
func calibrate(n *nn.Network, ops []operator, batches []*tensor.Dense) []observation {
	outputs, inputs := make([]histogram, len(ops)), make([]moment, len(ops))
	// The first pass finds the largest values, the second how the values lie.
	for _, see := range []func(i int, x, y []float32){
		func(i int, x, y []float32) {
			outputs[i].widen(y)
			inputs[i].add(x, &ops[i])
		},
		func(i int, _, y []float32) { outputs[i].count(y) },
	} {
		for _, x := range batches {
			walk(ops, x, see)
		}
	}
	seen := make([]observation, len(ops))
	for i := range ops {
		seen[i] = observation{span: outputs[i].best(ops[i]), inputs: inputs[i].matrices()}
	}
	last := len(ops) - 1
	seen[last].span = logitSpan(n, batches, outputs[last].span)
	return seen
}

// reach is how far below the largest logit another one still shows in the
// softmax's int8 output: exp(-6.25) is less than half of its step, 1/256.
const reach = 6.25

// logitSpan cuts the logits' extremes down to what the softmax can tell apart:
// nothing far below a picture's largest logit matters, nor how far it is above
// the second. The finer steps are what decides between two likely classes.
func logitSpan(n *nn.Network, batches []*tensor.Dense, extremes span) span {
	var s span
	for _, x := range batches {
		logits := n.Forward(x, false)
		rows := logits.Data().([]float32)
		for row := range slices.Chunk(rows, logits.Shape()[1]) {
			sorted := slices.Sorted(slices.Values(row))
			top, second := sorted[len(sorted)-1], sorted[len(sorted)-2]
			s.lo = min(s.lo, float64(top)-reach)
			s.hi = max(s.hi, float64(second)+reach)
		}
	}
	return span{max(s.lo, extremes.lo), min(s.hi, extremes.hi)}
}

// walk shows the first input and the output of each operator for one batch.
func walk(ops []operator, pictures *tensor.Dense, see func(i int, x, y []float32)) {
	outputs := make([]*tensor.Dense, len(ops))
	for i := range ops {
		var inputs []*tensor.Dense
		for _, from := range ops[i].inputs {
			if from == picture {
				inputs = append(inputs, pictures)
			} else {
				inputs = append(inputs, outputs[from])
			}
		}
		outputs[i] = ops[i].forward(inputs)
		see(i, inputs[0].Data().([]float32), outputs[i].Data().([]float32))
	}
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
// what ReLU left is narrowed.
func (h *histogram) best(op operator) span {
	if op.activation == tflite.ActNone || !(h.hi > 0) {
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

package infer

import (
	"math"
	"slices"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
	"canting/infer/tflite"
)

// Heat is where in the picture a label's score came from.
type Heat struct {
	Rows, Columns int
	// Values are row-major from the top left, 0 to 1. The largest is 1, unless
	// nothing spoke for the label: then all are 0.
	Values []float32
}

// Heat tells which cells of the model's last feature map raised a label's logit
// in the last Run: max(0, the sum over a cell's channels of activation times
// gradient), over the largest. For a classifier that averages the map this is
// the class activation map of Zhou et al., 2016, "Learning Deep Features for
// Discriminative Localization"; for one that flattens it, HiResCAM (Draelos and
// Carin, 2020), which is Grad-CAM with each cell's own gradient.
//
// ok is false for a label that the model does not have, and for a model whose
// scores do not come from a feature map through pooling, fully connected and 1x1
// convolution layers alone. The values are the same bits on every architecture.
func (s *Session) Heat(label int) (h Heat, ok bool) {
	t := s.model.plan.tail
	if t == nil || label < 0 || label >= len(s.model.labels) {
		return Heat{}, false
	}
	gradient := make([]float32, len(s.model.labels))
	gradient[label] = 1
	for i := range t.layers {
		gradient = t.layers[i].back(gradient, s.value(t.layers[i].out))
	}
	h = Heat{Rows: t.shape.H, Columns: t.shape.W, Values: t.heat(gradient, s.value(t.features))}
	// Extreme scales in a file may overflow.
	largest := slices.Max(h.Values)
	if !(largest <= math.MaxFloat32) {
		return Heat{}, false
	}
	if largest > 0 {
		for i := range h.Values {
			h.Values[i] /= largest
		}
	}
	return h, true
}

// tail is how a classifier's logits come from its last feature map. Heat is
// relative, so what multiplies all elements alike is left out: means, changes of
// scale, and the softmax, which the label's logit stands for.
type tail struct {
	// features is the map's value.
	features int
	shape    generic.Shape
	zero     int32
	// pooled tells that the layers see the mean of the map's cells, rather than
	// all of them side by side.
	pooled bool
	layers []tailLayer // the last one first
}

// tailLayer is a fully connected layer, its gradients in quantization steps.
type tailLayer struct {
	*generic.Conv
	// out is the value of its output.
	out int
	// An output from floor down or from ceiling up was clamped by the fused
	// activation, so its gradient is 0.
	floor, ceiling int32
}

// clamps tells whether the fused activation does anything.
func (l *tailLayer) clamps() bool { return l.floor >= quant.Least || l.ceiling <= quant.Most }

// back turns the gradient with respect to the layer's output into that with
// respect to its input.
func (l *tailLayer) back(gradient []float32, out []int8) []float32 {
	in := make([]float32, l.In.C)
	for o, g := range gradient {
		if q := int32(out[o]); g == 0 || q <= l.floor || q >= l.ceiling {
			continue
		}
		g = float32(g * l.Scale[o])
		for i, w := range l.Weights[o*l.In.C:][:l.In.C] {
			in[i] += float32(g * float32(int32(w)-l.WeightZero))
		}
	}
	return in
}

// heat sums activation times gradient for each cell; what spoke against the
// label is 0.
func (t *tail) heat(gradient []float32, features []int8) []float32 {
	values := make([]float32, t.shape.H*t.shape.W)
	for cell := range values {
		g := gradient
		if !t.pooled {
			g = gradient[cell*t.shape.C:]
		}
		var sum float32
		for c, q := range features[cell*t.shape.C:][:t.shape.C] {
			sum += float32(g[c] * float32(int32(q)-t.zero))
		}
		values[cell] = max(0, sum)
	}
	return values
}

// findTail follows the output back to the last feature map; nil when something
// else than a tail's operators lies between. It wants prepared convolutions.
func (p *planner) findTail() *tail {
	var found tail
	t := p.m.Outputs[0]
	for _, op := range slices.Backward(p.m.Operators) {
		if op.Outputs[0] != t {
			continue
		}
		if _, ok := p.featureMap(t); ok {
			break
		}
		if !p.extend(&found, &op) {
			return nil
		}
		t = op.Inputs[0]
	}
	shape, ok := p.featureMap(t)
	if !ok || len(found.layers) == 0 && !found.pooled {
		return nil
	}
	features, err := p.activation(t)
	if err != nil {
		return nil
	}
	found.features, found.shape, found.zero = t, shape, features.zero
	return &found
}

// extend puts the operator before what was found of a tail, and reports false
// for one that does not belong there.
func (p *planner) extend(found *tail, op *tflite.Operator) bool {
	switch op.Code {
	case tflite.Reshape, tflite.Quantize, tflite.Dequantize:
		return true
	case tflite.Softmax, tflite.Logistic:
		return len(found.layers) == 0
	case tflite.FullyConnected, tflite.Conv2D:
		layer, ok := p.tailLayer(op)
		found.layers = append(found.layers, layer)
		return ok
	case tflite.Mean, tflite.AveragePool2D:
		_, found.pooled = p.featureMap(op.Inputs[0])
		return op.Code == tflite.Mean || p.poolsAll(op)
	}
	return false
}

// featureMap tells whether a tensor is a picture of more than one pixel.
func (p *planner) featureMap(t int) (generic.Shape, bool) {
	shape, err := p.shape(t)
	if err != nil || len(shape) != 4 || shape[0] != 1 {
		return generic.Shape{}, false
	}
	s := rows(shape)
	return s, s.H*s.W > 1
}

// tailLayer reports false for a convolution of more than one pixel.
func (p *planner) tailLayer(op *tflite.Operator) (tailLayer, bool) {
	out := op.Outputs[0]
	l := tailLayer{Conv: p.convolutions[out], out: out, floor: quant.Least - 1, ceiling: quant.Most + 1}
	if l.In.H != 1 || l.In.W != 1 || l.KernelH != 1 || l.KernelW != 1 {
		return l, false
	}
	switch fusedActivation(op) {
	case tflite.ActNone:
	case tflite.ActRelu:
		l.floor = l.Output.Min
	default:
		l.floor, l.ceiling = l.Output.Min, l.Output.Max
	}
	return l, true
}

// poolsAll tells whether an AVERAGE_POOL_2D is the mean of the whole map and
// nothing else.
func (p *planner) poolsAll(op *tflite.Operator) bool {
	o, ok := op.Options.(tflite.Pool2DOptions)
	if !ok || o.Activation != tflite.ActNone {
		return false
	}
	in, out := p.m.Tensors[op.Inputs[0]].Shape, p.m.Tensors[op.Outputs[0]].Shape
	return out[1] == 1 && out[2] == 1 && o.FilterH >= in[1] && o.FilterW >= in[2]
}

// kept are the values that Heat reads.
func (t *tail) kept() []int {
	if t == nil {
		return nil
	}
	values := []int{t.features}
	for i := range t.layers {
		if t.layers[i].clamps() {
			values = append(values, t.layers[i].out)
		}
	}
	return values
}

package infer

import (
	"slices"

	"canting/infer/tflite"
)

// features is what the layer that gives the logits reads.
type features struct {
	value, n int
	scale    float32
	zero     int32
}

// findFeatures follows the output back to the layer that gives the logits; nil
// where that is not a fully connected one or a convolution of a single pixel.
func (p *planner) findFeatures() *features {
	t := p.m.Outputs[0]
	for _, op := range slices.Backward(p.m.Operators) {
		if op.Outputs[0] != t {
			continue
		}
		switch op.Code {
		case tflite.Reshape, tflite.Quantize, tflite.Dequantize, tflite.Softmax, tflite.Logistic:
			t = op.Inputs[0]
		case tflite.FullyConnected, tflite.Conv2D:
			if _, ok := p.tailLayer(&op); !ok {
				return nil
			}
			return p.featuresAt(op.Inputs[0])
		default:
			return nil
		}
	}
	return nil
}

func (p *planner) featuresAt(t int) *features {
	a, err := p.activation(t)
	if err != nil {
		return nil
	}
	return &features{t, p.plan.values[t].bytes, a.scale, a.zero}
}

// Features are what the last fully connected layer, or 1x1 convolution, read in
// the last Run, in real numbers: what the network makes of a picture before it
// decides on a label. They are valid until the next call, and nil for a model
// that ends in neither.
func (s *Session) Features() []float32 {
	f := s.model.plan.features
	if f == nil {
		return nil
	}
	for i, q := range s.value(f.value) {
		s.features[i] = float32(int32(q)-f.zero) * f.scale
	}
	return s.features
}

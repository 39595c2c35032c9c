package infer

import (
	"fmt"
	"math"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
	"canting/infer/tflite"
)

// activation is an 8-bit tensor with its quantization as int8.
type activation struct {
	shape []int
	scale float32
	zero  int32
}

// rows is any tensor as height, width and channels: the last dimension is the
// channels, the one before it the width, and all others together the height.
func (a activation) rows() generic.Shape { return rows(a.shape) }

func rows(shape []int) generic.Shape {
	s := generic.Shape{H: 1, W: 1, C: 1}
	for i, d := range shape {
		switch len(shape) - i {
		case 1:
			s.C = d
		case 2:
			s.W = d
		default:
			s.H *= d
		}
	}
	return s
}

// image is the shape of a batch of one picture.
func (a activation) image() (generic.Shape, error) {
	if len(a.shape) != 4 || a.shape[0] != 1 {
		return generic.Shape{}, fmt.Errorf("the shape %v is not that of one picture (1, height, width, channels)", a.shape)
	}
	return a.rows(), nil
}

// output says how sums are requantized into the tensor behind a fused activation.
func (a activation) output(f tflite.Activation) (quant.Output, error) {
	least, most, err := quant.ActivationRange(f, a.scale, a.zero)
	if err != nil {
		return quant.Output{}, err
	}
	return quant.NewOutput(a.zero, least, most), nil
}

// activation describes an 8-bit tensor.
func (p *planner) activation(t int) (activation, error) {
	tensor := &p.m.Tensors[t]
	fail := func(format string, args ...any) (activation, error) {
		return activation{}, fmt.Errorf("tensor %d (%q) %s", t, tensor.Name, fmt.Sprintf(format, args...))
	}
	shape, err := p.shape(t)
	if err != nil {
		return activation{}, err
	}
	var shift int64
	switch tensor.Type {
	case tflite.Int8:
	case tflite.Uint8:
		shift = 128
	default:
		return fail("is %s: this engine computes in int8, convert the model with full integer quantization", tensor.Type)
	}
	q := &tensor.Quant
	if len(q.Scale) != 1 {
		return fail("has %d quantization scales, an activation has one", len(q.Scale))
	}
	if err := checkScale(q.Scale[0]); err != nil {
		return fail("%v", err)
	}
	zero := q.ZeroPoint[0]
	if zero < math.MinInt8+shift || zero > math.MaxInt8+shift {
		return fail("has the zero point %d, which no %s holds", zero, tensor.Type)
	}
	return activation{shape: shape, scale: q.Scale[0], zero: int32(zero - shift)}, nil
}

func checkScale(s float32) error {
	if !(s > 0 && s <= math.MaxFloat32) {
		return fmt.Errorf("has the quantization scale %v, it must be above 0 and finite", s)
	}
	return nil
}

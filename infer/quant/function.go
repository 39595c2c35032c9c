package quant

import (
	"fmt"
	"math"
)

// NewLogistic is the logistic function 1/(1+e^-x) between two int8 scales.
func NewLogistic(inScale float32, inZero int32, outScale float32, outZero int32) func(int8) int8 {
	return func(q int8) int8 {
		x := float64(Dequantize(q, inScale, inZero))
		// exp is for numbers that are not positive.
		e := exp(-math.Abs(x))
		p := 1 / (1 + e)
		if x < 0 {
			p = e / (1 + e)
		}
		return Quantize(float32(p), outScale, outZero)
	}
}

// hardSwish is x*relu6(x+3)/6 in 16-bit fixed point, as TensorFlow Lite's
// reference kernel computes it: the input is taken 128-fold, brought to the
// output's scale on one side and to a scale on which 3 saturates on the other,
// and the two are multiplied.
type hardSwish struct {
	inZero, outZero int32
	output, gate    fraction16
}

// fraction16 is a positive real number as a 16-bit fraction and a power of two.
type fraction16 struct {
	fraction int32
	exponent int
}

func newFraction16(x float64) fraction16 {
	m := NewMultiplier(x)
	return fraction16{fraction: int32(min((m.fraction+1<<15)>>16, math.MaxInt16)), exponent: m.shift}
}

// NewHardSwish is x*relu6(x+3)/6 between two int8 scales. The output's scale is
// at least 1/128 of the input's, as in LiteRT.
func NewHardSwish(inScale float32, inZero int32, outScale float32, outZero int32) (func(int8) int8, error) {
	fine := inScale / 128
	h := hardSwish{
		inZero: inZero, outZero: outZero,
		output: newFraction16(float64(fine / outScale)), gate: newFraction16(float64(fine / (3.0 / 32768))),
	}
	if h.output.exponent > 0 {
		return nil, fmt.Errorf("its scales %v and %v are too far from each other", inScale, outScale)
	}
	return h.of, nil
}

func (h *hardSwish) of(q int8) int8 {
	x := (int32(q) - h.inZero) << 7
	gate := x
	if h.gate.exponent > 0 {
		gate = shiftLeft16(gate, h.gate.exponent-1)
	}
	gate = highProduct16(gate, h.gate.fraction)
	if h.gate.exponent > 0 {
		gate = shiftLeft16(gate, 1)
	} else {
		gate = shiftRightHalfAway(gate, -h.gate.exponent)
	}
	// From [-1, 1) to [0, 1), of 15 bits.
	gate = (gate + 1<<15) >> 1
	product := gate * highProduct16(x, h.output.fraction) / (1 << 15)
	v := shiftRightHalfAway(product, -h.output.exponent) + h.outZero
	return int8(min(max(v, Least), Most))
}

// shiftLeft16 saturates at the ends of an int16.
func shiftLeft16(x int32, by int) int32 {
	return int32(min(max(int64(x)<<min(by, 32), math.MinInt16), math.MaxInt16))
}

// highProduct16 is a*b/2^15 rounded half away from zero; b is positive.
func highProduct16(a, b int32) int32 {
	return DivideHalfAway(a*b, 1<<15)
}

// shiftRightHalfAway divides by a power of two, rounding half away from zero.
func shiftRightHalfAway(x int32, by int) int32 {
	if by > 20 {
		return 0
	}
	return DivideHalfAway(x, 1<<by)
}

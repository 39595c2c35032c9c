package quant

import (
	"fmt"
	"math"
)

// Sum adds or subtracts two int8 tensors in fixed point, as XNNPACK's qs8-vadd does: both are
// brought to the output's scale by integer multipliers of 21 bits, and a shift
// rounds half up.
type Sum struct {
	A, B, Bias int32
	Shift      uint
	Output     Output
}

// NewSum prepares a + b. The larger of the ratios
// of input to output scale must lie in [2^-10, 2^8), as in XNNPACK.
func NewSum(aScale float32, aZero int32, bScale float32, bZero int32, outScale float32, out Output) (Sum, error) {
	return newSum(aScale, aZero, bScale, bZero, outScale, out, 1)
}

// NewDifference prepares a - b, with the bounds of NewSum.
func NewDifference(aScale float32, aZero int32, bScale float32, bZero int32, outScale float32, out Output) (Sum, error) {
	return newSum(aScale, aZero, bScale, bZero, outScale, out, -1)
}

func newSum(aScale float32, aZero int32, bScale float32, bZero int32, outScale float32, out Output, sign int32) (Sum, error) {
	a, b := aScale/outScale, bScale/outScale
	if m := max(a, b); !(m >= 1.0/1024 && m < 256) {
		return Sum{}, fmt.Errorf("its scales %v and %v are too far from the output's %v", aScale, bScale, outScale)
	}
	// The larger multiplier lies in [2^20, 2^21).
	_, exponent := math.Frexp(float64(max(a, b)))
	s := Sum{Shift: uint(20 - (exponent - 1)), Output: out}
	s.A, s.B = s.multiplier(a), sign*s.multiplier(b)
	// |A*aZero + B*bZero| < 2^29 and the rounding is at most 2^29.
	s.Bias = int32(1)<<(s.Shift-1) - s.A*aZero - s.B*bZero
	return s, nil
}

func (s *Sum) multiplier(ratio float32) int32 {
	return int32(math.RoundToEven(math.Ldexp(float64(ratio), int(s.Shift))))
}

// Of is the quantized sum of two elements.
func (s *Sum) Of(a, b int8) int8 {
	v := (s.Bias+int32(a)*s.A+int32(b)*s.B)>>s.Shift + s.Output.ZeroPoint
	return int8(min(max(v, s.Output.Min), s.Output.Max))
}

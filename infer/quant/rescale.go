package quant

import "math"

// Multiplier is a positive real number as a 32-bit fraction and a power of two,
// applied as TensorFlow Lite's reference kernels do (gemmlowp's two roundings).
type Multiplier struct {
	fraction int64
	shift    int
}

// NewMultiplier makes a multiplier of a positive, finite number.
func NewMultiplier(x float64) Multiplier {
	f, exponent := math.Frexp(x)
	fraction := int64(math.Round(f * (1 << 31)))
	if fraction == 1<<31 {
		fraction, exponent = fraction/2, exponent+1
	}
	return Multiplier{fraction, exponent}
}

// Times is v times the multiplier: rounded half up to a fraction of the power
// of two first, then by that power to an integer, half away from zero. |v| is
// at most 255; results saturate.
func (m Multiplier) Times(v int32) int32 {
	left, right := uint(min(max(m.shift, 0), 22)), uint(min(max(-m.shift, 0), 31))
	product := (int64(v)<<left*m.fraction + 1<<30) >> 31
	half := int64(1) << right >> 1
	if product < 0 {
		product = -((-product + half) >> right)
	} else {
		product = (product + half) >> right
	}
	return int32(min(max(product, math.MinInt32), math.MaxInt32))
}

// Rescale brings one int8 to another scale.
type Rescale struct {
	inZero int32
	// coarse is the ratio of scales in 1/256, or 0 when exact is used.
	coarse int32
	exact  Multiplier
	output Output
}

// NewConversion prepares QUANTIZE between two int8 scales whose ratio is given.
// XNNPACK, and so LiteRT, rounds the ratio to 1/256 where it lies in
// [2^-8, 2^7] and rounds the product half up.
func NewConversion(inZero int32, ratio float32, out Output) Rescale {
	r := NewRescale(inZero, ratio, out)
	if ratio >= 1.0/256 && ratio <= 128 {
		r.coarse = int32(math.RoundToEven(256 * float64(ratio)))
	}
	return r
}

// NewRescale prepares RELU and its kind, which LiteRT computes with a Multiplier.
func NewRescale(inZero int32, ratio float32, out Output) Rescale {
	return Rescale{inZero: inZero, exact: NewMultiplier(float64(ratio)), output: out}
}

// Of is one element at the other scale.
func (r *Rescale) Of(q int8) int8 {
	v := int32(q) - r.inZero
	if r.coarse != 0 {
		v = (v*r.coarse + 128) >> 8
	} else {
		v = r.exact.Times(v)
	}
	// A saturated v must not wrap.
	v = min(max(v, -1<<16), 1<<16) + r.output.ZeroPoint
	return int8(min(max(v, r.output.Min), r.output.Max))
}

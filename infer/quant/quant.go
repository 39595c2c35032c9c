// Package quant is the one definition of this engine's int8 arithmetic: the
// affine scheme real = scale*(q - zero point) of Jacob et al., 2018,
// "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", with requantization in float32 as LiteRT
// computes it through XNNPACK.
//
// Results are the same bits on every architecture: every float32 operation
// here is one that IEEE 754 rounds exactly, and products are converted
// explicitly so that the compiler may not fuse them with a following sum.
package quant

import (
	"fmt"
	"math"

	"canting/infer/tflite"
)

// Least and Most bound an int8.
const (
	Least = math.MinInt8
	Most  = math.MaxInt8
)

// roundMagic is 1.5*2^23. Added to a float32 of magnitude up to 2^22 it leaves
// the number, rounded to the nearest integer with ties to even, in the low bits.
const roundMagic = 12582912

func roundToEven(x float32) int32 {
	return int32(math.Float32bits(x+roundMagic)) - int32(math.Float32bits(roundMagic))
}

// Output says how sums become an int8 tensor: its zero point, and the range
// left by a fused activation.
type Output struct {
	ZeroPoint, Min, Max int32
	// lo and hi are Min and Max before the zero point is added.
	lo, hi float32
}

// NewOutput makes an Output with Least <= least <= most <= Most.
func NewOutput(zeroPoint, least, most int32) Output {
	return Output{ZeroPoint: zeroPoint, Min: least, Max: most, lo: float32(least - zeroPoint), hi: float32(most - zeroPoint)}
}

// Requantize turns an int32 sum into an int8: times scale in float32, rounded
// to the nearest integer with ties to even, plus the zero point, clamped.
// Clamping comes first, which is the same because the bounds are integers, and
// keeps the rounding within its range. scale is finite and not negative.
func (o *Output) Requantize(sum int32, scale float32) int8 {
	x := float32(float32(sum) * scale)
	if x < o.lo {
		x = o.lo
	}
	if x > o.hi {
		x = o.hi
	}
	return int8(roundToEven(x) + o.ZeroPoint)
}

// Quantize turns a real number into an int8; not-a-number becomes the zero
// point's value.
func Quantize(x, scale float32, zeroPoint int32) int8 {
	v := x / scale
	if v != v {
		v = 0
	}
	lo, hi := float32(Least-zeroPoint), float32(Most-zeroPoint)
	return int8(roundToEven(min(max(v, lo), hi)) + zeroPoint)
}

// Dequantize turns an int8 into the real number it stands for.
func Dequantize(q int8, scale float32, zeroPoint int32) float32 {
	return float32(int32(q)-zeroPoint) * scale
}

// ActivationRange is the range of int8 values that a fused activation leaves of
// a tensor.
func ActivationRange(a tflite.Activation, scale float32, zeroPoint int32) (least, most int32, err error) {
	least, most = Least, Most
	switch a {
	case tflite.ActNone:
	case tflite.ActRelu:
		least = int32(Quantize(0, scale, zeroPoint))
	case tflite.ActRelu6:
		least, most = int32(Quantize(0, scale, zeroPoint)), int32(Quantize(6, scale, zeroPoint))
	case tflite.ActRelu1:
		least, most = int32(Quantize(-1, scale, zeroPoint)), int32(Quantize(1, scale, zeroPoint))
	default:
		return 0, 0, fmt.Errorf("the fused %v is not supported", a)
	}
	return least, most, nil
}

// DivideHalfAway is sum/count rounded to the nearest integer, ties away from
// zero; count is positive.
func DivideHalfAway(sum, count int32) int32 {
	if sum < 0 {
		return (sum - count/2) / count
	}
	return (sum + count/2) / count
}

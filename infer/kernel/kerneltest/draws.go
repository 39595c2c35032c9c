package kerneltest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// draws draws what jobs are made of; extremes come up often.
type draws struct{ *rand.Rand }

// oneOf is one of the values.
func oneOf[T any](d draws, values ...T) T { return values[d.IntN(len(values))] }

// upTo is between 1 and n.
func (d draws) upTo(n int) int { return 1 + d.IntN(n) }

// zero is a zero point.
func (d draws) zero() int32 {
	return oneOf(d, 0, quant.Least, quant.Most, int32(d.IntN(256))-128)
}

// values are n int8: of the whole range, at its ends, or all the same.
func (d draws) values(n int) []int8 {
	v := make([]int8, n)
	fill(d.Rand, v)
	switch d.IntN(8) {
	case 0:
		for i := range v {
			v[i] = []int8{-128, -127, 127, 127}[v[i]&3]
		}
	case 1:
		same := oneOf[int8](d, -128, -127, 127)
		for i := range v {
			v[i] = same
		}
	}
	return v
}

// weights are values, mostly without -128, which converters avoid.
func (d draws) weights(n int) []int8 {
	w := d.values(n)
	if d.IntN(3) > 0 {
		for i := range w {
			w[i] = max(w[i], -127)
		}
	}
	return w
}

// output is a zero point and a range.
func (d draws) output() quant.Output {
	zero := d.zero()
	switch d.IntN(4) {
	case 0:
		return quant.NewOutput(zero, zero, quant.Most)
	case 1:
		return quant.NewOutput(zero, zero, zero+int32(d.IntN(quant.Most-int(zero)+1)))
	}
	return quant.NewOutput(zero, quant.Least, quant.Most)
}

// scales requantize sums of the given spread into the range of int8; powers of
// two make ties, and some are beyond all reason.
func (d draws) scales(n int, spread float64) []float32 {
	s := make([]float32, n)
	kind := d.IntN(8)
	for i := range s {
		x := 60 / spread * math.Exp2(4*d.Float64()-2)
		switch kind {
		case 0:
			x = math.Exp2(math.Round(math.Log2(x)))
		case 1:
			x = oneOf(d, x, 0, 1, 0.5, math.SmallestNonzeroFloat32, 1e-30, 1e30, math.MaxFloat32)
		}
		s[i] = float32(x)
	}
	return s
}

// biases are small beside the sums, or at the ends of int32.
func (d draws) biases(n int, spread float64) []int32 {
	b := make([]int32, n)
	extreme := d.IntN(8) == 0
	for i := range b {
		b[i] = int32(spread * (2*d.Float64() - 1))
		if extreme {
			b[i] = oneOf[int32](d, b[i], math.MinInt32, math.MaxInt32)
		}
	}
	return b
}

// window is how a kernel of the given size slides over an input, padded as SAME
// or VALID pad; the input grows where it is too small.
func (d draws) window(in *generic.Shape, w generic.Window, same bool) (generic.Window, generic.Shape) {
	out := generic.Shape{C: in.C}
	slide := func(size *int, kernel, stride, dilation int) (n, before int) {
		extent := (kernel-1)*dilation + 1
		if same {
			n = (*size + stride - 1) / stride
			return n, max((n-1)*stride+extent-*size, 0) / 2
		}
		*size = max(*size, extent)
		return (*size-extent)/stride + 1, 0
	}
	out.H, w.PadTop = slide(&in.H, w.KernelH, w.StrideH, w.DilationH)
	out.W, w.PadLeft = slide(&in.W, w.KernelW, w.StrideW, w.DilationW)
	return w, out
}

// square is a window of k by k.
func square(k, stride int) generic.Window {
	return generic.Window{KernelH: k, KernelW: k, StrideH: stride, StrideW: stride, DilationH: 1, DilationW: 1}
}

// anyWindow may be wide, high, strided beyond its size and dilated.
func (d draws) anyWindow() generic.Window {
	if d.IntN(3) > 0 {
		return square(oneOf(d, 1, 1, 2, 3, 3, 3, 5), oneOf(d, 1, 1, 1, 2, 2, 3))
	}
	w := generic.Window{
		KernelH: d.upTo(10), KernelW: d.upTo(7), StrideH: d.upTo(4), StrideW: d.upTo(4), DilationH: 1, DilationW: 1,
	}
	if d.IntN(2) == 0 {
		w.DilationH, w.DilationW = min(d.upTo(3), w.KernelH), min(d.upTo(3), w.KernelW)
	}
	return w
}

// anyShape is a picture, often of one pixel, row, column or channel.
func (d draws) anyShape() generic.Shape {
	s := generic.Shape{H: d.upTo(12), W: d.upTo(20), C: d.upTo(40)}
	if d.IntN(4) == 0 {
		s.H = 1
	}
	if d.IntN(6) == 0 {
		s.W = 1
	}
	if d.IntN(3) == 0 {
		s.C = oneOf(d, 1, 3, 4, 8, 16, 32, 64)
	}
	return s
}

// conv is a convolution of in by w into so many channels; depthwise ones see
// one channel each.
func (d draws) conv(in generic.Shape, channels int, w generic.Window, same, depthwise bool) generic.Conv {
	c := generic.Conv{InputZero: d.zero(), Output: d.output()}
	c.Window, c.Out = d.window(&in, w, same)
	c.In, c.Out.C = in, channels
	depth := w.KernelH * w.KernelW
	if !depthwise {
		depth *= in.C
	}
	c.Weights = d.weights(depth * channels)
	if d.IntN(6) == 0 {
		c.WeightZero = d.zero()
	}
	spread := 74 * 74 * math.Sqrt(float64(depth))
	c.Bias, c.Scale = d.biases(channels, spread), d.scales(channels, spread)
	return c
}

func aboutConv(what string, c generic.Conv) string {
	return fmt.Sprintf("%s %v > %v, %+v, zero points %d and weights' %d, scale %v.., output %+v, bias %d..",
		what, c.In, c.Out, c.Window, c.InputZero, c.WeightZero, c.Scale[0], c.Output, c.Bias[0])
}

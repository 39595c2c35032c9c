package neon

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// extreme is a 3x3 convolution whose weights and inputs are all the same.
func extreme(channels int, weight int8, zero int32) generic.Conv {
	c := generic.Conv{
		In: generic.Shape{H: 9, W: 10, C: channels}, Out: generic.Shape{H: 9, W: 10, C: 8}, InputZero: zero,
		Window:  generic.Window{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadLeft: 1},
		Weights: slices.Repeat([]int8{weight}, 8*9*channels), Bias: make([]int32, 8), Scale: make([]float32, 8),
		Output: quant.NewOutput(0, quant.Least, quant.Most),
	}
	for i := range c.Scale {
		c.Scale[i] = 100 / float32(9*channels*255*128)
	}
	return c
}

// The largest sums that the bound of 2^25 admits are exact, the products in
// between wrapping many times over.
func TestWinogradIsExactUpToItsBound(t *testing.T) {
	for _, weight := range []int8{-127, 127} {
		for _, zero := range []int32{-128, 127} {
			for _, input := range []int8{-128, 127} {
				t.Run(fmt.Sprintf("weights %d, zero point %d, inputs %d", weight, zero, input), func(t *testing.T) {
					c := extreme(112, weight, zero)
					if largestSum(&c) < 1<<25*96/100 {
						t.Fatalf("sums of %d are far from 2^25", largestSum(&c))
					}
					k := newWinograd(&c, generic.Shape{})
					if k == nil {
						t.Fatal("the bound refuses it")
					}
					in := slices.Repeat([]int8{input}, c.In.Len())
					if got, want := run(k, in, c.Out.Len()), run(generic.Kernels{}.Conv2D(c), in, c.Out.Len()); !slices.Equal(got, want) {
						t.Errorf("it gives %v, plain Go %v", got, want)
					}
				})
			}
		}
	}
}

func run(o generic.Operator, in []int8, n int) []int8 {
	out := make([]int8, n)
	o.Run(out, in, nil, make([]int8, o.Scratch()), 0, o.Rows())
	return out
}

func TestWinogradRefusesWhatMayOverflow(t *testing.T) {
	if c := extreme(120, 127, -128); newWinograd(&c, generic.Shape{}) != nil {
		t.Errorf("sums of up to %d are accepted", largestSum(&c))
	}
	c := extreme(8, 1, 0)
	if newWinograd(&c, generic.Shape{}) == nil {
		t.Error("small weights are refused")
	}
	c.Bias[3] = math.MinInt32
	if newWinograd(&c, generic.Shape{}) != nil {
		t.Error("a bias of -2^31 is accepted")
	}
	// Less a zero point of -128, weights of 127 are 255: 12*12*255 is no int16.
	c = extreme(8, 127, 0)
	c.WeightZero = -128
	if newWinograd(&c, generic.Shape{}) != nil {
		t.Error("filters beyond int16 are accepted")
	}
}

// Pictures of all sizes around a tile's, with and without the pool, whole and row
// by row.
func TestWinogradOfSmallPictures(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for h := 1; h <= 10; h++ {
		for w := 4; w <= 11; w++ {
			c := extreme(8*(1+h%3), 0, int32(r.IntN(256)-128))
			c.In.H, c.In.W = h, w
			c.Out = generic.Shape{H: h, W: w, C: 8 + (h+w)%12}
			c.Weights, c.Bias, c.Scale = make([]int8, c.Out.C*9*c.In.C), make([]int32, c.Out.C), make([]float32, c.Out.C)
			for i := range c.Weights {
				c.Weights[i] = int8(r.IntN(255) - 127)
			}
			for i := range c.Scale {
				c.Bias[i], c.Scale[i] = int32(r.IntN(20000)-10000), 0.001
			}
			in := make([]int8, c.In.Len())
			for i := range in {
				in[i] = int8(r.IntN(256) - 128)
			}
			want := run(generic.Kernels{}.Conv2D(c), in, c.Out.Len())
			compare(t, newWinograd(&c, generic.Shape{}), in, want)
			if h < 2 {
				continue
			}
			p := generic.Pool{In: c.Out, Out: generic.Shape{H: h / 2, W: w / 2, C: c.Out.C}, Output: c.Output}
			p.Window = generic.Window{KernelH: 2, KernelW: 2, StrideH: 2, StrideW: 2, DilationH: 1, DilationW: 1}
			compare(t, newWinograd(&c, p.Out), in, run(generic.Kernels{}.MaxPool2D(p), want, p.Out.Len()))
		}
	}
}

func compare(t *testing.T, k *winograd, in, want []int8) {
	t.Helper()
	if k == nil {
		t.Fatal("it is refused")
	}
	if got := run(k, in, len(want)); !slices.Equal(got, want) {
		t.Errorf("%v to %v differs from plain Go", k.In, k.result)
	}
	out := make([]int8, len(want))
	for y := range k.Rows() {
		k.Run(out, in, nil, make([]int8, k.Scratch()), y, y+1)
	}
	if !slices.Equal(out, want) {
		t.Errorf("%v to %v, row by row, differs from plain Go", k.In, k.result)
	}
}

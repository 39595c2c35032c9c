//go:build amd64

package avx2_test

import (
	"fmt"
	"slices"
	"testing"

	"canting/infer/kernel/avx2"
	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// The largest sums that Winograd's algorithm is used for, and larger ones.
func TestLargestSums(t *testing.T) {
	if !avx2.Supported() {
		t.Skip("this processor lacks AVX2")
	}
	for _, channels := range []int{3632, 3648} {
		for _, weight := range []int8{127, -128} {
			t.Run(fmt.Sprint(channels, " ", weight), func(t *testing.T) {
				c := generic.Conv{
					In: generic.Shape{H: 4, W: 4, C: channels}, Out: generic.Shape{H: 2, W: 2, C: 16},
					Window:  generic.Window{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1},
					Weights: slices.Repeat([]int8{weight}, 16*9*channels), Bias: make([]int32, 16),
					Scale: slices.Repeat([]float32{1.0 / (1 << 22)}, 16), Output: quant.NewOutput(3, -128, 127),
				}
				in := slices.Repeat([]int8{-128}, c.In.Len())
				want, got := make([]int8, c.Out.Len()), make([]int8, c.Out.Len())
				for kernels, out := range map[interface {
					Conv2D(generic.Conv) generic.Operator
				}][]int8{generic.Kernels{}: want, avx2.Kernels{}: got} {
					o := kernels.Conv2D(c)
					o.Run(out, in, nil, make([]int8, o.Scratch()), 0, o.Rows())
				}
				if !slices.Equal(got, want) {
					t.Errorf("%v, plain Go's are %v", got, want)
				}
			})
		}
	}
}

// The table that changes sign bits has vectors of its own.
func TestFlip(t *testing.T) {
	if !avx2.Supported() {
		t.Skip("this processor lacks AVX2")
	}
	for n := 1; n <= 257; n++ {
		l := generic.Lookup{Shape: generic.Shape{H: 2, W: 1, C: n}}
		in, want := make([]int8, 2*n), make([]int8, 2*n)
		for i := range l.Table {
			l.Table[i] = int8(i)
		}
		for i := range in {
			in[i] = int8(37 * i)
			want[i] = int8(uint8(in[i]) ^ 0x80)
		}
		got := make([]int8, 2*n+1)
		o := avx2.Kernels{}.Lookup(l)
		o.Run(got[:2*n], in, nil, nil, 1, 2)
		o.Run(got[:2*n], in, nil, nil, 0, 1)
		if !slices.Equal(got[:2*n], want) || got[2*n] != 0 {
			t.Fatalf("%d elements a row: %v, want %v and 0", n, got, want)
		}
	}
}

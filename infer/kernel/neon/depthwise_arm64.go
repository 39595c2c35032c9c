package neon

import (
	"math"
	"runtime"
	"unsafe"

	"canting/infer/kernel/generic"
)

// depthwiseTaps is how large a window the depthwise kernels take.
const depthwiseTaps = 9

type depthwiseArgs struct {
	out              unsafe.Pointer
	taps             unsafe.Pointer // []unsafe.Pointer
	weights          unsafe.Pointer // [depthwiseTaps][channels]int8
	bias, scale      unsafe.Pointer
	step             int // bytes of input from pixel to pixel
	pixels, channels int
	outputArgs
}

//go:noescape
func depthwise16(args *depthwiseArgs)

//go:noescape
func depthwise8(args *depthwiseArgs)

// depthwiseAny takes windows of any size, and weights of int16; step is the number of taps.
//
//go:noescape
func depthwiseAny(args *depthwiseArgs)

type depthwise struct {
	generic.Conv
	weights []int8
	// bias holds also what the input's zero point adds to every sum.
	bias []int32
	// outside is a row of zero points.
	outside []int8
	// Output pixels [left, right) see only columns inside the picture.
	left, right int
}

// DepthwiseConv2D prepares DEPTHWISE_CONV_2D. Fewer than 8 channels and several
// output channels for each of several input channels are plain Go's.
func (k Kernels) DepthwiseConv2D(c generic.Conv) generic.Operator {
	switch {
	case c.In.C == 1:
		return k.Conv2D(fromDepthwise(c))
	case c.In.C != c.Out.C || c.In.C < 8:
		return k.Kernels.DepthwiseConv2D(c)
	case c.KernelH*c.KernelW > depthwiseTaps || c.WeightZero != 0 || !pairsFit(c.Weights, c.In.C):
		return newDepthwiseWide(c)
	}
	return newDepthwise(c)
}

// fromDepthwise is the same convolution of one input channel as CONV_2D has it.
func fromDepthwise(c generic.Conv) generic.Conv {
	taps := c.KernelH * c.KernelW
	weights := make([]int8, len(c.Weights))
	for i, w := range c.Weights {
		weights[i%c.Out.C*taps+i/c.Out.C] = w
	}
	c.Weights = weights
	return c
}

// pairsFit tells whether the products of each two neighbouring taps always fit
// int16 together.
func pairsFit(weights []int8, channels int) bool {
	for i := channels; i < len(weights); i++ {
		if weights[i] == math.MinInt8 && weights[i-channels] == math.MinInt8 {
			return false
		}
	}
	return true
}

func newDepthwise(c generic.Conv) *depthwise {
	channels := c.Out.C
	k := &depthwise{
		Conv: c, weights: make([]int8, depthwiseTaps*channels), bias: make([]int32, channels),
		outside: make([]int8, c.In.W*channels),
	}
	copy(k.weights, c.Weights)
	k.Weights = nil
	copy(k.bias, c.Bias)
	for i, w := range k.weights {
		k.bias[i%channels] -= c.InputZero * int32(w)
	}
	fill(k.outside, int8(c.InputZero))
	k.left = min((c.PadLeft+c.StrideW-1)/c.StrideW, c.Out.W)
	if last := c.In.W - 1 + c.PadLeft - (c.KernelW-1)*c.DilationW; last >= 0 {
		k.right = min(last/c.StrideW+1, c.Out.W)
	}
	k.right = max(k.right, k.left)
	return k
}

func (k *depthwise) Rows() int    { return k.Out.H }
func (k *depthwise) Scratch() int { return 0 }

func (k *depthwise) Run(out, in, _, _ []int8, from, to int) {
	for y := from; y < to; y++ {
		for x := range k.left {
			k.pixels(out, in, y, x, 1)
		}
		if n := k.right - k.left; n > 0 {
			k.pixels(out, in, y, k.left, n)
		}
		for x := k.right; x < k.Out.W; x++ {
			k.pixels(out, in, y, x, 1)
		}
	}
}

// pixels computes n output pixels from (y, x); several when all their columns
// lie inside the picture.
func (k *depthwise) pixels(out, in []int8, y, x, n int) {
	var taps [depthwiseTaps]unsafe.Pointer
	for i := range taps {
		taps[i] = first(k.outside)
	}
	i := 0
	for ky := range k.KernelH {
		iy := y*k.StrideH - k.PadTop + ky*k.DilationH
		if iy < 0 || iy >= k.In.H {
			i += k.KernelW
			continue
		}
		ix := x*k.StrideW - k.PadLeft
		for range k.KernelW {
			if ix >= 0 && ix < k.In.W {
				taps[i] = unsafe.Pointer(&in[(iy*k.In.W+ix)*k.In.C])
			}
			ix += k.DilationW
			i++
		}
	}
	args := depthwiseArgs{
		out: first(out[(y*k.Out.W+x)*k.Out.C:][:n*k.Out.C]), taps: unsafe.Pointer(&taps), weights: first(k.weights),
		bias: first(k.bias), scale: first(k.Scale), step: k.StrideW * k.In.C, pixels: n, channels: k.Out.C,
		outputArgs: newOutputArgs(&k.Output),
	}
	if k.Out.C < block {
		depthwise8(&args)
	} else {
		depthwise16(&args)
	}
}

// depthwiseWide is for the windows and weights that depthwise does not take.
type depthwiseWide struct {
	generic.Conv
	weights []int16
	bias    []int32
	outside []int8
}

func newDepthwiseWide(c generic.Conv) *depthwiseWide {
	k := &depthwiseWide{Conv: c, weights: make([]int16, len(c.Weights)), bias: make([]int32, c.Out.C), outside: make([]int8, c.In.C)}
	copy(k.bias, c.Bias)
	for i, w := range c.Weights {
		k.weights[i] = int16(int32(w) - c.WeightZero)
		k.bias[i%c.Out.C] -= c.InputZero * int32(k.weights[i])
	}
	k.Weights = nil
	fill(k.outside, int8(c.InputZero))
	return k
}

func (k *depthwiseWide) Rows() int { return k.Out.H }

// Scratch holds where the taps of a pixel lie.
func (k *depthwiseWide) Scratch() int { return k.KernelH * k.KernelW * int(unsafe.Sizeof(uintptr(0))) }

func (k *depthwiseWide) Run(out, in, _, scratch []int8, from, to int) {
	// The addresses in scratch are used while in and outside are referred to.
	taps := unsafe.Slice((*uintptr)(first(scratch)), k.KernelH*k.KernelW)
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			k.locate(taps, in, y, x)
			depthwiseAny(&depthwiseArgs{
				out: first(out[(y*k.Out.W+x)*k.Out.C:][:k.Out.C]), taps: first(taps), weights: first(k.weights),
				bias: first(k.bias), scale: first(k.Scale), step: len(taps), channels: k.Out.C, outputArgs: newOutputArgs(&k.Output),
			})
		}
	}
	runtime.KeepAlive(in)
}

// locate writes where the taps of output pixel (y, x) lie.
func (k *depthwiseWide) locate(taps []uintptr, in []int8, y, x int) {
	base, outside := uintptr(first(in)), uintptr(first(k.outside))
	i := 0
	for ky := range k.KernelH {
		iy := y*k.StrideH - k.PadTop + ky*k.DilationH
		for kx := range k.KernelW {
			ix := x*k.StrideW - k.PadLeft + kx*k.DilationW
			taps[i] = outside
			if iy >= 0 && iy < k.In.H && ix >= 0 && ix < k.In.W {
				taps[i] = base + uintptr((iy*k.In.W+ix)*k.In.C)
			}
			i++
		}
	}
}

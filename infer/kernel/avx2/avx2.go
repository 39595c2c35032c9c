//go:build amd64

package avx2

import (
	"canting/infer/kernel/generic"
	"canting/infer/kernel/tiles"

	"golang.org/x/sys/cpu"
)

// Supported tells whether this processor has the instructions.
func Supported() bool { return cpu.X86.HasAVX2 }

// Kernels leave to plain Go what this package has not.
type Kernels struct{ generic.Kernels }

var isa = tiles.ISA{
	Element: 2, Lanes: 8,
	Copy: layOut, Fill: fill, Pixels: layOutPixels,
	Convolve: [2][]tiles.Convolution{
		{{Pixels: 8, Run: convolve8x1}, {Pixels: 4, Run: convolve4x1}, {Pixels: 1, Run: convolve1x1}},
		{{Pixels: 6, Run: convolve6x2}, {Pixels: 4, Run: convolve4x2}, {Pixels: 1, Run: convolve1x2}},
	},
	Pooled: [2][]tiles.Convolution{
		{{Pixels: 1, Run: pooled1x1}},
		{{Pixels: 1, Run: pooled1x2}},
	},
	Depthwise: depthwise, Depthwise3x3: depthwise3x3, DepthwiseLanes: 16,
	Winograd: &tiles.Winograd{
		Expand:   expand,
		Multiply: []tiles.Convolution{{Pixels: 6, Run: multiply6}, {Pixels: 4, Run: multiply4}, {Pixels: 1, Run: multiply1}},
		Contract: contract, Pool: contractPooled,
	},
}

// Conv2D prepares CONV_2D and FULLY_CONNECTED.
func (k Kernels) Conv2D(c generic.Conv) generic.Operator {
	if o, ok := isa.Conv2D(c); ok {
		return o
	}
	return k.Kernels.Conv2D(c)
}

// Conv2DMaxPool prepares CONV_2D with a max pool behind it.
func (k Kernels) Conv2DMaxPool(c generic.Conv, p generic.Pool) (generic.Operator, bool) {
	if o, ok := isa.Conv2DMaxPool(c, p); ok {
		return o, true
	}
	return k.Kernels.Conv2DMaxPool(c, p)
}

// DepthwiseConv2D prepares DEPTHWISE_CONV_2D.
func (k Kernels) DepthwiseConv2D(c generic.Conv) generic.Operator {
	if o, ok := isa.DepthwiseConv2D(c); ok {
		return o
	}
	return k.Kernels.DepthwiseConv2D(c)
}

//go:build amd64

package vnni

import (
	"canting/infer/kernel/avx2"
	"canting/infer/kernel/generic"
	"canting/infer/kernel/tiles"

	"golang.org/x/sys/cpu"
)

// Supported tells whether this processor has the instructions.
func Supported() bool {
	return avx2.Supported() && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VNNI && cpu.X86.HasBMI2
}

// Kernels leave to avx2 what this package has not.
type Kernels struct{ avx2.Kernels }

var isa = tiles.ISA{
	Element: 1, Lanes: 16,
	Copy: layOut, Fill: fill, Pixels: layOutPixels,
	Convolve: [2][]tiles.Convolution{
		{{Pixels: 12, Run: convolve12x1}, {Pixels: 8, Run: convolve8x1}, {Pixels: 4, Run: convolve4x1}, {Pixels: 1, Run: convolve1x1}},
		{{Pixels: 12, Run: convolve12x2}, {Pixels: 8, Run: convolve8x2}, {Pixels: 4, Run: convolve4x2}, {Pixels: 1, Run: convolve1x2}},
	},
	Pooled: [2][]tiles.Convolution{
		{{Pixels: 3, Run: pooled3x1}, {Pixels: 1, Run: pooled1x1}},
		{{Pixels: 3, Run: pooled3x2}, {Pixels: 1, Run: pooled1x2}},
	},
	Depthwise: depthwise, Depthwise3x3: depthwise3x3, DepthwiseLanes: 64,
}

// wide multiplies int16, half as many at once, for weights that don't fit int8
// once their zero point is subtracted, as in files of the legacy uint8 scheme.
var wide = tiles.ISA{
	Element: 2, Lanes: 16,
	Copy: layOutWide, Fill: fillWide, Pixels: layOutPixelsWide,
	Convolve: [2][]tiles.Convolution{
		{{Pixels: 12, Run: wideConvolve12x1}, {Pixels: 8, Run: wideConvolve8x1}, {Pixels: 4, Run: wideConvolve4x1}, {Pixels: 1, Run: wideConvolve1x1}},
		{{Pixels: 12, Run: wideConvolve12x2}, {Pixels: 8, Run: wideConvolve8x2}, {Pixels: 4, Run: wideConvolve4x2}, {Pixels: 1, Run: wideConvolve1x2}},
	},
	Pooled: [2][]tiles.Convolution{
		{{Pixels: 3, Run: widePooled3x1}, {Pixels: 1, Run: widePooled1x1}},
		{{Pixels: 3, Run: widePooled3x2}, {Pixels: 1, Run: widePooled1x2}},
	},
}

// Conv2D prepares CONV_2D and FULLY_CONNECTED.
func (Kernels) Conv2D(c generic.Conv) generic.Operator {
	if o, ok := isa.Conv2D(c); ok {
		return o
	}
	o, _ := wide.Conv2D(c)
	return o
}

// Conv2DMaxPool prepares CONV_2D with a max pool behind it.
func (Kernels) Conv2DMaxPool(c generic.Conv, p generic.Pool) (generic.Operator, bool) {
	if o, ok := isa.Conv2DMaxPool(c, p); ok {
		return o, true
	}
	return wide.Conv2DMaxPool(c, p)
}

// DepthwiseConv2D prepares DEPTHWISE_CONV_2D.
func (k Kernels) DepthwiseConv2D(c generic.Conv) generic.Operator {
	if o, ok := isa.DepthwiseConv2D(c); ok {
		return o
	}
	return k.Kernels.DepthwiseConv2D(c)
}

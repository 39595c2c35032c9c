// Package tiles drives the vector kernels of amd64. It lays input rows out so
// that a kernel meets no border and no narrow type, packs weights for them, and
// cuts outputs into tiles of pixels and channels. What differs between
// instruction sets is an ISA.
package tiles

import (
	"unsafe"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// ISA is an instruction set's kernels and what they expect.
//
// Kernels multiply groups of 4 bytes: an activation occupies Element of them,
// and a weight as many. A vector holds the sums of Lanes channels.
type ISA struct {
	// Element is 1 when activations are laid out as uint8, shifted by 128, and
	// 2 when they are laid out as int16.
	Element int
	Lanes   int
	// Copy lays out n elements. Fill writes n elements of the value v, laid
	// out. Pixels lays out count pixels of n elements each, which lie from
	// elements apart in src and to bytes apart in dst. All may write up to Slack
	// bytes more; none reads more.
	Copy   func(dst unsafe.Pointer, src *int8, n int)
	Fill   func(dst unsafe.Pointer, v int8, n int)
	Pixels func(dst unsafe.Pointer, src *int8, count, n, to, from int)
	// Convolve has the tiles of one vector of channels and of two, those with
	// the most pixels first and those of one pixel last.
	Convolve [2][]Convolution
	// Pooled has the same with a 2x2 maximum behind them; Pixels are the pool's.
	Pooled [2][]Convolution
	// Depthwise computes chunks of DepthwiseLanes bytes of an output row, and
	// Depthwise3x3 those of windows with 9 taps.
	Depthwise, Depthwise3x3 func(*Line)
	DepthwiseLanes          int
	// Winograd is nil where 3x3 convolutions are quicker as they are.
	Winograd *Winograd
}

// Convolution computes tiles of so many pixels.
type Convolution struct {
	Pixels int
	Run    func(*Tile)
}

// Slack is how many bytes past their ends kernels may read and write laid out rows.
const Slack = 64

// Tile is what a Convolution works on. Addresses are integers because a Tile
// lies in a thread's scratch, which holds no pointers for the garbage collector;
// the operator's arguments keep what they point to alive.
type Tile struct {
	// In is the first pixel's first byte; pixels are Pixel bytes apart. The
	// second half of a tile, or its second row when it is pooled, begins Half
	// bytes further. There are Rows kernel rows, Row bytes apart, of Steps
	// groups of 4 bytes.
	In, Pixel, Half, Row, Rows, Steps uintptr
	// Weights has for each group of 4 bytes the weights of each channel. Bias
	// and Scale have an element for each channel.
	Weights, Bias, Scale uintptr
	// Out is the first pixel's first channel; pixels are OutPixel bytes apart.
	Out, OutPixel uintptr
	// Count is the number of tiles, side by side.
	Count uintptr
	Requantization
}

// Requantization bounds results: Hi is the largest real number less the zero
// point, Lo the least result.
type Requantization struct {
	Hi       float32
	Zero, Lo int32
}

// Line is what Depthwise works on; see Tile for the kind of its addresses.
type Line struct {
	// In is where the row's first window begins. Offsets, one for each tap of a
	// window, lead to the taps; Groups are those multiplied at once.
	In, Offsets, Groups uintptr
	// Params has for each chunk of channels its bias, scale and weights.
	// Chunks use one after the other, and begin again at First after End.
	Params, First, End uintptr
	Out, Chunks        uintptr
	Requantization
}

func requantization(o quant.Output) Requantization {
	return Requantization{Hi: float32(o.Max - o.ZeroPoint), Zero: o.ZeroPoint, Lo: o.Min}
}

// shift is what laying out adds to an activation.
func (isa *ISA) shift() int32 {
	if isa.Element == 1 {
		return 128
	}
	return 0
}

// fits tells whether the weights less their zero point can be packed.
func (isa *ISA) fits(c *generic.Conv) bool {
	if isa.Element == 2 || c.WeightZero == 0 {
		return true
	}
	for _, w := range c.Weights {
		if v := int32(w) - c.WeightZero; v < quant.Least || v > quant.Most {
			return false
		}
	}
	return true
}

// put packs a weight.
func (isa *ISA) put(dst []byte, w int32) {
	dst[0] = byte(w)
	if isa.Element == 2 {
		dst[1] = byte(w >> 8)
	}
}

func address[T any](s []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(s))) }

// aligned allocates n bytes from a multiple of 64.
func aligned(n int) []byte {
	b := make([]byte, n+64)
	skip := -int(address(b)) & 63
	return b[skip : skip+n : skip+n]
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

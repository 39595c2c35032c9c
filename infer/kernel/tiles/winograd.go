package tiles

import (
	"math"
	"unsafe"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// Winograd is an instruction set's kernels for F(2x2, 3x3) of Lavin and Gray,
// 2016, "Fast Algorithms for Convolutional Neural Networks": 2x2 outputs from
// 16 products instead of 36. In integers it is exact. Weights are transformed
// with G doubled, so that they stay whole and sums are 4 times too large;
// transformed activations are at most 4*128, transformed weights at most 9*255,
// so both fit int16.
type Winograd struct {
	// Expand transforms the 4x4 pixels of each of Count windows, 2 pixels apart.
	Expand func(*Expansion)
	// Multiply has tiles of two vectors of channels that leave sums as they
	// are, for each of the 16 places of a transformed window. Row leads from one
	// place to the next and Half to the second half of a tile; sums lie 64
	// bytes apart and OutPixel leads to the next place's.
	Multiply []Convolution
	// Contract transforms sums back, and requantizes them, of Count windows;
	// Pool stores just the largest of 4.
	Contract, Pool func(*Contraction)
}

// places is the number of elements of a transformed window.
const places = 16

// Expansion is what Expand works on; see Tile for the kind of its addresses.
type Expansion struct {
	// In is the first window's first pixel; pixels are Pixel bytes and rows Row
	// bytes apart. Pixels have Pixel bytes, a multiple of 32.
	In, Pixel, Row uintptr
	// Out gets windows Pixel bytes apart, and their places Place bytes apart.
	Out, Place, Count uintptr
}

// Contraction is what Contract works on; see Tile for the kind of its addresses.
type Contraction struct {
	// In is the first window's sums, windows being 64 bytes and places Place
	// bytes apart.
	In, Place         uintptr
	Bias, Scale       uintptr
	Out, Below, Pixel uintptr // two rows and the distance of their pixels
	Count             uintptr
	Requantization
}

// winogradTiles is how many windows are transformed at once: some tiles' worth,
// with activations and sums in the nearest cache.
const winogradTiles = 16

// winograd is a 3x3 convolution of stride 1, perhaps with a 2x2 max pool behind it.
type winograd struct {
	rows
	kernels *Winograd
	out     generic.Shape
	pooled  bool
	bounds  Requantization
	// windows is how many a pair of output rows has; pairs is how many pairs
	// are transformed at once.
	windows, pairs int
	blocks         []block
}

// winograd prepares a convolution; ok is false where it is not for 3x3 windows
// of stride 1 and whole vectors, or where sums could overflow.
func (isa *ISA) winograd(c *generic.Conv, out generic.Shape, output quant.Output, pooled bool) (op generic.Operator, ok bool) {
	two := 2 * isa.Lanes
	if isa.Winograd == nil || c.KernelH != 3 || c.KernelW != 3 || c.StrideH != 1 || c.StrideW != 1 || c.DilationH != 1 || c.DilationW != 1 ||
		c.In.C%two != 0 || c.Out.C%two != 0 || c.Out.W%2 != 0 && !pooled || c.Out.W < 2 || !sumsFit(c) {
		return nil, false
	}
	k := &winograd{rows: newRows(isa, c), kernels: isa.Winograd, out: out, pooled: pooled, bounds: requantization(output), windows: c.Out.W / 2}
	k.pairs = max(1, min(winogradTiles/k.windows, (c.Out.H+1)/2))
	for o := 0; o < c.Out.C; o += two {
		k.blocks = append(k.blocks, transform(isa, c, o))
	}
	return k, true
}

// sumsFit tells whether no sum, which is 4 times the convolution's, can exceed
// an int32, whatever the activations.
func sumsFit(c *generic.Conv) bool {
	length := len(c.Weights) / c.Out.C
	for o := range c.Out.C {
		var sum int64
		for _, w := range c.Weights[o*length:][:length] {
			v := int64(w) - int64(c.WeightZero)
			sum += max(v, -v)
		}
		if 4*128*sum > math.MaxInt32 {
			return false
		}
	}
	return true
}

// transform packs the transformed weights of the output channels from o on.
func transform(isa *ISA, c *generic.Conv, o int) block {
	width := 2 * isa.Lanes
	b := block{vectors: 2, channel: o, bias: make([]int32, width), scale: c.Scale[o : o+width], weights: aligned(places * c.In.C * width * isa.Element)}
	perGroup := 4 / isa.Element
	for lane := range width {
		var sum int32
		for i := range c.In.C {
			var g [3][3]int32
			for at := range 9 {
				g[at/3][at%3] = int32(c.Weights[((o+lane)*9+at)*c.In.C+i]) - c.WeightZero
				sum += g[at/3][at%3]
			}
			for place, v := range doubled(g) {
				group := (place*c.In.C + i) / perGroup
				isa.put(b.weights[(group*width+lane)*4+i%perGroup*isa.Element:], v)
			}
		}
		b.bias[lane] = c.Bias[o+lane] - (c.InputZero+isa.shift())*sum
	}
	return b
}

// doubled is (2G) g (2G)^T.
func doubled(g [3][3]int32) [places]int32 {
	column := func(a, b, c int32) [4]int32 { return [4]int32{2 * a, a + b + c, a - b + c, 2 * c} }
	var half [3][4]int32
	for x := range 3 {
		half[x] = column(g[0][x], g[1][x], g[2][x])
	}
	var out [places]int32
	for y := range 4 {
		row := column(half[0][y], half[1][y], half[2][y])
		copy(out[4*y:], row[:])
	}
	return out
}

func (k *winograd) Rows() int { return k.out.H }

// expanded is the bytes of transformed activations, and products that of sums.
func (k *winograd) expanded() int { return places * k.pairs * k.windows * k.pixel }
func (k *winograd) products() int { return places * k.pairs * k.windows * 64 }

// spare is the bytes of a row that is computed but not part of the output.
func (k *winograd) spare() int { return roundUp(k.out.W*k.out.C, 64) }

func (k *winograd) Scratch() int {
	return 2*header + k.spare() + k.products() + k.expanded() + k.bytes(2*k.pairs) + 2*Slack
}

func (k *winograd) Run(out, in, _, scratch []int8, from, to int) {
	head, spare, products, expanded, layout := k.divide(scratch)
	// Output rows that a pair has.
	rows := 2
	if k.pooled {
		rows = 1
	}
	for y := from; y < to; y += rows * k.pairs {
		pairs := min(k.pairs, (to-y+rows-1)/rows)
		k.fill(layout, in, 2/rows*y, 2*pairs)
		k.expand((*Expansion)(head), address(layout), address(expanded), pairs)
		for i := range k.blocks {
			b := &k.blocks[i]
			k.multiply((*Tile)(head), b, address(expanded), address(products), pairs*k.windows)
			k.contract((*Contraction)(head), b, address(products), out[:to*k.out.W*k.out.C], spare, y, pairs)
		}
	}
}

// divide cuts the scratch into its parts.
func (k *winograd) divide(scratch []int8) (head unsafe.Pointer, spare, products, expanded, layout []int8) {
	head = unsafe.Pointer(unsafe.SliceData(scratch))
	spare = scratch[2*header:]
	products = spare[k.spare():]
	expanded = products[k.products():]
	layout = expanded[k.expanded():]
	return head, spare, products, expanded, layout
}

func (k *winograd) expand(e *Expansion, layout, expanded uintptr, pairs int) {
	e.Pixel, e.Row = uintptr(k.pixel), uintptr(k.row)
	e.Place = uintptr(k.pairs * k.windows * k.pixel)
	for i := range pairs {
		e.In, e.Out = layout+uintptr(k.start(2*i)), expanded+uintptr(i*k.windows*k.pixel)
		e.Count = uintptr(k.windows)
		k.kernels.Expand(e)
	}
}

func (k *winograd) multiply(t *Tile, b *block, expanded, products uintptr, windows int) {
	t.Weights, t.Pixel, t.Steps = address(b.weights), uintptr(k.pixel), uintptr(k.pixel/4)
	t.Row, t.OutPixel = uintptr(k.pairs*k.windows*k.pixel), uintptr(k.pairs*k.windows*64)
	cut(k.kernels.Multiply, windows, func(size *Convolution, x, count int) {
		t.In, t.Half = expanded+uintptr(x*k.pixel), uintptr(size.Pixels/2*k.pixel)
		t.Out, t.Count = products+uintptr(x*64), uintptr(count)
		size.Run(t)
	})
}

func (k *winograd) contract(c *Contraction, b *block, products uintptr, out, spare []int8, y, pairs int) {
	c.Requantization = k.bounds
	c.Bias, c.Scale, c.Pixel = address(b.bias), address(b.scale), uintptr(k.out.C)
	c.Place = uintptr(k.pairs * k.windows * 64)
	row := k.out.W * k.out.C
	for i := range pairs {
		c.In, c.Count = products+uintptr(i*k.windows*64), uintptr(k.windows)
		if k.pooled {
			c.Out = address(out[(y+i)*row+b.channel:])
			k.kernels.Pool(c)
			continue
		}
		at := (y+2*i)*row + b.channel
		c.Out, c.Below = address(out[at:]), address(spare)
		if at+row < len(out) {
			c.Below = address(out[at+row:])
		}
		k.kernels.Contract(c)
	}
}

package neon

import (
	"math"
	"unsafe"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// Sizes of the tiles of gemm.
const (
	tileChannels = 4
	tilePixels   = 4
)

// spare is how much gather reads and writes past both ends.
const spare = 32

// chunk is how many bytes of input gemm walks for each block of channels: half
// of a first-level cache.
const chunk = 16 << 10

type gemmArgs struct {
	out, in   unsafe.Pointer
	weights   unsafe.Pointer
	constants unsafe.Pointer
	output    unsafe.Pointer
	// Bytes from pixel 0 of a tile to 1, to 2, and to the next tile.
	pixel, pair, tile int
	outPixel          int
	pixels            int
	blocks16, blocks8 int
	channels          int
	// corrections are int32 to subtract from all sums of a pixel, or nil.
	corrections unsafe.Pointer
}

//go:noescape
func gemm(args *gemmArgs)

//go:noescape
func gemmPool(args *gemmArgs)

//go:noescape
func gemm1(args *gemmArgs)

type pixelSumsArgs struct {
	out, in, vector   unsafe.Pointer
	pixels            int
	blocks16, blocks8 int
}

//go:noescape
func pixelSums(args *pixelSumsArgs)

type gatherArgs struct {
	to, from unsafe.Pointer
	// Bytes from row to row of the source, of a row, and how many rows.
	stride, length, rows int
	// Bytes from pixel to pixel of the source.
	step   int
	pixels int
	// Bytes from the last row of a patch to the next patch.
	last int
}

//go:noescape
func gather(args *gatherArgs)

// outputVectors are the highest and the lowest output and the zero point, each
// repeated over a vector.
type outputVectors struct {
	most, least [16]int8
	zeroPoint   [8]int16
}

func newOutputVectors(o *quant.Output) outputVectors {
	var v outputVectors
	fill(v.most[:], int8(o.Max))
	fill(v.least[:], int8(o.Min))
	for i := range v.zeroPoint {
		v.zeroPoint[i] = int16(o.ZeroPoint)
	}
	return v
}

// conv is a convolution as a product of matrices.
type conv struct {
	generic.Conv
	output outputVectors
	// Output channels go in blocks of 4, the last of which ends at the last
	// channel: 16 elements of the depth of each, blocks16 times, then 8 of each,
	// blocks8 times. The depth is filled up with zeros to a multiple of 8.
	weights           []int8
	blocks16, blocks8 int
	// constants are 4 biases and 4 float32 scales for each block.
	constants []int32
	depth     int
	// zeros is the legacy weights' zero point for each element of the depth, or nil.
	zeros []int8
	// row is a padded row of input, in bytes; outside is one of zero points.
	row     int
	outside []int8
	// pooled is the shape behind a 2x2 max pool, or of no height.
	pooled generic.Shape
}

// Conv2D prepares CONV_2D and FULLY_CONNECTED. Fewer than 4 output channels are
// plain Go's.
func (k Kernels) Conv2D(c generic.Conv) generic.Operator {
	if w := newWinograd(&c, generic.Shape{}); w != nil {
		return w
	}
	if c.Out.C < tileChannels {
		return k.Kernels.Conv2D(c)
	}
	return newConv(c)
}

// Conv2DMaxPool prepares a convolution with a 2x2 max pool behind it.
func (k Kernels) Conv2DMaxPool(c generic.Conv, p generic.Pool) (generic.Operator, bool) {
	if w := newWinograd(&c, p.Out); w != nil {
		return w, true
	}
	// The largest sum has the largest output only if adding the bias does not wrap.
	if c.Out.C < tileChannels || c.WeightZero != 0 || largestSum(&c) > math.MaxInt32 {
		return nil, false
	}
	o := newConv(c)
	o.pooled = p.Out
	return o, true
}

// halvesFit tells whether the products of a filter's elements k and k+8 of every
// 16 always fit int16 together.
func halvesFit(c *generic.Conv) bool {
	depth := c.KernelH * c.KernelW * c.In.C
	for o := range c.Out.C {
		filter := c.Weights[o*depth : (o+1)*depth]
		for i := 8; i < depth; i++ {
			if i&8 != 0 && filter[i] == math.MinInt8 && filter[i-8] == math.MinInt8 {
				return false
			}
		}
	}
	return true
}

// largestSum bounds the magnitude of sums with bias, and of those without.
func largestSum(c *generic.Conv) int64 {
	depth := c.KernelH * c.KernelW * c.In.C
	// The largest magnitude of an input less its zero point, 128 or more.
	input := int64(max(127-c.InputZero, 128+c.InputZero))
	var largest int64
	for o := range c.Out.C {
		var sum int64
		for _, w := range c.Weights[o*depth : (o+1)*depth] {
			sum += max(int64(w)-int64(c.WeightZero), int64(c.WeightZero)-int64(w))
		}
		bias := int64(c.Bias[o])
		largest = max(largest, input*sum+max(bias, -bias))
	}
	return largest
}

func newConv(c generic.Conv) *conv {
	full := c.KernelH * c.KernelW * c.In.C
	k := &conv{Conv: c, output: newOutputVectors(&c.Output), depth: (full + 7) &^ 7}
	k.blocks8 = k.depth / 8
	if halvesFit(&c) {
		k.blocks16, k.blocks8 = k.depth/16, k.depth/8%2
	}
	k.row = ((c.Out.W-1)*c.StrideW + (c.KernelW-1)*c.DilationW + 1) * c.In.C
	k.outside = make([]int8, k.row)
	fill(k.outside, int8(c.InputZero))
	filter := make([]int8, k.depth)
	if c.WeightZero != 0 {
		k.zeros = make([]int8, k.depth)
		fill(k.zeros[:full], int8(c.WeightZero))
	}
	for o := 0; o < c.Out.C; o += tileChannels {
		from := min(o, c.Out.C-tileChannels)
		at := len(k.weights)
		k.weights = append(k.weights, make([]int8, tileChannels*k.depth)...)
		for i := range tileChannels {
			copy(filter, c.Weights[(from+i)*full:(from+i+1)*full])
			k.packFilter(k.weights[at:], filter, i)
			k.constants = append(k.constants, c.Bias[from+i]-c.InputZero*(sum(filter)-c.WeightZero*int32(full)))
		}
		for i := range tileChannels {
			k.constants = append(k.constants, int32(math.Float32bits(c.Scale[from+i])))
		}
	}
	k.Weights = nil
	return k
}

// packFilter spreads filter i of a block of 4.
func (k *conv) packFilter(block, filter []int8, i int) {
	for range k.blocks16 {
		copy(block[16*i:], filter[:16])
		block, filter = block[16*tileChannels:], filter[16:]
	}
	for range k.blocks8 {
		copy(block[8*i:], filter[:8])
		block, filter = block[8*tileChannels:], filter[8:]
	}
}

func (k *conv) Rows() int {
	if k.pooled.H > 0 {
		return k.pooled.H
	}
	return k.Out.H
}

// direct tells whether pixels are used as they lie.
func (k *conv) direct() bool { return k.Pointwise() && k.depth == k.In.C }

// Scratch holds corrections of a chunk of pixels, the padded rows that one output
// row sees, and its patches; twice those for the pool.
func (k *conv) Scratch() int {
	if k.direct() {
		return k.corrections()
	}
	return k.corrections() + k.padded() + 2*k.patches()
}

func (k *conv) corrections() int {
	if k.zeros == nil {
		return 0
	}
	return (4*k.step() + 63) &^ 63
}

func (k *conv) padded() int  { return (k.KernelH*k.row + spare + 63) &^ 63 }
func (k *conv) patches() int { return (k.Out.W*k.depth + spare + 63) &^ 63 }

// step is how many pixels are in a chunk.
func (k *conv) step() int { return max(chunk/k.depth, tilePixels) &^ (tilePixels - 1) }

func (k *conv) Run(out, in, _, scratch []int8, from, to int) {
	corrections := scratch[:k.corrections()]
	scratch = scratch[len(corrections):]
	switch {
	case k.pooled.H > 0:
		k.runPooled(out, in, scratch, from, to)
	case k.direct():
		n := (to - from) * k.Out.W
		k.multiply(out[from*k.Out.W*k.Out.C:], in[from*k.In.W*k.In.C:], corrections, n)
	default:
		for y := from; y < to; y++ {
			patches := k.gather(scratch[k.padded():], in, scratch, y)
			k.multiply(out[y*k.Out.W*k.Out.C:], patches, corrections, k.Out.W)
		}
	}
}

// args are what all calls share.
func (k *conv) args() gemmArgs {
	return gemmArgs{
		weights: first(k.weights), constants: first(k.constants), output: unsafe.Pointer(&k.output),
		pixel: k.depth, pair: 2 * k.depth, tile: tilePixels * k.depth, outPixel: k.Out.C,
		blocks16: k.blocks16, blocks8: k.blocks8, channels: k.Out.C,
	}
}

// multiply computes n pixels from their patches, side by side.
func (k *conv) multiply(out, patches, corrections []int8, n int) {
	patches, out = patches[:n*k.depth], out[:n*k.Out.C]
	args := k.args()
	step := k.step()
	for i := 0; i < n; i += step {
		// The last chunk may start early to have 4 pixels.
		from := max(min(i, n-tilePixels), 0)
		args.in, args.out, args.pixels = first(patches[from*k.depth:]), first(out[from*k.Out.C:]), min(step, n-from)
		if k.zeros != nil {
			args.corrections = first(corrections)
			pixelSums(&pixelSumsArgs{args.corrections, args.in, first(k.zeros), args.pixels, args.blocks16, args.blocks8})
		}
		if args.pixels < tilePixels {
			gemm1(&args)
		} else {
			gemm(&args)
		}
	}
}

// runPooled computes rows of the pool, each from the patches of two rows.
func (k *conv) runPooled(out, in, scratch []int8, from, to int) {
	args := k.args()
	args.tile, args.pixels = 2*k.depth, k.pooled.W
	args.pair = k.patches()
	if k.direct() {
		args.pair = k.In.W * k.In.C
	}
	row := k.pooled.W * k.Out.C
	for y := from; y < to; y++ {
		args.out = first(out[y*row : (y+1)*row])
		if k.direct() {
			args.in = first(in[2*y*args.pair : (2*y+2)*args.pair])
		} else {
			patches := k.gather(scratch[k.padded():], in, scratch, 2*y)
			k.gather(scratch[k.padded()+k.patches():], in, scratch, 2*y+1)
			args.in = first(patches)
		}
		gemmPool(&args)
	}
}

// gather writes what the pixels of output row y see, by way of padded rows, and
// returns the patches.
func (k *conv) gather(patches, in, padded []int8, y int) []int8 {
	if k.Pointwise() {
		k.spread(patches, in[y*k.In.W*k.In.C:])
		return patches
	}
	for ky := range k.KernelH {
		k.pad(padded[ky*k.row:(ky+1)*k.row], in, y*k.StrideH-k.PadTop+ky*k.DilationH)
	}
	length := k.KernelW * k.In.C
	if length <= spare && k.DilationW == 1 {
		gather(&gatherArgs{
			to: first(patches), from: first(padded), stride: k.row, length: length, rows: k.KernelH,
			step: k.StrideW * k.In.C, pixels: k.Out.W, last: k.depth - (k.KernelH-1)*length,
		})
		return patches
	}
	for x := range k.Out.W {
		to := patches[x*k.depth:]
		for ky := range k.KernelH {
			from := padded[ky*k.row+x*k.StrideW*k.In.C:]
			if k.DilationW == 1 {
				copy(to[:length], from)
				to = to[length:]
				continue
			}
			for kx := range k.KernelW {
				copy(to[:k.In.C], from[kx*k.DilationW*k.In.C:])
				to = to[k.In.C:]
			}
		}
	}
	return patches
}

// spread copies pixels to where each starts at a multiple of 8.
func (k *conv) spread(patches, row []int8) {
	for x := range k.Out.W {
		copy(patches[x*k.depth:], row[x*k.In.C:(x+1)*k.In.C])
	}
}

// pad copies input row iy with what lies left and right of it.
func (k *conv) pad(to, in []int8, iy int) {
	if iy < 0 || iy >= k.In.H {
		copy(to, k.outside)
		return
	}
	left := min(k.PadLeft*k.In.C, len(to))
	copy(to[:left], k.outside)
	n := copy(to[left:], in[iy*k.In.W*k.In.C:(iy+1)*k.In.W*k.In.C])
	copy(to[left+n:], k.outside)
}

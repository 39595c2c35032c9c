package neon

import (
	"math"
	"unsafe"

	"canting/infer/kernel/generic"
)

// Winograd's F(4x4,3x3); winograd.asm has the matrices and says why it is exact.
const (
	winogradTile      = 4 // outputs of a tile, along one side
	winogradIn        = 6 // inputs
	winogradPositions = winogradIn * winogradIn
	// winogradBlock is how many channels a vector of int16 holds.
	winogradBlock = 8
	// winogradGroup is how many tiles are multiplied together.
	winogradGroup = 8
	// winogradScale is what the transforms multiply every sum by.
	winogradScale = 24 * 24
	// inverseOf9 modulo 2^32.
	inverseOf9 = 954437177
)

var winogradFilter = [winogradIn][3]int32{{6, 0, 0}, {4, 4, 4}, {-4, 4, -4}, {1, 2, 4}, {1, -2, 4}, {0, 0, 6}}

type winogradInputArgs struct {
	in       unsafe.Pointer
	row      int // bytes from row to row
	channels int
	out      unsafe.Pointer
	position int // bytes from position to position of out
}

//go:noescape
func winogradInput(args *winogradInputArgs)

type winogradMultiplyArgs struct {
	inputs, filters, products unsafe.Pointer
	blocks                    int
}

//go:noescape
func winogradMultiply8(args *winogradMultiplyArgs)

//go:noescape
func winogradMultiply4(args *winogradMultiplyArgs)

//go:noescape
func winogradMultiply1(args *winogradMultiplyArgs)

// winogradOut is where a tile's first pixel goes, and how many rows it has.
type winogradOut struct {
	to   unsafe.Pointer
	rows int
}

type winogradOutputArgs struct {
	products   unsafe.Pointer
	tiles      unsafe.Pointer // []winogradOut
	pixel, row int            // bytes of the output
	constants  unsafe.Pointer // 4 biases and 4 scales, twice
	output     unsafe.Pointer
	count      int
	_          int
	factors    [4]int32
}

//go:noescape
func winogradOutput(args *winogradOutputArgs)

//go:noescape
func winogradOutputPool(args *winogradOutputArgs)

type winograd struct {
	conv
	// filters of blocks of 8 output channels, the last of which ends at the
	// last channel: [36][In.C][8].
	filters []int16
	// constants are, for each 4 channels of each block, 576 times the bias and
	// the float32 scales.
	constants []int32
	// side is how many rows and columns of the result a tile has: 4, or 2 of the pool.
	side int
	// result is the output's shape, behind the pool if there is one.
	result generic.Shape
}

// newWinograd returns nil for convolutions of other kinds, and where the filters
// do not prove that the result is exact.
func newWinograd(c *generic.Conv, pooled generic.Shape) *winograd {
	k := &winograd{side: winogradTile, result: c.Out}
	if pooled.H > 0 {
		k.side, k.result = winogradTile/2, pooled
	}
	fits := c.KernelH == 3 && c.KernelW == 3 && c.StrideH == 1 && c.StrideW == 1 && c.DilationH == 1 && c.DilationW == 1 &&
		c.In.C%winogradBlock == 0 && c.Out.C >= winogradBlock && k.result.W >= k.side
	if !fits || largestSum(c) >= 1<<25 {
		return nil
	}
	k.conv = conv{Conv: *c, output: newOutputVectors(&c.Output), pooled: pooled}
	k.row = (c.Out.W + 2) * c.In.C
	k.outside = make([]int8, k.row)
	fill(k.outside, int8(c.InputZero))
	if !k.pack() {
		return nil
	}
	k.Weights = nil
	return k
}

// pack transforms the filters; it returns false when one does not fit int16,
// which takes legacy weights with a zero point.
func (k *winograd) pack() bool {
	in := k.In.C
	blocks := (k.Out.C + winogradBlock - 1) / winogradBlock
	k.filters = make([]int16, blocks*winogradPositions*in*winogradBlock)
	for b := range blocks {
		from := min(b*winogradBlock, k.Out.C-winogradBlock)
		block := k.filters[b*winogradPositions*in*winogradBlock:]
		for o := range winogradBlock {
			var sum int32
			for c := range in {
				filter := k.filter(from+o, c)
				for _, w := range filter {
					sum += w
				}
				for i, v := range transformFilter(filter) {
					if v != int32(int16(v)) {
						return false
					}
					block[(i*in+c)*winogradBlock+o] = int16(v)
				}
			}
			k.setBias(b, o, winogradScale*(k.Bias[from+o]-k.InputZero*sum), k.Scale[from+o])
		}
	}
	return true
}

// filter is the 3x3 weights of output channel o and input channel c.
func (k *winograd) filter(o, c int) (f [9]int32) {
	for i := range f {
		f[i] = int32(k.Weights[(o*9+i)*k.In.C+c]) - k.WeightZero
	}
	return f
}

// setBias sets the constants of channel o of a block.
func (k *winograd) setBias(block, o int, bias int32, scale float32) {
	if o == 0 {
		k.constants = append(k.constants, make([]int32, 2*winogradBlock)...)
	}
	half := k.constants[2*winogradBlock*block+o/4*8:]
	half[o%4], half[4+o%4] = bias, int32(math.Float32bits(scale))
}

// transformFilter is G f G^T.
func transformFilter(f [9]int32) (out [winogradPositions]int32) {
	for i, a := range winogradFilter {
		for j, b := range winogradFilter {
			for y := range 3 {
				for x := range 3 {
					out[i*winogradIn+j] += a[y] * b[x] * f[3*y+x]
				}
			}
		}
	}
	return out
}

// Bytes of the parts of scratch.
func (k *winograd) paddedBytes() int { return (winogradIn*k.row + 63) &^ 63 }
func (k *winograd) inputBytes() int  { return winogradPositions * winogradGroup * k.In.C * 2 }

const (
	productBytes = winogradPositions * winogradGroup * winogradBlock * 4
)

// Scratch holds padded rows, and of a group of tiles the transformed inputs and
// the products of one block of channels.
func (k *winograd) Scratch() int { return k.paddedBytes() + k.inputBytes() + productBytes }

func (k *winograd) Run(out, in, _, scratch []int8, from, to int) {
	g := winogradTiles{k: k, inputs: scratch[k.paddedBytes():], products: scratch[k.paddedBytes()+k.inputBytes():]}
	for y := from; y < to; y += k.side {
		// The last tiles may start early, for the rows and columns to suffice.
		top := max(min(y, to-k.side), from)
		conv := top
		if k.pooled.H > 0 {
			conv *= 2
		}
		for i := range winogradIn {
			k.pad(scratch[i*k.row:(i+1)*k.row], in, conv-k.PadTop+i)
		}
		for x := 0; x < k.result.W; x += k.side {
			g.add(out, scratch, min(x, k.result.W-k.side), top, min(k.side, to-top))
		}
	}
	g.flush()
}

// winogradTiles is a group of tiles on their way from input to output.
type winogradTiles struct {
	k                *winograd
	inputs, products []int8
	count            int
	tiles            [winogradGroup]winogradOut
}

// add transforms the input of the tile whose result starts at (y, x).
func (g *winogradTiles) add(out, padded []int8, x, y, rows int) {
	k := g.k
	left := x * k.In.C
	if k.pooled.H > 0 {
		left *= 2
	}
	winogradInput(&winogradInputArgs{
		in: unsafe.Pointer(&padded[left]), row: k.row, channels: k.In.C,
		out: unsafe.Pointer(&g.inputs[2*winogradBlock*g.count]), position: k.In.C * winogradGroup * 2,
	})
	g.tiles[g.count] = winogradOut{unsafe.Pointer(&out[(y*k.result.W+x)*k.Out.C]), rows}
	if g.count++; g.count == winogradGroup {
		g.flush()
	}
}

// flush computes the outputs of the group.
func (g *winogradTiles) flush() {
	if g.count == 0 {
		return
	}
	k := g.k
	m := winogradMultiplyArgs{inputs: first(g.inputs), products: first(g.products), blocks: k.In.C / winogradBlock}
	o := winogradOutputArgs{
		products: first(g.products), pixel: k.Out.C, row: k.result.W * k.Out.C, output: unsafe.Pointer(&k.output),
		count: g.count, factors: [4]int32{4, 8, inverseOf9},
	}
	blocks := len(k.constants) / (2 * winogradBlock)
	size := len(k.filters) / blocks
	var tiles [winogradGroup]winogradOut
	for b := range blocks {
		c := min(b*winogradBlock, k.Out.C-winogradBlock)
		for i, t := range g.tiles[:g.count] {
			tiles[i] = winogradOut{unsafe.Add(t.to, c), t.rows}
		}
		m.filters = first(k.filters[b*size : (b+1)*size])
		switch {
		case g.count > 4:
			winogradMultiply8(&m)
		case g.count > 1:
			winogradMultiply4(&m)
		default:
			winogradMultiply1(&m)
		}
		o.tiles, o.constants = unsafe.Pointer(&tiles), first(k.constants[b*2*winogradBlock:])
		if k.pooled.H > 0 {
			winogradOutputPool(&o)
		} else {
			winogradOutput(&o)
		}
	}
	g.count = 0
}

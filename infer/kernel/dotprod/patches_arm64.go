package dotprod

import "canting/infer/kernel/generic"

//go:noescape
func pack(patches, src *int8, pixels *int32, count int, runs *int, runCount, length int)

//go:noescape
func packNarrow(patches, src *int8, pixels *int32, count, row, steps int, table *[32]uint8)

//go:noescape
func patchSums(sums *int32, patches, mask *int8, steps, groups, factor int)

const (
	// groupPixels is how many pixels' patches lie together.
	groupPixels = 4
	// slack is how far packing reads or writes past the pieces of the scratch.
	slack = 64
)

// patches packs what each output pixel sees of the input: some runs of
// neighbouring bytes, one for each row of the window where it has no dilation.
type patches struct {
	generic.Window
	in generic.Shape
	// lines is how many output rows are packed at once, and linePixels how many
	// patches each has: 4 for each pixel of a 2x2 pool.
	lines, linePixels int
	// pool is the size and stride of a max pool behind the convolution, or 1.
	pool int
	// direct means that no pixel sees anything outside the picture, and that
	// patches come from the input as it lies; others come from padded rows.
	direct bool
	// rowBytes is the length of a row that patches come from.
	rowBytes int
	// outside is a row of zero points.
	outside []int8
	// pixels are the places of lines rows' patches, and runs those of a
	// patch's runs in it.
	pixels []int32
	runs   []int
	// run is the length of a run, runLength the packed one, a multiple of 4.
	run, runLength int
	// narrow, when set, is packNarrow's table: runs lie in the packed patch
	// without gaps.
	narrow *[32]uint8
	// steps is the length of a packed patch in steps of 4 bytes.
	steps int
}

func newPatches(c *generic.Conv, out generic.Shape, pool int) patches {
	p := patches{Window: c.Window, in: c.In, pool: pool, linePixels: out.W * pool * pool}
	p.run = c.KernelW * c.In.C
	if c.DilationW > 1 {
		p.run = c.In.C
	}
	p.runLength = roundUp(p.run, stepBytes)
	width := (pool*out.W-1)*c.StrideW + (c.KernelW-1)*c.DilationW + 1
	height := (pool*out.H-1)*c.StrideH + (c.KernelH-1)*c.DilationH + 1
	p.direct = c.PadTop == 0 && c.PadLeft == 0 && width <= c.In.W && height <= c.In.H && p.run == p.runLength
	p.rowBytes = width * c.In.C
	if p.direct {
		p.rowBytes = c.In.W * c.In.C
	} else {
		p.outside = make([]int8, p.rowBytes)
		for i := range p.outside {
			p.outside[i] = int8(c.InputZero)
		}
	}
	p.placeRuns(c)
	p.lines = max(1, min(out.H, packedBytes/(p.linePixels*p.steps*stepBytes)))
	p.placePixels(out.W)
	return p
}

// placeRuns chooses how a patch is packed.
func (p *patches) placeRuns(c *generic.Conv) {
	for ky := range c.KernelH {
		for kx := 0; kx < c.KernelW*c.In.C; kx += p.run {
			p.runs = append(p.runs, ky*c.DilationH*p.rowBytes+kx*c.DilationW)
		}
	}
	p.steps = len(p.runs) * p.runLength / stepBytes
	if p.direct || len(p.runs) != 3 || c.KernelH != 3 || p.run > 16 || p.run == p.runLength || 3*p.run > len(p.narrow) {
		return
	}
	p.narrow = new([32]uint8)
	p.steps = roundUp(3*p.run, stepBytes) / stepBytes
	for i := range p.narrow {
		if i < 3*p.run {
			p.narrow[i] = uint8(i/p.run*16 + i%p.run)
		}
	}
}

// placePixels lists the pixels of some output rows, those of each pool together.
func (p *patches) placePixels(width int) {
	for y := range p.lines {
		for x := range width {
			for dy := range p.pool {
				for dx := range p.pool {
					row, column := (y*p.pool+dy)*p.StrideH, (x*p.pool+dx)*p.StrideW
					p.pixels = append(p.pixels, int32(row*p.rowBytes+column*p.in.C))
				}
			}
		}
	}
}

// source is which of a filter's weights belongs to byte i of a packed patch, or
// -1 for bytes that only fill a step.
func (p *patches) source(i int) int {
	if p.narrow != nil {
		if i < 3*p.run {
			return i
		}
		return -1
	}
	if i%p.runLength < p.run {
		return i/p.runLength*p.run + i%p.runLength
	}
	return -1
}

// groups is how many groups n output rows have.
func (p *patches) groups(n int) int { return (n*p.linePixels + groupPixels - 1) / groupPixels }

// inputRows is how many rows of input n output rows see.
func (p *patches) inputRows(n int) int {
	return (n*p.pool-1)*p.StrideH + (p.KernelH-1)*p.DilationH + 1
}

// packedAt is where the packed patches lie, behind the padded rows.
func (p *patches) packedAt() int {
	if p.direct {
		return 0
	}
	return roundUp(p.inputRows(p.lines)*p.rowBytes+slack, align)
}

func (p *patches) scratch() int {
	return roundUp(p.packedAt()+p.groups(p.lines)*groupPixels*p.steps*stepBytes+slack, align)
}

// pack packs the patches of output rows y to y+n.
func (p *patches) pack(scratch, in []int8, y, n int) []int8 {
	top := y*p.pool*p.StrideH - p.PadTop
	packed := scratch[p.packedAt():]
	src := scratch
	if p.direct {
		src = in[top*p.rowBytes:]
	} else {
		p.pad(scratch, in, top, p.inputRows(n))
	}
	count := n * p.linePixels
	if p.narrow != nil {
		packNarrow(first(packed), first(src), &p.pixels[0], count, p.DilationH*p.rowBytes, p.steps, p.narrow)
	} else {
		pack(first(packed), first(src), &p.pixels[0], count, &p.runs[0], len(p.runs), p.runLength)
	}
	return packed
}

// pad copies n rows of input, from row top on, with what lies beside them.
func (p *patches) pad(rows, in []int8, top, n int) {
	left := min(p.PadLeft*p.in.C, p.rowBytes)
	length := p.in.W * p.in.C
	right := min(left+length, p.rowBytes)
	for y := top; y < top+n; y++ {
		row := rows[:p.rowBytes]
		rows = rows[p.rowBytes:]
		if y < 0 || y >= p.in.H {
			copy(row, p.outside)
			continue
		}
		copy(row[:left], p.outside)
		copy(row[left:right], in[y*length:(y+1)*length])
		copy(row[right:], p.outside)
	}
}

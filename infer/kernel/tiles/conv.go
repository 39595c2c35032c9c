package tiles

import (
	"unsafe"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// layoutBytes is how much is laid out at once: rows that many output rows see
// twice are laid out once, and stay in the nearest caches.
const layoutBytes = 40 << 10

// header is the scratch before the laid out rows: a Tile or a Line.
const header = 128

// conv is a convolution, perhaps with a 2x2 max pool behind it.
type conv struct {
	rows
	out      generic.Shape
	pooled   bool
	convolve *[2][]Convolution
	bounds   Requantization
	blocks   []block
	// lines is how many output rows are laid out at once.
	lines int
	steps int
}

// block is some neighbouring channels of the output. A last one that would be
// partly empty begins earlier and computes some channels again; only outputs
// with fewer channels than a vector have an empty part.
type block struct {
	vectors, channel int
	weights          []byte
	bias             []int32
	scale            []float32
}

// Conv2D prepares a convolution; ok is false when its weights can't be packed.
func (isa *ISA) Conv2D(c generic.Conv) (op generic.Operator, ok bool) {
	if !isa.fits(&c) {
		return nil, false
	}
	if o, ok := isa.winograd(&c, c.Out, c.Output, false); ok {
		return o, true
	}
	k := isa.newConv(&c, c.Out, c.Output)
	k.convolve = &isa.Convolve
	k.lines = max(1, min(k.out.H, layoutBytes/max(1, k.start(1))))
	return k, true
}

// Conv2DMaxPool prepares a convolution with a 2x2 max pool of stride 2 behind it.
// Requantization is monotonic, so the largest sum gives the largest result.
func (isa *ISA) Conv2DMaxPool(c generic.Conv, p generic.Pool) (op generic.Operator, ok bool) {
	if p.KernelH != 2 || p.KernelW != 2 || p.StrideH != 2 || p.StrideW != 2 || p.PadTop != 0 || p.PadLeft != 0 ||
		2*p.Out.H > c.Out.H || 2*p.Out.W > c.Out.W || !isa.fits(&c) {
		return nil, false
	}
	clamp := func(v int32) int32 { return min(max(v, p.Output.Min), p.Output.Max) }
	output := quant.NewOutput(c.Output.ZeroPoint, clamp(c.Output.Min), clamp(c.Output.Max))
	if o, ok := isa.winograd(&c, p.Out, output, true); ok && p.Out.W == c.Out.W/2 {
		return o, true
	}
	k := isa.newConv(&c, p.Out, output)
	k.pooled, k.convolve = true, &isa.Pooled
	// Two laid out rows have to be a row's length apart.
	k.flat = false
	k.lines = max(1, min(k.out.H, layoutBytes/max(1, k.start(2))))
	return k, true
}

func (isa *ISA) newConv(c *generic.Conv, out generic.Shape, output quant.Output) *conv {
	k := &conv{rows: newRows(isa, c), out: out, bounds: requantization(output)}
	k.steps = roundUp(c.KernelW*c.In.C*isa.Element, 4) / 4
	for _, b := range split(c.Out.C, isa.Lanes) {
		b.pack(isa, c, k.steps)
		k.blocks = append(k.blocks, b)
	}
	return k
}

// split cuts channels into blocks of two vectors and of one.
func split(channels, lanes int) []block {
	var blocks []block
	at := 0
	for ; channels-at >= 2*lanes; at += 2 * lanes {
		blocks = append(blocks, block{vectors: 2, channel: at})
	}
	switch rest := channels - at; {
	case rest > lanes && channels >= 2*lanes:
		blocks = append(blocks, block{vectors: 2, channel: channels - 2*lanes})
	case rest > lanes:
		blocks = append(blocks, block{vectors: 1, channel: 0}, block{vectors: 1, channel: channels - lanes})
	case rest > 0:
		blocks = append(blocks, block{vectors: 1, channel: max(channels-lanes, 0)})
	}
	return blocks
}

func (b *block) pack(isa *ISA, c *generic.Conv, steps int) {
	width := b.vectors * isa.Lanes
	b.bias, b.scale = make([]int32, width), make([]float32, width)
	b.weights = aligned(c.KernelH * steps * width * 4)
	length := c.KernelW * c.In.C
	perGroup := 4 / isa.Element
	for lane := range min(width, c.Out.C-b.channel) {
		o := b.channel + lane
		var sum int32
		for ky := range c.KernelH {
			for i, w := range c.Weights[(o*c.KernelH+ky)*length:][:length] {
				v := int32(w) - c.WeightZero
				sum += v
				group := ky*steps + i/perGroup
				isa.put(b.weights[(group*width+lane)*4+i%perGroup*isa.Element:], v)
			}
		}
		b.bias[lane] = c.Bias[o] - (c.InputZero+isa.shift())*sum
		b.scale[lane] = c.Scale[o]
	}
}

func (k *conv) Rows() int { return k.out.H }

// convRows is the number of the convolution's own rows behind n output rows.
func (k *conv) convRows(n int) int {
	if k.pooled {
		return 2 * n
	}
	return n
}

func (k *conv) Scratch() int {
	return header + k.staging() + k.bytes(k.convRows(k.lines)) + 2*Slack
}

// staging holds rows whose channels do not fill a vector, since a kernel would
// write past the end of the last one.
func (k *conv) staging() int {
	if k.out.C >= k.isa.Lanes {
		return 0
	}
	return roundUp(k.out.W*k.lines*k.isa.Lanes, 64)
}

func (k *conv) Run(out, in, _, scratch []int8, from, to int) {
	t := (*Tile)(unsafe.Pointer(unsafe.SliceData(scratch)))
	staging, layout := scratch[header:], scratch[header+k.staging():]
	t.Requantization = k.bounds
	t.Pixel, t.Row, t.Rows, t.Steps = uintptr(k.pixel), uintptr(k.row), uintptr(k.KernelH), uintptr(k.steps)
	for y := from; y < to; y += k.lines {
		n := min(k.lines, to-y)
		k.fill(layout, in, k.convRows(y), k.convRows(n))
		for i := range k.blocks {
			k.block(t, &k.blocks[i], out, staging, layout, y, n, to)
		}
	}
}

// block computes some channels of output rows [y, y+n). to is where the rows end
// that may be written.
func (k *conv) block(t *Tile, b *block, out, staging, layout []int8, y, n, to int) {
	t.Weights, t.Bias, t.Scale = address(b.weights), address(b.bias), address(b.scale)
	width := k.out.W
	if k.flat {
		// One long row.
		width, n = n*width, 1
	}
	for i := range n {
		at := (y+i)*k.out.W*k.out.C + b.channel
		in := address(layout) + uintptr(k.start(k.convRows(i)))
		t.OutPixel = uintptr(k.out.C)
		// Pixels are written in their order, so what one writes past its
		// channels is written again, except at the end.
		if last := at + (width-1)*k.out.C; last+b.vectors*k.isa.Lanes > to*k.out.W*k.out.C {
			t.OutPixel = uintptr(k.isa.Lanes)
			k.line(t, b, in, address(staging), width)
			for x := range width {
				copy(out[at+x*k.out.C:][:k.out.C], staging[x*k.isa.Lanes:])
			}
			continue
		}
		k.line(t, b, in, address(out)+uintptr(at), width)
	}
}

// line computes some channels of width pixels.
func (k *conv) line(t *Tile, b *block, in, out uintptr, width int) {
	cut(k.convolve[b.vectors-1], width, func(size *Convolution, x, count int) {
		at, half := x, uintptr(size.Pixels/2*k.pixel)
		if k.pooled {
			at, half = 2*x, uintptr(k.start(1))
		}
		t.In, t.Half, t.Out, t.Count = in+uintptr(at*k.pixel), half, out+uintptr(x)*t.OutPixel, uintptr(count)
		size.Run(t)
	})
}

// cut divides width pixels into tiles. Where tiles do not divide them the last
// one begins earlier and computes some pixels again.
func cut(sizes []Convolution, width int, run func(size *Convolution, x, count int)) {
	for x := 0; x < width; {
		size := &sizes[0]
		for i := range sizes[1:] {
			if s := &sizes[1+i]; width-x <= s.Pixels || size.Pixels > width {
				size = s
			}
		}
		count := max(1, (width-x)/size.Pixels)
		x = min(x, width-size.Pixels)
		run(size, x, count)
		x += count * size.Pixels
	}
}

package tiles

import (
	"math"
	"unsafe"

	"canting/infer/kernel/generic"
)

// depthwise is a depthwise convolution with one output channel an input channel.
//
// Padded input rows are laid out in StrideW planes, plane p having the pixels p,
// p+StrideW, ..., so that what a tap of the kernel sees along an output row lies
// side by side as in the output row. A row is then computed in chunks of bytes,
// whichever pixels and channels those are; the parameters of chunks repeat when
// a chunk begins at channel 0 again.
type depthwise struct {
	rows
	out         generic.Shape
	plane       int // bytes of a plane
	planePixels int
	bounds      Requantization
	offsets     []int64
	groups      int
	params      []byte
	phase       int // bytes of a chunk's parameters
	lines       int
	run         func(*Line)
}

// Bounds beyond which the plain kernel is as good.
const (
	maxPhases  = 256
	maxTaps    = 1024
	maxStrideW = 8
)

// DepthwiseConv2D prepares a depthwise convolution; ok is false when its weights
// can't be packed or its shape is not for these kernels.
func (isa *ISA) DepthwiseConv2D(c generic.Conv) (op generic.Operator, ok bool) {
	phases := c.In.C / gcd(c.In.C, isa.DepthwiseLanes)
	taps := c.KernelH * c.KernelW
	extent := (c.KernelH-1)*c.DilationH + 1
	if c.Out.C != c.In.C || phases > maxPhases || taps > maxTaps || c.StrideW > maxStrideW || c.StrideH > extent || extent > maxTaps || !isa.fits(&c) {
		return nil, false
	}
	k := &depthwise{rows: rows{isa: isa, in: c.In, Window: c.Window, width: c.Out.W, zero: int8(c.InputZero)}, out: c.Out, bounds: requantization(c.Output), run: isa.Depthwise}
	if taps == 9 {
		k.run = isa.Depthwise3x3
	}
	pixels := (c.Out.W-1)*c.StrideW + (c.KernelW-1)*c.DilationW + 1
	k.planePixels = (pixels + c.StrideW - 1) / c.StrideW
	k.plane = roundUp(k.planePixels*c.In.C*isa.Element+Slack, 64)
	k.row = k.plane * c.StrideW
	k.KernelH = extent
	k.place(&c)
	k.pack(&c, phases)
	k.lines = max(1, min(k.out.H, layoutBytes/max(1, k.start(1))))
	return k, true
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// place finds where the taps lie, in whole groups: the last tap is repeated.
func (k *depthwise) place(c *generic.Conv) {
	for ky := range c.KernelH {
		for kx := range c.KernelW {
			x := kx * c.DilationW
			k.offsets = append(k.offsets, int64(ky*c.DilationH*k.row+x%c.StrideW*k.plane+x/c.StrideW*c.In.C*k.isa.Element))
		}
	}
	perGroup := 4 / k.isa.Element
	k.groups = (len(k.offsets) + perGroup - 1) / perGroup
	for len(k.offsets) < k.groups*perGroup {
		k.offsets = append(k.offsets, k.offsets[len(k.offsets)-1])
	}
}

// pack lays out bias, scale and weights as chunks use them. Interleaving the
// taps of a group keeps to 16 bytes, so vector v of a chunk has every 16th
// byte's worth of elements: those that quad tells.
func (k *depthwise) pack(c *generic.Conv, phases int) {
	isa := k.isa
	lanes, perGroup := isa.DepthwiseLanes, 4/isa.Element
	k.phase = lanes * 4 * (2 + k.groups)
	k.params = aligned(phases * k.phase)
	for i := range phases * lanes {
		channel, chunk := i%c.In.C, k.params[i/lanes*k.phase:]
		at := isa.interleaved(i%lanes) * 4
		var sum int32
		for tap := range c.KernelH * c.KernelW {
			v := int32(c.Weights[tap*c.Out.C+channel]) - c.WeightZero
			sum += v
			isa.put(chunk[(2+tap/perGroup)*lanes*4+at+tap%perGroup*isa.Element:], v)
		}
		putUint32(chunk[at:], uint32(c.Bias[channel]-(c.InputZero+isa.shift())*sum))
		putUint32(chunk[lanes*4+at:], math.Float32bits(c.Scale[channel]))
	}
}

// interleaved is the place of a chunk's element i after the taps of a group are
// interleaved, which happens within 16 bytes: elements of 16 bytes that begin at
// the same quarter (or half) of theirs are together in a vector.
func (isa *ISA) interleaved(i int) int {
	perLane := 16 / isa.Element // elements of 16 bytes
	lane, within := i/perLane, i%perLane
	return within/4*isa.Lanes + lane*4 + within%4
}

func putUint32(b []byte, v uint32) {
	for i := range 4 {
		b[i] = byte(v >> (8 * i))
	}
}

func (k *depthwise) Rows() int { return k.out.H }

func (k *depthwise) Scratch() int { return header + 64 + k.bytes(k.lines) + 2*Slack }

func (k *depthwise) Run(out, in, _, scratch []int8, from, to int) {
	l := (*Line)(unsafe.Pointer(unsafe.SliceData(scratch)))
	l.Requantization = k.bounds
	l.Offsets, l.Groups = address(k.offsets), uintptr(k.groups)
	l.First, l.End = address(k.params), address(k.params)+uintptr(len(k.params))
	layout := scratch[header+64:]
	row := k.out.W * k.out.C
	for y := from; y < to; y += k.lines {
		n := min(k.lines, to-y)
		for i := range k.count(n) {
			k.planes(layout[i*k.row:], in, y*k.StrideH-k.PadTop+i)
		}
		for i := range n {
			l.In = address(layout) + uintptr(k.start(i))
			k.line(l, out[(y+i)*row:to*row], scratch[header:header+64], row)
		}
	}
}

// line computes a row of n bytes at the beginning of out. A last chunk that would
// write past the end of out is computed elsewhere.
func (k *depthwise) line(l *Line, out, last []int8, n int) {
	lanes := k.isa.DepthwiseLanes
	chunks := (n + lanes - 1) / lanes
	l.Params, l.Out, l.Chunks = l.First, address(out), uintptr(chunks)
	if chunks*lanes <= len(out) {
		k.run(l)
		return
	}
	full := n / lanes
	if l.Chunks = uintptr(full); full > 0 {
		k.run(l)
	}
	phases := len(k.params) / k.phase
	in := l.In
	l.In += uintptr(full * lanes * k.isa.Element)
	l.Params, l.Out, l.Chunks = l.First+uintptr(full%phases*k.phase), address(last), 1
	k.run(l)
	l.In = in
	copy(out[full*lanes:n], last)
}

// planes lays out input row iy with its padding.
func (k *depthwise) planes(dst, in []int8, iy int) {
	c, e, s := k.in.C, k.isa.Element, k.StrideW
	for p := range s {
		plane := dst[p*k.plane:]
		if iy < 0 || iy >= k.in.H {
			k.isa.Fill(unsafe.Pointer(&plane[0]), k.zero, k.planePixels*c)
			continue
		}
		// Pixels [first, last) of the plane are inside the picture.
		first := min(max((k.PadLeft-p+s-1)/s, 0), k.planePixels)
		last := max(min((k.in.W+k.PadLeft-p+s-1)/s, k.planePixels), first)
		if first > 0 {
			k.isa.Fill(unsafe.Pointer(&plane[0]), k.zero, first*c)
		}
		if last > first {
			src := &in[(iy*k.in.W+first*s+p-k.PadLeft)*c]
			if at := unsafe.Pointer(&plane[first*c*e]); s == 1 {
				k.isa.Copy(at, src, (last-first)*c)
			} else {
				k.isa.Pixels(at, src, last-first, c, c*e, s*c)
			}
		}
		if last < k.planePixels {
			k.isa.Fill(unsafe.Pointer(&plane[last*c*e]), k.zero, (k.planePixels-last)*c)
		}
	}
}

package dotprod

import (
	"unsafe"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

//go:noescape
func gemm(out, patches *int8, weights *byte, steps, pixels, channels, stride int, to *outputRange, corrections *int32)

//go:noescape
func gemmPool(out, patches *int8, weights *byte, steps, pixels, channels, stride int, to *outputRange)

//go:noescape
func gemv(out, patch *int8, weights *byte, steps, channels int, to *outputRange)

// packedBytes is about how much of the patches is laid out at once: with a block
// of weights it fits the first-level cache of 64 KiB.
const packedBytes = 48 << 10

// conv is a convolution, perhaps with a 2x2 max pool behind it.
type conv struct {
	patches
	out generic.Shape
	// weights are laid out as gemm wants them.
	weights []byte
	// channels is Out.C, or 8 where there are fewer.
	channels int
	pooled   bool
	// single means that there is one output pixel, which sees one run of the
	// input as it lies: a fully connected layer.
	single bool
	to     outputRange
	// mask, when weights are legacy ones with a zero point, tells which bytes of
	// a patch count.
	mask []int8
}

// Conv2D prepares CONV_2D and FULLY_CONNECTED.
func (Kernels) Conv2D(c generic.Conv) generic.Operator {
	return newConv(&c, c.Out, 1, &c.Output)
}

// Conv2DMaxPool prepares CONV_2D with a 2x2 max pool of stride 2 behind it.
func (Kernels) Conv2DMaxPool(c generic.Conv, p generic.Pool) (generic.Operator, bool) {
	if c.WeightZero != 0 || p.KernelH != 2 || p.KernelW != 2 || p.StrideH != 2 || p.StrideW != 2 ||
		p.PadTop != 0 || p.PadLeft != 0 || 2*p.Out.H > c.Out.H || 2*p.Out.W > c.Out.W {
		return nil, false
	}
	// Both ranges hold; clamping is monotonic, so that it may come last.
	clamp := func(v int32) int32 { return min(max(v, p.Output.Min), p.Output.Max) }
	to := quant.NewOutput(c.Output.ZeroPoint, clamp(c.Output.Min), clamp(c.Output.Max))
	return newConv(&c, p.Out, 2, &to), true
}

func newConv(c *generic.Conv, out generic.Shape, pool int, to *quant.Output) *conv {
	k := &conv{
		patches: newPatches(c, out, pool), out: out, channels: max(out.C, channelBlock), pooled: pool > 1,
		to: newOutputRange(to, c.WeightZero),
	}
	k.single = k.direct && len(k.runs) == 1 && out.H*k.linePixels == 1 && c.WeightZero == 0
	for at := 0; at < k.channels; at += channelBlock {
		k.packBlock(c, min(at, k.channels-channelBlock))
	}
	if c.WeightZero != 0 {
		for step := range k.steps {
			for range groupPixels {
				for b := range stepBytes {
					k.mask = append(k.mask, int8(min(1, k.source(step*stepBytes+b)+1)))
				}
			}
		}
	}
	return k
}

func (k *conv) Rows() int { return k.out.H }

// Scratch holds padded rows, packed patches, the corrections of legacy weights,
// and outputs of fewer than 8 channels.
func (k *conv) Scratch() int { return k.outAt() + k.outBytes() }

func (k *conv) correctionsAt() int { return k.patches.scratch() }

func (k *conv) outAt() int {
	if k.mask == nil {
		return k.correctionsAt()
	}
	return k.correctionsAt() + roundUp(4*groupPixels*k.groups(k.lines), align)
}

func (k *conv) outBytes() int {
	if k.out.C == k.channels {
		return 0
	}
	return k.lines * k.out.W * k.channels
}

func (k *conv) Run(out, in, _, scratch []int8, from, to int) {
	for y := from; y < to; y += k.lines {
		n := min(k.lines, to-y)
		packed := in
		if !k.single {
			packed = k.pack(scratch, in, y, n)
		}
		rows := out[y*k.out.W*k.out.C : (y+n)*k.out.W*k.out.C]
		if k.out.C == k.channels {
			k.multiply(rows, packed, scratch, n)
			continue
		}
		wide := scratch[k.outAt():][:n*k.out.W*k.channels]
		k.multiply(wide, packed, scratch, n)
		for i := range n * k.out.W {
			copy(rows[i*k.out.C:(i+1)*k.out.C], wide[i*k.channels:])
		}
	}
}

// multiply computes n output rows from their packed patches.
func (k *conv) multiply(out, packed, scratch []int8, n int) {
	if k.single {
		gemv(first(out), first(packed), unsafe.SliceData(k.weights), k.steps, k.channels, &k.to)
		return
	}
	pixels := k.linePixels * n
	if k.pooled {
		gemmPool(first(out), first(packed), unsafe.SliceData(k.weights), k.steps, pixels, k.channels, k.channels, &k.to)
		return
	}
	var corrections *int32
	if k.mask != nil {
		corrections = &int32s(scratch[k.correctionsAt():], groupPixels)[0]
		patchSums(corrections, first(packed), first(k.mask), k.steps, k.groups(n), int(-k.to.weightZero))
	}
	gemm(first(out), first(packed), unsafe.SliceData(k.weights), k.steps, pixels, k.channels, k.channels, &k.to, corrections)
}

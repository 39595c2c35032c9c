package nn

import (
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Conv is a 2-D convolution with "same" padding as TensorFlow defines it,
// computed as matrix products over im2col patches.
type Conv struct {
	window
	OutC         int
	Weight, Bias *Param // (OutC, Kernel, Kernel, InC) and (OutC)
	x            *tensor.Dense
	y, dx        buffer
	dW, dB       [shards][]float32
	scratch      [shards]convScratch
	// InputGradient is false for a network's first layer, whose Backward
	// returns nil: nobody needs the picture's gradient.
	InputGradient bool
}

// convScratch is what one shard works in: the patches of a few rows of output
// and their gradient.
type convScratch struct{ patches, dPatches []float32 }

// tile is about how many numbers of patches are made and multiplied at a time:
// they stay in a core's own cache.
const tile = 64 << 10

// NewConv makes a convolution for pictures of shape in (height, width,
// channels), with an odd kernel, that steps stride pixels.
func NewConv(in []int, outC, kernel, stride int, rng *rand.Rand) *Conv {
	c := &Conv{window: newWindow(in, kernel, stride), OutC: outC, InputGradient: true}
	c.Weight = newParam("weight", true, outC, kernel, kernel, c.InC)
	c.Bias = newParam("bias", false, outC)
	c.Weight.heNormal(c.patch(), rng)
	for s := range shards {
		c.dW[s], c.dB[s] = make([]float32, outC*c.patch()), make([]float32, outC)
		if !c.identity() {
			size := c.tileRows() * c.outW * c.patch()
			c.scratch[s] = convScratch{make([]float32, size), make([]float32, size)}
		}
	}
	return c
}

func (c *Conv) Name() string     { return "convolution" }
func (c *Conv) Params() []*Param { return []*Param{c.Weight, c.Bias} }
func (c *Conv) Shape() []int     { return []int{c.outH, c.outW, c.OutC} }

// tileRows is how many rows of output are computed at a time.
func (c *Conv) tileRows() int { return max(tile/(c.outW*c.patch()), 1) }

// eachTile calls f for the rows [lo, hi) of output of n pictures, a few rows at
// a time. A shard has whole pictures.
func (c *Conv) eachTile(n int, f func(shard, lo, hi int)) {
	eachShard(n, func(shard, first, last int) {
		end := last * c.outH
		for lo := first * c.outH; lo < end; lo += c.tileRows() {
			f(shard, lo, min(lo+c.tileRows(), end))
		}
	})
}

// rows are the numbers of rows [lo, hi) of output in a batch.
func (c *Conv) rows(t *tensor.Dense, lo, hi, channels int) []float32 {
	return floats(t)[lo*c.outW*channels : hi*c.outW*channels]
}

// seen is what the output pixels of rows [lo, hi) see, a patch each.
func (c *Conv) seen(shard, lo, hi int) []float32 {
	if c.identity() {
		return c.rows(c.x, lo, hi, c.InC)
	}
	patches := c.scratch[shard].patches
	c.im2col(patches, floats(c.x), lo, hi)
	return patches
}

func (c *Conv) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	n := x.Shape()[0]
	c.x = x
	y := c.y.get(n, c.outH, c.outW, c.OutC)
	bias, weights := floats(c.Bias.Value), floats(c.Weight.Value)
	c.eachTile(n, func(shard, lo, hi int) {
		out := c.rows(y, lo, hi, c.OutC)
		repeat(out, bias)
		gemm(plain, across, len(out)/c.OutC, c.OutC, c.patch(), c.seen(shard, lo, hi), weights, 1, out)
	})
	return y
}

func (c *Conv) Backward(dy *tensor.Dense) *tensor.Dense {
	n := dy.Shape()[0]
	var dx *tensor.Dense
	if c.InputGradient {
		dx = c.dx.get(n, c.InH, c.InW, c.InC)
		clear(floats(dx))
	}
	for s := range shards {
		clear(c.dW[s])
		clear(c.dB[s])
	}
	c.eachTile(n, func(shard, lo, hi int) { c.backwardRows(shard, dy, dx, lo, hi) })
	c.Weight.setGrad(&c.dW)
	c.Bias.setGrad(&c.dB)
	return dx
}

func (c *Conv) backwardRows(shard int, dy, dx *tensor.Dense, lo, hi int) {
	out := c.rows(dy, lo, hi, c.OutC)
	pix, weights := len(out)/c.OutC, floats(c.Weight.Value)
	gemm(across, plain, c.OutC, c.patch(), pix, out, c.seen(shard, lo, hi), 1, c.dW[shard])
	addColumns(c.dB[shard], out)
	switch {
	case dx == nil:
	case c.identity():
		gemm(plain, plain, pix, c.InC, c.OutC, out, weights, 0, c.rows(dx, lo, hi, c.InC))
	default:
		dPatches := c.scratch[shard].dPatches
		gemm(plain, plain, pix, c.patch(), c.OutC, out, weights, 0, dPatches)
		c.col2im(floats(dx), dPatches, lo, hi)
	}
}

package nn

import (
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Conv is a 2-D convolution with "same" padding as TensorFlow defines it and
// stride 1, computed as a matrix product over im2col patches.
type Conv struct {
	InH, InW, InC   int
	OutC, Kernel    int
	Weight, Bias    *Param // (OutC, Kernel, Kernel, InC) and (OutC)
	pad, patch, pix int
	x               *tensor.Dense
	y, dx           buffer
	scratch         [shards]convScratch
	// InputGradient is false for a network's first layer, whose Backward
	// returns nil: nobody needs the picture's gradient.
	InputGradient bool
}

// convScratch is what one shard works in: the patches of one picture, their
// gradient, and its sums of the weights' gradients.
type convScratch struct {
	patches, dPatches, dW, dWSum *tensor.Dense
	dB                           []float32
}

// NewConv makes a convolution for pictures of shape in (height, width,
// channels) with an odd kernel.
func NewConv(in []int, outC, kernel int, rng *rand.Rand) *Conv {
	c := &Conv{InH: in[0], InW: in[1], InC: in[2], OutC: outC, Kernel: kernel, InputGradient: true}
	c.pad, c.pix, c.patch = kernel/2, c.InH*c.InW, kernel*kernel*c.InC
	c.Weight = newParam("weight", true, outC, kernel, kernel, c.InC)
	c.Bias = newParam("bias", false, outC)
	c.Weight.heNormal(c.patch, rng)
	for s := range c.scratch {
		c.scratch[s] = convScratch{
			patches: zeros(c.pix, c.patch), dPatches: zeros(c.pix, c.patch),
			dW: zeros(outC, c.patch), dWSum: zeros(outC, c.patch), dB: make([]float32, outC),
		}
	}
	return c
}

func (c *Conv) Name() string     { return "convolution" }
func (c *Conv) Params() []*Param { return []*Param{c.Weight, c.Bias} }
func (c *Conv) Shape() []int     { return []int{c.InH, c.InW, c.OutC} }

func (c *Conv) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	n := x.Shape()[0]
	c.x = x
	y := c.y.get(n, c.InH, c.InW, c.OutC)
	bias := floats(c.Bias.Value)
	eachShard(n, func(s, lo, hi int) {
		weights := transposed(floats(c.Weight.Value), c.OutC, c.patch)
		patches := c.scratch[s].patches
		for i := lo; i < hi; i++ {
			c.im2col(floats(patches), c.picture(x, i, c.InC))
			out := c.picture(y, i, c.OutC)
			matmul(view(out, c.pix, c.OutC), patches, weights)
			for p := 0; p < len(out); p += c.OutC {
				row := out[p : p+c.OutC]
				for o, b := range bias {
					row[o] += b
				}
			}
		}
	})
	return y
}

func (c *Conv) Backward(dy *tensor.Dense) *tensor.Dense {
	n := dy.Shape()[0]
	var dx *tensor.Dense
	if c.InputGradient {
		dx = c.dx.get(n, c.InH, c.InW, c.InC)
	}
	for s := range c.scratch {
		clear(floats(c.scratch[s].dWSum))
		clear(c.scratch[s].dB)
	}
	eachShard(n, func(s, lo, hi int) {
		for i := lo; i < hi; i++ {
			c.backwardPicture(&c.scratch[s], dy, dx, i)
		}
	})
	dW, dB := floats(c.Weight.Grad), floats(c.Bias.Grad)
	clear(dW)
	clear(dB)
	for s := range c.scratch {
		addTo(dW, floats(c.scratch[s].dWSum))
		addTo(dB, c.scratch[s].dB)
	}
	return dx
}

func (c *Conv) backwardPicture(s *convScratch, dy, dx *tensor.Dense, i int) {
	out := c.picture(dy, i, c.OutC)
	c.im2col(floats(s.patches), c.picture(c.x, i, c.InC))
	matmul(s.dW, transposed(out, c.pix, c.OutC), s.patches)
	addTo(floats(s.dWSum), floats(s.dW))
	for p := 0; p < len(out); p += c.OutC {
		addTo(s.dB, out[p:p+c.OutC])
	}
	if dx != nil {
		matmul(s.dPatches, view(out, c.pix, c.OutC), view(floats(c.Weight.Value), c.OutC, c.patch))
		c.col2im(c.picture(dx, i, c.InC), floats(s.dPatches))
	}
}

// picture is the memory of picture i of a batch with c channels.
func (c *Conv) picture(t *tensor.Dense, i, channels int) []float32 {
	size := c.pix * channels
	return floats(t)[i*size : (i+1)*size]
}

// Patches are what each output pixel of one picture sees: a matrix of (pixels,
// Kernel x Kernel x InC), in memory that the next call uses again.
func (c *Conv) Patches(picture []float32) *tensor.Dense {
	patches := c.scratch[0].patches
	c.im2col(floats(patches), picture)
	return patches
}

// im2col writes one patch of Kernel x Kernel x InC a row, zero outside.
func (c *Conv) im2col(patches, x []float32) {
	c.eachRun(func(patch, pixel, n int) {
		copy(patches[patch:patch+n], x[pixel:pixel+n])
	}, func(patch, n int) { clear(patches[patch : patch+n]) })
}

// col2im adds the patches' gradients up where the patches came from.
func (c *Conv) col2im(dx, patches []float32) {
	clear(dx)
	c.eachRun(func(patch, pixel, n int) {
		addTo(dx[pixel:pixel+n], patches[patch:patch+n])
	}, func(int, int) {})
}

// eachRun walks the patches' rows: inside is called for each run of n numbers
// that lies in the picture, at offset pixel, and in the patches, at offset
// patch; outside for each run that lies in the padding.
func (c *Conv) eachRun(inside func(patch, pixel, n int), outside func(patch, n int)) {
	row := c.Kernel * c.InC
	for y := range c.InH {
		for x := range c.InW {
			at := (y*c.InW + x) * c.patch
			lo, hi := max(x-c.pad, 0), min(x-c.pad+c.Kernel, c.InW)
			before, n := (lo-(x-c.pad))*c.InC, (hi-lo)*c.InC
			for k := range c.Kernel {
				sy := y - c.pad + k
				if sy < 0 || sy >= c.InH {
					outside(at, row)
				} else {
					outside(at, before)
					inside(at+before, (sy*c.InW+lo)*c.InC, n)
					outside(at+before+n, row-before-n)
				}
				at += row
			}
		}
	}
}

func addTo(dst, src []float32) {
	for i, v := range src {
		dst[i] += v
	}
}

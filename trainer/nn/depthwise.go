package nn

import (
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Depthwise convolves each channel with a kernel of its own, with "same"
// padding as TensorFlow defines it (Howard et al., 2017, "MobileNets", section
// 3.1).
type Depthwise struct {
	window
	Weight, Bias *Param // (1, Kernel, Kernel, channels) and (channels)
	x            *tensor.Dense
	y, dx        buffer
	dW, dB       [shards][]float32
}

// NewDepthwise makes a depthwise convolution for pictures of shape in (height,
// width, channels), with an odd kernel, that steps stride pixels.
func NewDepthwise(in []int, kernel, stride int, rng *rand.Rand) *Depthwise {
	d := &Depthwise{window: newWindow(in, kernel, stride)}
	d.Weight = newParam("weight", true, 1, kernel, kernel, d.InC)
	d.Bias = newParam("bias", false, d.InC)
	d.Weight.heNormal(kernel*kernel, rng)
	for s := range shards {
		d.dW[s], d.dB[s] = make([]float32, d.patch()), make([]float32, d.InC)
	}
	return d
}

func (d *Depthwise) Name() string     { return "depthwise convolution" }
func (d *Depthwise) Params() []*Param { return []*Param{d.Weight, d.Bias} }
func (d *Depthwise) Shape() []int     { return []int{d.outH, d.outW, d.InC} }

func (d *Depthwise) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	n := x.Shape()[0]
	d.x = x
	y := d.y.get(n, d.outH, d.outW, d.InC)
	in, out, weights := floats(x), floats(y), floats(d.Weight.Value)
	eachShard(n*d.outH, func(_, lo, hi int) {
		repeat(out[lo*d.outW*d.InC:hi*d.outW*d.InC], floats(d.Bias.Value))
		d.eachTap(lo, hi, func(tap, from, to int) {
			multiplyAdd(out[to:to+d.InC], in[from:from+d.InC], weights[tap:tap+d.InC])
		})
	})
	return y
}

func (d *Depthwise) Backward(dy *tensor.Dense) *tensor.Dense {
	n := dy.Shape()[0]
	dx := d.dx.get(n, d.InH, d.InW, d.InC)
	g, in, dIn, weights := floats(dy), floats(d.x), floats(dx), floats(d.Weight.Value)
	clear(dIn)
	for s := range shards {
		clear(d.dW[s])
		clear(d.dB[s])
	}
	eachShard(n, func(s, lo, hi int) {
		size := d.pix() * d.InC
		addColumns(d.dB[s], g[lo*size:hi*size])
		d.eachTap(lo*d.outH, hi*d.outH, func(tap, from, to int) {
			multiplyAdd(dIn[from:from+d.InC], g[to:to+d.InC], weights[tap:tap+d.InC])
			multiplyAdd(d.dW[s][tap:tap+d.InC], g[to:to+d.InC], in[from:from+d.InC])
		})
	})
	d.Weight.setGrad(&d.dW)
	d.Bias.setGrad(&d.dB)
	return dx
}

// eachTap walks output rows [lo, hi): f is called for each output pixel, whose
// channels start at to, and each input pixel, at from, that it sees through the
// kernel's weights, at tap.
func (d *Depthwise) eachTap(lo, hi int, f func(tap, from, to int)) {
	for r := lo; r < hi; r++ {
		picture, top := r/d.outH*d.InH, r%d.outH*d.Stride-d.padAbove
		for ky := max(-top, 0); ky < min(d.Kernel, d.InH-top); ky++ {
			row := (picture + top + ky) * d.InW
			for x := range d.outW {
				left := x*d.Stride - d.padBefore
				for kx := max(-left, 0); kx < min(d.Kernel, d.InW-left); kx++ {
					f((ky*d.Kernel+kx)*d.InC, (row+left+kx)*d.InC, (r*d.outW+x)*d.InC)
				}
			}
		}
	}
}

// multiplyAdd adds the products of a and b to dst, element by element.
func multiplyAdd(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += a[i] * b[i]
	}
}

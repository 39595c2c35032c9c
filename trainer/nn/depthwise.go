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
		d.eachRun(lo, hi, func(tap, from, to, pixels int) {
			multiplyAdd(walk{out[to:], d.InC}, walk{in[from:], d.Stride * d.InC}, walk{weights[tap:], 0}, pixels, d.InC)
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
		d.eachRun(lo*d.outH, hi*d.outH, func(tap, from, to, pixels int) {
			dy, step := walk{g[to:], d.InC}, d.Stride*d.InC
			multiplyAdd(walk{dIn[from:], step}, dy, walk{weights[tap:], 0}, pixels, d.InC)
			multiplyAdd(walk{d.dW[s][tap:], 0}, dy, walk{in[from:], step}, pixels, d.InC)
		})
	})
	d.Weight.setGrad(&d.dW)
	d.Bias.setGrad(&d.dB)
	return dx
}

// eachRun walks output rows [lo, hi): f is called for each weight, whose
// channels start at tap, and the run of output pixels, which start at to, that
// see a run of input pixels, from `from` on, through it.
func (d *Depthwise) eachRun(lo, hi int, f func(tap, from, to, pixels int)) {
	for r := lo; r < hi; r++ {
		picture, top := r/d.outH*d.InH, r%d.outH*d.Stride-d.padAbove
		for ky := max(-top, 0); ky < min(d.Kernel, d.InH-top); ky++ {
			for kx := range d.Kernel {
				left := kx - d.padBefore
				first := (max(-left, 0) + d.Stride - 1) / d.Stride
				pixels := min((d.InW-1-left)/d.Stride+1, d.outW) - first
				if left >= d.InW || pixels <= 0 {
					continue
				}
				from := (picture+top+ky)*d.InW + first*d.Stride + left
				f((ky*d.Kernel+kx)*d.InC, from*d.InC, (r*d.outW+first)*d.InC, pixels)
			}
		}
	}
}

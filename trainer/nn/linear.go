package nn

import (
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Dense is a fully connected layer; it flattens what it is given.
type Dense struct {
	In, Out      int
	Weight, Bias *Param // (Out, In) and (Out)
	x            *tensor.Dense
	y, dx        buffer
}

// NewDense makes a fully connected layer for pictures of shape in.
func NewDense(in []int, out int, rng *rand.Rand) *Dense {
	d := &Dense{In: tensor.Shape(in).TotalSize(), Out: out}
	d.Weight, d.Bias = newParam("weight", true, out, d.In), newParam("bias", false, out)
	d.Weight.heNormal(d.In, rng)
	return d
}

func (d *Dense) Name() string     { return "dense" }
func (d *Dense) Params() []*Param { return []*Param{d.Weight, d.Bias} }
func (d *Dense) Shape() []int     { return []int{d.Out} }

func (d *Dense) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	n := x.Shape()[0]
	d.x = x
	y := d.y.get(n, d.Out)
	matmul(y, view(floats(x), n, d.In), transposed(floats(d.Weight.Value), d.Out, d.In))
	out := floats(y)
	for i := range n {
		addTo(out[i*d.Out:(i+1)*d.Out], floats(d.Bias.Value))
	}
	return y
}

func (d *Dense) Backward(dy *tensor.Dense) *tensor.Dense {
	n := dy.Shape()[0]
	g := floats(dy)
	matmul(d.Weight.Grad, transposed(g, n, d.Out), view(floats(d.x), n, d.In))
	dB := floats(d.Bias.Grad)
	clear(dB)
	for i := range n {
		addTo(dB, g[i*d.Out:(i+1)*d.Out])
	}
	dx := d.dx.get(d.x.Shape()...)
	matmul(view(floats(dx), n, d.In), view(g, n, d.Out), d.Weight.Value)
	return dx
}

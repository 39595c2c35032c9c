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
	repeat(floats(y), floats(d.Bias.Value))
	gemm(plain, across, n, d.Out, d.In, floats(x), floats(d.Weight.Value), 1, floats(y))
	return y
}

func (d *Dense) Backward(dy *tensor.Dense) *tensor.Dense {
	n := dy.Shape()[0]
	g := floats(dy)
	gemm(across, plain, d.Out, d.In, n, g, floats(d.x), 0, floats(d.Weight.Grad))
	clear(floats(d.Bias.Grad))
	addColumns(floats(d.Bias.Grad), g)
	dx := d.dx.get(d.x.Shape()...)
	gemm(plain, plain, n, d.In, d.Out, g, floats(d.Weight.Value), 0, floats(dx))
	return dx
}

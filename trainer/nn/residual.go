package nn

import (
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Residual adds what its body makes of a picture to what its shortcut makes of
// it (He et al., 2016, "Deep Residual Learning for Image Recognition", figure
// 2). An empty shortcut passes the picture on as it is. The ReLU after the sum
// is a layer of its own.
type Residual struct {
	Body, Shortcut []Layer
	y, dx          buffer
}

// NewResidual makes the basic block for pictures of shape in (height, width,
// channels): two normalised 3x3 convolutions with a ReLU between them, of which
// the first steps stride pixels. Where the shape changes, the shortcut is a
// normalised 1x1 convolution.
func NewResidual(in []int, channels, stride int, rng *rand.Rand) *Residual {
	first := NewConv(in, channels, 3, stride, rng)
	shape := first.Shape()
	r := &Residual{Body: []Layer{
		first, NewBatchNorm(shape), NewReLU(shape),
		NewConv(shape, channels, 3, 1, rng), NewBatchNorm(shape),
	}}
	if stride != 1 || channels != in[2] {
		r.Shortcut = []Layer{NewConv(in, channels, 1, stride, rng), NewBatchNorm(shape)}
	}
	return r
}

func (r *Residual) Name() string     { return "residual block" }
func (r *Residual) Params() []*Param { return params(r.Children()) }
func (r *Residual) Shape() []int     { return r.Body[len(r.Body)-1].Shape() }

// Children are the body's layers, then the shortcut's.
func (r *Residual) Children() []Layer {
	return append(append([]Layer(nil), r.Body...), r.Shortcut...)
}

func (r *Residual) Forward(x *tensor.Dense, train bool) *tensor.Dense {
	return r.Add(forward(r.Body, x, train), forward(r.Shortcut, x, train))
}

// Add is the block's sum, of what body and shortcut made of its input.
func (r *Residual) Add(body, shortcut *tensor.Dense) *tensor.Dense {
	y := r.y.get(body.Shape()...)
	addInto(y, body, shortcut)
	return y
}

func (r *Residual) Backward(dy *tensor.Dense) *tensor.Dense {
	body, shortcut := backward(r.Body, dy), backward(r.Shortcut, dy)
	dx := r.dx.get(body.Shape()...)
	addInto(dx, body, shortcut)
	return dx
}

// addInto writes a + b to dst, on all cores.
func addInto(dst, a, b *tensor.Dense) {
	y, u, v := floats(dst), floats(a), floats(b)
	eachShard(len(y), func(_, lo, hi int) { sum(y[lo:hi], u[lo:hi], v[lo:hi]) })
}

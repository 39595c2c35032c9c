package nn

import (
	"math"

	"gorgonia.org/tensor"
)

// ReLU is max(0, x), at most Limit.
type ReLU struct {
	Limit float32 // +Inf for none
	shape []int
	y, dx buffer
}

// NewReLU makes a ReLU for pictures of shape in.
func NewReLU(in []int) *ReLU { return &ReLU{Limit: float32(math.Inf(1)), shape: in} }

// NewReLU6 makes a ReLU that is at most 6 (Krizhevsky, 2010, "Convolutional Deep
// Belief Networks on CIFAR-10").
func NewReLU6(in []int) *ReLU { return &ReLU{Limit: 6, shape: in} }

func (r *ReLU) Name() string {
	if r.Limit == 6 {
		return "ReLU6"
	}
	return "ReLU"
}

func (r *ReLU) Params() []*Param { return nil }
func (r *ReLU) Shape() []int     { return r.shape }

func (r *ReLU) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	y := r.y.get(x.Shape()...)
	in, out := floats(x), floats(y)
	eachShard(len(in), func(_, lo, hi int) {
		clamp(out[lo:hi], in[lo:hi], r.Limit)
	})
	return y
}

func (r *ReLU) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := r.dx.get(dy.Shape()...)
	y, g, d := floats(r.y.t), floats(dy), floats(dx)
	eachShard(len(d), func(_, lo, hi int) {
		clampBack(d[lo:hi], g[lo:hi], y[lo:hi], r.Limit)
	})
	return dx
}

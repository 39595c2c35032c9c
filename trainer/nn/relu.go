package nn

import "gorgonia.org/tensor"

// ReLU is max(0, x).
type ReLU struct {
	shape []int
	y, dx buffer
}

// NewReLU makes a ReLU for pictures of shape in.
func NewReLU(in []int) *ReLU { return &ReLU{shape: in} }

func (r *ReLU) Name() string     { return "ReLU" }
func (r *ReLU) Params() []*Param { return nil }
func (r *ReLU) Shape() []int     { return r.shape }

func (r *ReLU) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	y := r.y.get(x.Shape()...)
	in, out := floats(x), floats(y)
	eachShard(len(in), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			out[i] = max(in[i], 0)
		}
	})
	return y
}

func (r *ReLU) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := r.dx.get(dy.Shape()...)
	y, g, d := floats(r.y.t), floats(dy), floats(dx)
	eachShard(len(d), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			if y[i] > 0 {
				d[i] = g[i]
			} else {
				d[i] = 0
			}
		}
	})
	return dx
}

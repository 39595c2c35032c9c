package nn

import (
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Dropout sets a share of its inputs to zero while training and scales the
// rest up so that their expectation stays (Srivastava et al., 2014).
type Dropout struct {
	Rate  float64
	shape []int
	rng   *rand.Rand
	keep  []float32
	y, dx buffer
}

// NewDropout makes a dropout of rate in [0, 1) for pictures of shape in. Seed
// has to be called before it trains.
func NewDropout(in []int, rate float64) *Dropout {
	return &Dropout{Rate: rate, shape: in}
}

// Seed sets the source of the choices of what to drop.
func (d *Dropout) Seed(rng *rand.Rand) { d.rng = rng }

func (d *Dropout) Name() string     { return "dropout" }
func (d *Dropout) Params() []*Param { return nil }
func (d *Dropout) Shape() []int     { return d.shape }

func (d *Dropout) Forward(x *tensor.Dense, train bool) *tensor.Dense {
	if !train {
		return x
	}
	y := d.y.get(x.Shape()...)
	in, out := floats(x), floats(y)
	if len(d.keep) != len(in) {
		d.keep = make([]float32, len(in))
	}
	for i := range in {
		d.keep[i] = 0
		if d.rng.Float64() >= d.Rate {
			d.keep[i] = float32(1 / (1 - d.Rate))
		}
		out[i] = in[i] * d.keep[i]
	}
	return y
}

func (d *Dropout) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := d.dx.get(dy.Shape()...)
	g, out := floats(dy), floats(dx)
	for i := range g {
		out[i] = g[i] * d.keep[i]
	}
	return dx
}

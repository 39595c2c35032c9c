package nn

import (
	"math"

	"gorgonia.org/tensor"
)

// Adam's constants as its paper and Keras give them.
const (
	beta1, beta2 = 0.9, 0.999
	adamEpsilon  = 1e-7
)

// Adam is the optimiser of Kingma and Ba (2015, algorithm 1), with the weight
// decay taken apart from the gradient (Loshchilov and Hutter, 2019).
type Adam struct {
	Rate, Decay float64
	step        int
	params      []*Param
	m, v        []*tensor.Dense
}

// NewAdam makes an optimiser of params.
func NewAdam(params []*Param, rate, decay float64) *Adam {
	a := &Adam{Rate: rate, Decay: decay, params: params}
	for _, p := range params {
		a.m = append(a.m, zeros(p.Value.Shape()...))
		a.v = append(a.v, zeros(p.Value.Shape()...))
	}
	return a
}

// Step moves the parameters against their gradients.
func (a *Adam) Step() {
	a.step++
	rate := a.Rate * math.Sqrt(1-math.Pow(beta2, float64(a.step))) / (1 - math.Pow(beta1, float64(a.step)))
	for i, p := range a.params {
		if p.Rate == 0 {
			continue
		}
		w, g, m, v := floats(p.Value), floats(p.Grad), floats(a.m[i]), floats(a.v[i])
		var decay float32
		if p.Decay {
			decay = float32(p.Rate * a.Rate * a.Decay)
		}
		eachShard(len(w), func(_, lo, hi int) {
			for j := lo; j < hi; j++ {
				m[j] += (1 - beta1) * (g[j] - m[j])
				v[j] += (1 - beta2) * (g[j]*g[j] - v[j])
				w[j] -= float32(p.Rate*rate)*m[j]/(float32(math.Sqrt(float64(v[j])))+adamEpsilon) + decay*w[j]
			}
		})
	}
}

// State is the optimiser's moments, in a fixed order.
func (a *Adam) State() [][]float32 {
	var s [][]float32
	for i := range a.params {
		s = append(s, floats(a.m[i]), floats(a.v[i]))
	}
	return s
}

// Steps is how many steps were taken.
func (a *Adam) Steps() int { return a.step }

// Resume continues after the given number of steps.
func (a *Adam) Resume(steps int) { a.step = steps }

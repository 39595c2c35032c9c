package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func testRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// spread fills t with values that lie at least a step apart, in random order,
// so that no ReLU or maximum changes sides within a finite difference.
func spread(t *tensor.Dense, rng *rand.Rand) {
	v := floats(t)
	for i, j := range rng.Perm(len(v)) {
		v[i] = (float32(j) - float32(len(v))/2 + 0.5) * 3 / float32(len(v))
	}
}

func layers(rng *rand.Rand) map[string]struct {
	layer Layer
	in    []int
} {
	type c = struct {
		layer Layer
		in    []int
	}
	return map[string]c{
		"conv 3x3":            {NewConv([]int{5, 4, 2}, 3, 3, 1, rng), []int{5, 4, 2}},
		"conv 5x5":            {NewConv([]int{4, 6, 3}, 2, 5, 1, rng), []int{4, 6, 3}},
		"conv 1x1":            {NewConv([]int{3, 3, 4}, 5, 1, 1, rng), []int{3, 3, 4}},
		"conv one pixel":      {NewConv([]int{1, 1, 2}, 3, 3, 1, rng), []int{1, 1, 2}},
		"conv stride 2":       {NewConv([]int{6, 5, 2}, 3, 3, 2, rng), []int{6, 5, 2}},
		"conv 1x1 by 2":       {NewConv([]int{5, 4, 3}, 2, 1, 2, rng), []int{5, 4, 3}},
		"depthwise":           {NewDepthwise([]int{4, 5, 3}, 3, 1, rng), []int{4, 5, 3}},
		"depthwise by 2":      {NewDepthwise([]int{6, 5, 2}, 5, 2, rng), []int{6, 5, 2}},
		"depthwise one pixel": {NewDepthwise([]int{1, 1, 2}, 3, 1, rng), []int{1, 1, 2}},
		"conv wider than it":  {NewConv([]int{2, 2, 2}, 2, 5, 1, rng), []int{2, 2, 2}},
		"conv wider by 2":     {NewConv([]int{4, 3, 2}, 2, 7, 2, rng), []int{4, 3, 2}},
		"residual":            {&Residual{Body: []Layer{NewConv([]int{4, 3, 2}, 2, 3, 1, rng)}}, []int{4, 3, 2}},
		"residual by 2":       {smoothResidual(rng), []int{5, 4, 2}},
		"max pool":            {NewMaxPool([]int{4, 6, 3}), []int{4, 6, 3}},
		"max pool odd":        {NewMaxPool([]int{5, 3, 2}), []int{5, 3, 2}},
		"ReLU":                {NewReLU([]int{3, 4, 2}), []int{3, 4, 2}},
		"ReLU limited":        {&ReLU{Limit: 1, shape: []int{3, 4, 2}}, []int{3, 4, 2}},
		"dense":               {NewDense([]int{2, 3, 2}, 4, rng), []int{2, 3, 2}},
		"dense one":           {NewDense([]int{7}, 1, rng), []int{7}},
		"batch norm":          {NewBatchNorm([]int{3, 2, 3}), []int{3, 2, 3}},
		"dropout":             {NewDropout([]int{3, 4, 2}, 0.4), []int{3, 4, 2}},
		"global average":      {NewGlobalAverage([]int{3, 4, 2}), []int{3, 4, 2}},
		"conv of colours":     {NewConv([]int{5, 4, 3}, 2, 3, 1, rng), []int{5, 4, 3}},
		"batch norm of many":  {NewBatchNorm([]int{3, 2, 19}), []int{3, 2, 19}},
	}
}

// smoothResidual is a block that changes the shape, without its inner ReLU,
// which would change sides within a finite difference.
func smoothResidual(rng *rand.Rand) *Residual {
	r := NewResidual([]int{5, 4, 2}, 3, 2, rng)
	r.Body = slices.DeleteFunc(r.Body, func(l Layer) bool { _, is := l.(*ReLU); return is })
	return r
}

// TestGradients holds every layer's Backward against central differences of a
// random weighting of its Forward, for its input and each of its parameters.
func TestGradients(t *testing.T) {
	for name, c := range layers(testRand()) {
		for _, batch := range []int{1, 3, 6} {
			t.Run(fmt.Sprintf("%s/batch %d", name, batch), func(t *testing.T) {
				rng := testRand()
				x := zeros(append([]int{batch}, c.in...)...)
				spread(x, rng)
				if d, ok := c.layer.(*Dropout); ok {
					d.Seed(testRand())
				}
				y := c.layer.Forward(x, true)
				weighting := zeros(y.Shape()...)
				for i, w := 0, floats(weighting); i < len(w); i++ {
					w[i] = float32(rng.NormFloat64())
				}
				loss := func() float64 {
					if d, ok := c.layer.(*Dropout); ok {
						d.Seed(testRand())
					}
					sum := 0.0
					for i, v := range floats(c.layer.Forward(x, true)) {
						sum += float64(v) * float64(floats(weighting)[i])
					}
					return sum
				}
				loss()
				dx := append([]float32(nil), floats(c.layer.Backward(weighting))...)
				compare(t, "input", floats(x), dx, loss)
				for _, p := range c.layer.Params() {
					compare(t, p.Name, floats(p.Value), append([]float32(nil), floats(p.Grad)...), loss)
				}
			})
		}
	}
}

// compare checks the gradient g of loss with respect to v, number by number.
func compare(t *testing.T, what string, v, g []float32, loss func() float64) {
	t.Helper()
	const step = 1e-2
	worst := 0.0
	for i, at := range v {
		v[i] = at + step
		up := loss()
		v[i] = at - step
		down := loss()
		v[i] = at
		want := (up - down) / (2 * step)
		worst = max(worst, math.Abs(want-float64(g[i]))/max(1, math.Abs(want)))
	}
	if !(worst < 5e-3) {
		t.Errorf("gradient of the %s is off by %.2g of its size", what, worst)
	}
}

func TestCrossEntropyGradient(t *testing.T) {
	mixed := zeros(4, 3)
	copy(floats(mixed), []float32{0.2, 0, 0.8, 1, 0, 0, 0.1, 0.6, 0.3, 0.5, 0.5, 0})
	for name, targets := range map[string]*tensor.Dense{
		"labels": Targets([]int{2, 0, 1, 1}, 3, 0), "smoothed": Targets([]int{2, 0, 1, 1}, 3, 0.1), "mixed": mixed,
	} {
		t.Run(name, func(t *testing.T) {
			x := zeros(4, 3)
			spread(x, testRand())
			_, grad := CrossEntropy(x, targets)
			compare(t, "logits", floats(x), floats(grad), func() float64 {
				loss, _ := CrossEntropy(x, targets)
				return loss
			})
		})
	}
}

func TestCrossEntropyOfCertainAndUniform(t *testing.T) {
	uniform, _ := CrossEntropy(view(make([]float32, 8), 2, 4), Targets([]int{0, 3}, 4, 0))
	if math.Abs(uniform-math.Log(4)) > 1e-9 {
		t.Errorf("four equal logits: loss %v, want ln 4", uniform)
	}
	certain, _ := CrossEntropy(view([]float32{1000, -1000}, 1, 2), Targets([]int{0}, 2, 0))
	if certain != 0 {
		t.Errorf("a certain answer: loss %v, want 0", certain)
	}
}

// TestBatchNormInference: once the running figures have settled on a batch,
// the folded map gives what training's normalisation gives.
func TestBatchNormInference(t *testing.T) {
	b := NewBatchNorm([]int{4, 4, 2})
	x := zeros(8, 4, 4, 2)
	spread(x, testRand())
	for range 300 {
		b.Forward(x, true)
	}
	trained := append([]float32(nil), floats(b.Forward(x, true))...)
	for i, v := range floats(b.Forward(x, false)) {
		if math.Abs(float64(v-trained[i])) > 1e-4 {
			t.Fatalf("element %d: %v when training, %v after", i, trained[i], v)
		}
	}
}

func TestDropoutKeepsTheMean(t *testing.T) {
	d := NewDropout([]int{10000}, 0.3)
	d.Seed(testRand())
	x := zeros(1, 10000)
	for i := range floats(x) {
		floats(x)[i] = 1
	}
	sum, dropped := 0.0, 0
	for _, v := range floats(d.Forward(x, true)) {
		sum += float64(v)
		if v == 0 {
			dropped++
		}
	}
	if math.Abs(sum/10000-1) > 0.03 || math.Abs(float64(dropped)/10000-0.3) > 0.03 {
		t.Errorf("mean %v, %d of 10000 dropped", sum/10000, dropped)
	}
	if d.Forward(x, false) != x {
		t.Error("dropout changed something outside training")
	}
}

// TestAdamFindsAMinimum: a quadratic's minimum, from Kingma and Ba's rule.
func TestAdamFindsAMinimum(t *testing.T) {
	p := newParam("p", false, 3)
	a := NewAdam([]*Param{p}, 0.05, 0)
	target := []float32{1, -2, 0.5}
	for range 500 {
		for i, v := range floats(p.Value) {
			floats(p.Grad)[i] = 2 * (v - target[i])
		}
		a.Step()
	}
	for i, v := range floats(p.Value) {
		if math.Abs(float64(v-target[i])) > 1e-2 {
			t.Errorf("parameter %d settled at %v, want %v", i, v, target[i])
		}
	}
}

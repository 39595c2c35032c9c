package nn

import (
	"math"
	"slices"
	"testing"
)

func residualNetwork() *Network {
	rng := testRand()
	first := NewResidual([]int{6, 6, 2}, 3, 2, rng)
	second := NewResidual(first.Shape(), 3, 1, rng)
	second.Body = append(second.Body, NewDropout(second.Shape(), 0.5))
	mean := NewGlobalAverage(second.Shape())
	return &Network{Layers: []Layer{first, NewReLU(first.Shape()), second, mean, NewDense(mean.Shape(), 4, rng)}}
}

func TestResidualShortcut(t *testing.T) {
	for _, c := range []struct {
		in                          []int
		channels, stride, shortcuts int
		out                         []int
	}{
		{[]int{6, 5, 3}, 3, 1, 0, []int{6, 5, 3}},
		{[]int{6, 5, 3}, 4, 1, 2, []int{6, 5, 4}},
		{[]int{6, 5, 3}, 3, 2, 2, []int{3, 3, 3}},
	} {
		r := NewResidual(c.in, c.channels, c.stride, testRand())
		if len(r.Shortcut) != c.shortcuts || !slices.Equal(r.Shape(), c.out) {
			t.Errorf("%+v: %d layers beside, shape %v", c, len(r.Shortcut), r.Shape())
		}
	}
}

// TestStateReachesIntoResiduals: what State gives decides the answer wholly.
func TestStateReachesIntoResiduals(t *testing.T) {
	one, other := residualNetwork(), residualNetwork()
	x := zeros(2, 6, 6, 2)
	spread(x, testRand())
	for i, s := range one.State() {
		for j := range s {
			s[j] += 0.01 * float32(i+j%5)
		}
	}
	want := append([]float32(nil), floats(one.Forward(x, false))...)
	if slices.Equal(floats(other.Forward(x, false)), want) {
		t.Fatal("the changed state changes nothing")
	}
	for i, s := range other.State() {
		copy(s, one.State()[i])
	}
	if got := floats(other.Forward(x, false)); !slices.Equal(got, want) {
		t.Errorf("with the same state: %v, want %v", got, want)
	}
}

func TestAllReachesIntoResiduals(t *testing.T) {
	var names []string
	for l := range residualNetwork().All() {
		names = append(names, l.Name())
	}
	block := []string{"convolution", "batch normalisation", "ReLU", "convolution", "batch normalisation"}
	want := slices.Concat(block, block[:2], []string{"ReLU"}, block, []string{"dropout", "global average pool", "dense"})
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	for l := range residualNetwork().All() {
		if l.Name() == "ReLU" {
			break // a walk that is broken off calls nothing more
		}
	}
}

// TestRatesOfParameters: what has no rate stays, and costs no backward pass.
func TestRatesOfParameters(t *testing.T) {
	moved := func(rate float64) (body, head float64) {
		n := residualNetwork()
		for _, l := range n.Layers[:4] {
			for _, p := range l.Params() {
				p.Rate = rate
			}
		}
		params := n.Params()
		before := make([][]float32, len(params))
		for i, p := range params {
			before[i] = slices.Clone(floats(p.Value))
		}
		for l := range n.All() {
			if d, ok := l.(*Dropout); ok {
				d.Seed(testRand())
			}
		}
		x := zeros(3, 6, 6, 2)
		spread(x, testRand())
		y := n.Forward(x, true)
		n.Backward(y)
		NewAdam(params, 0.01, 0.1).Step()
		for i, p := range params {
			for j, v := range floats(p.Value) {
				step := math.Abs(float64(v - before[i][j]))
				if i < len(params)-2 {
					body = max(body, step)
				} else {
					head = max(head, step)
				}
			}
		}
		return body, head
	}
	frozen, head := moved(0)
	if frozen != 0 || head < 0.009 {
		t.Errorf("without a rate the body moves by %v, the head by %v", frozen, head)
	}
	tenth, _ := moved(0.1)
	if whole, _ := moved(1); tenth <= 0 || math.Abs(whole/tenth-10) > 0.5 {
		t.Errorf("the body moves by %v with a rate, by %v with a tenth of it", whole, tenth)
	}
}

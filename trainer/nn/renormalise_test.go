package nn

import (
	"math"
	"slices"
	"testing"
)

// TestRenormaliseChangesNoAnswer: behind every convolution comes a normalisation,
// and the pictures that it was made for are answered as before.
func TestRenormaliseChangesNoAnswer(t *testing.T) {
	rng := testRand()
	stem := NewConv([]int{8, 8, 3}, 4, 3, 2, rng)
	stem.InputGradient = false
	block := &Residual{
		Body:     []Layer{NewConv([]int{4, 4, 4}, 6, 3, 1, rng), NewReLU([]int{4, 4, 6}), NewDepthwise([]int{4, 4, 6}, 3, 1, rng)},
		Shortcut: []Layer{NewConv([]int{4, 4, 4}, 6, 1, 1, rng)},
	}
	identity := &Residual{Body: []Layer{NewConv([]int{4, 4, 6}, 6, 3, 1, rng), NewBatchNorm([]int{4, 4, 6})}}
	mean := NewGlobalAverage([]int{4, 4, 6})
	n := &Network{Layers: []Layer{stem, NewReLU([]int{4, 4, 4}), block, NewReLU([]int{4, 4, 6}), identity, mean, NewDense([]int{6}, 3, rng)}}
	for _, p := range n.Params() {
		p.Rate = 0.5
		if p.Name == "bias" {
			spread(p.Value, rng)
		}
	}
	clear(floats(stem.Weight.Value)[:27]) // a channel that is dead
	x := zeros(5, 8, 8, 3)
	spread(x, rng)
	for range 200 { // the normalisation that is there already learns its figures
		n.Forward(x, true)
	}
	want := slices.Clone(floats(n.Forward(x, false)))
	norms := func() (count int) {
		for l := range n.All() {
			if isNorm(l) {
				count++
			}
		}
		return count
	}
	if norms() != 1 {
		t.Fatalf("%d normalisations to begin with, want 1", norms())
	}
	n.Renormalise(x)
	if norms() != 5 {
		t.Errorf("%d normalisations, want one behind each of 5 convolutions", norms())
	}
	for _, train := range []bool{false, true} {
		for i, v := range floats(n.Forward(x, train)) {
			if math.Abs(float64(v-want[i])) > 1e-3 {
				t.Errorf("train %v: logit %d is %v, was %v", train, i, v, want[i])
			}
		}
	}
	squares := 0.0
	for _, w := range floats(block.Shortcut[0].(*Conv).Weight.Value)[:4] {
		squares += float64(w) * float64(w)
	}
	if math.Abs(squares-2) > 1e-4 {
		t.Errorf("the squares of a channel's weights add up to %v, want 2", squares)
	}
	for _, p := range block.Body[1].Params() {
		if p.Rate != 0.5 {
			t.Errorf("the rate of %q is %v, want its convolution's", p.Name, p.Rate)
		}
	}
}

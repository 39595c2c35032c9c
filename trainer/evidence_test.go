package trainer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"canting/trainer/dataset"
	"canting/trainer/picture"
)

// drawExamples are features around a mean for each of two labels and for none of
// them; a third feature never changes.
func drawExamples(rng *rand.Rand, n int) []example {
	means := map[int][2]float32{0: {4, 0}, 1: {0, 40}, dataset.NoMotif: {0, 0}}
	var all []example
	for i := range n {
		label := i%3 - 1
		at := means[label]
		all = append(all, example{
			features: []float32{at[0] + float32(rng.NormFloat64()), at[1] + 10*float32(rng.NormFloat64()), 7},
			label:    label,
		})
	}
	return all
}

func TestEvidenceSpeaksForTheLabels(t *testing.T) {
	d, err := newDoubt(drawExamples(rand.New(rand.NewPCG(1, 1)), 3000), 2)
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, e := range drawExamples(rand.New(rand.NewPCG(2, 2)), 3000) {
		if (d.Evidence(e.features) > 0) != (e.label != dataset.NoMotif) {
			wrong++
		}
	}
	if wrong > 300 { // the means are four deviations apart, and none lies between both
		t.Errorf("%d of 3000 are taken for the other kind", wrong)
	}
	if near, far := d.Evidence([]float32{4, 0, 7}), d.Evidence([]float32{0, 0, 7}); near < 1 || far > -1 {
		t.Errorf("the evidence is %v at a label's mean and %v at that of none", near, far)
	}
	if a, b := d.Evidence([]float32{4, 0, 7}), d.Evidence([]float32{4, 0, 90}); a != b {
		t.Errorf("a feature that never changed makes %v of %v", b, a)
	}
}

// The gradient is the loss's.
func TestEvidenceGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	examples := drawExamples(rng, 60)
	examples[2].own = true
	x := features(examples)
	standardise(x)
	r := &regression{x: x, labels: 2, classes: 4, examples: examples}
	r.weights = r.weigh()
	at := make([]float64, 16)
	for i := range at {
		at[i] = rng.NormFloat64()
	}
	got := make([]float64, len(at))
	r.gradient(got, at)
	const step = 1e-5
	for i, v := range at {
		at[i] = v + step
		above := r.loss(at)
		at[i] = v - step
		below := r.loss(at)
		at[i] = v
		if want := (above - below) / (2 * step); math.Abs(got[i]-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("slope %d is %v, by differences %v", i, got[i], want)
		}
	}
}

// However few a curator's own pictures of nothing are, they are a kind of their own and
// count as much as all the drawn ones.
func TestOwnPicturesOfNothingCountAsMuchAsDrawnOnes(t *testing.T) {
	examples := drawExamples(rand.New(rand.NewPCG(4, 4)), 300)
	for range 2 {
		examples = append(examples, example{features: []float32{4, -60, 7}, label: dataset.NoMotif, own: true})
	}
	var sums [4]float64
	for i, w := range (&regression{labels: 2, classes: 4, examples: examples}).weigh() {
		kind := examples[i].label + 1
		if examples[i].own {
			kind = 3
		}
		sums[kind] += w
	}
	for kind, want := range [4]float64{1. / 4, 1. / 4, 1. / 4, 1. / 4} {
		if math.Abs(sums[kind]-want) > 1e-9 {
			t.Errorf("kind %d counts %v, want %v", kind, sums[kind], want)
		}
	}
	without, err := newDoubt(examples[:300], 2)
	if err != nil {
		t.Fatal(err)
	}
	with, err := newDoubt(examples, 2)
	if err != nil {
		t.Fatal(err)
	}
	if without.Others != 0 || with.Others != 1 || with.Labels() != 2 {
		t.Fatalf("the kinds of none besides drawn ones are %d and %d", without.Others, with.Others)
	}
	own := examples[300].features
	if with.Evidence(own) > without.Evidence(own)-0.5 {
		t.Errorf("two pictures of its own make evidence of %v for what had %v", with.Evidence(own), without.Evidence(own))
	}
}

func TestSomeOfEach(t *testing.T) {
	var all []picture.Picture
	for i := range 1000 {
		label := 0
		if i == 500 {
			label = 1
		}
		all = append(all, picture.Picture{Sample: dataset.Sample{Path: fmt.Sprint(i), Label: label}})
	}
	some := someOfEach(all, 10)
	if len(some) != 11 || some[10].Label != 1 || some[0].Path != "0" || some[9].Path == "9" {
		t.Errorf("of 999 and 1 pictures there are %d", len(some))
	}
}

func TestTooManyFeaturesForDoubt(t *testing.T) {
	if d, err := newDoubt([]example{{features: make([]float32, 1<<17+1)}}, 2); d != nil || err != nil {
		t.Errorf("got %v, %v", d, err)
	}
	examples := []example{{features: make([]float32, 1<<17)}, {features: make([]float32, 1<<17), label: dataset.NoMotif}}
	examples[0].features[0] = 1
	if d, err := newDoubt(examples, 2); d == nil || err != nil {
		t.Errorf("as many as a model may carry give %v, %v", d, err)
	}
}

package trainer

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Features drawn around two means with a known spread: a step of one spread is a
// distance of 1, whichever way it goes.
func TestSpaceMeasuresInSpreads(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	means := [][]float64{{5, 0, 1}, {-5, 2, 1}}
	draw := func(label int) []float32 {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		return []float32{float32(means[label][0] + 2*a), float32(means[label][1] + a + 0.1*b), float32(means[label][2])}
	}
	var features [][]float32
	var labels []int
	for i := range 4000 {
		features, labels = append(features, draw(i%2)), append(labels, i%2)
	}
	d, err := newSpace(features, labels, 2)
	if err != nil {
		t.Fatal(err)
	}
	room := make([]float32, d.Axes.Rows())
	for _, c := range []struct {
		at   []float32
		want float64
	}{
		{[]float32{5, 0, 1}, 0},
		{[]float32{-5, 2, 1}, 0},
		{[]float32{7, 1, 1}, 1},             // a = 1
		{[]float32{5, 0.3, 1}, 3},           // b = 3
		{[]float32{-7, 1.1, 1}, math.Sqrt2}, // a = -1, b = 1
	} {
		if got := float64(d.Nearest(c.at, room)); math.Abs(got-c.want) > 0.1+0.05*c.want {
			t.Errorf("%v is %.3f away, want %.3f", c.at, got, c.want)
		}
	}
	// The third feature never changed: whatever else it is, is far.
	if got := d.Nearest([]float32{5, 0, 1.5}, room); got < 5 {
		t.Errorf("a feature that never changed did, and is %v away", got)
	}
}

// As few pictures as features leave directions without any spread; shrinkage
// gives them one.
func TestSpaceOfFewPictures(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	features, labels := make([][]float32, 20), make([]int, 20)
	for i := range features {
		features[i] = make([]float32, 60)
		for j := range features[i] {
			features[i][j] = rng.Float32()
		}
		labels[i] = i % 3
	}
	d, err := newSpace(features, labels, 3)
	if err != nil {
		t.Fatal(err)
	}
	room := make([]float32, 60)
	other := make([]float32, 60)
	for j := range other {
		other[j] = rng.Float32()
	}
	if near, far := d.Nearest(features[0], room), d.Nearest(other, room); !(near > 0 && near < far && far < 1000) {
		t.Errorf("a picture of its own is %v away, another %v", near, far)
	}
	if d, err := newSpace([][]float32{make([]float32, maxFeatures+1)}, []int{0}, 1); d != nil || err != nil {
		t.Errorf("too many features give %v, %v", d, err)
	}
}

package infer

import (
	"fmt"
	"math"
)

// checkDoubt holds what the metadata say of doubt against the model itself.
func (m *Model) checkDoubt() error {
	d := m.canting.Doubt
	if d == nil {
		return nil
	}
	f := m.plan.features
	if f == nil {
		return fmt.Errorf("the metadata tell how to doubt the model's features, and it does not end in a fully connected layer")
	}
	if d.Axes.Columns != f.n || d.Means.Rows() != len(m.labels) {
		return fmt.Errorf("the metadata tell how to doubt %d features of %d labels, the model has %d of %d",
			d.Axes.Columns, d.Means.Rows(), f.n, len(m.labels))
	}
	return nil
}

// Distance is how far the features of the last Run lie from the nearest label's
// mean, in units of the labels' spread. It is 0 for a model whose metadata do not
// tell, and the same bits on every architecture.
func (s *Session) Distance() float32 {
	d := s.model.canting.Doubt
	if d == nil {
		return 0
	}
	features := s.Features()
	for i := range s.coordinates {
		s.coordinates[i] = dot(d.Axes.Row(i), features)
	}
	nearest := float32(math.MaxFloat32)
	for label := range d.Means.Rows() {
		var sum float32
		for i, mean := range d.Means.Row(label) {
			gap := s.coordinates[i] - mean
			sum += float32(gap * gap)
		}
		nearest = min(nearest, sum)
	}
	return float32(math.Sqrt(float64(nearest)))
}

// dot keeps the compiler from fusing products and sums, which some architectures
// would.
func dot(a, b []float32) (sum float32) {
	for i, v := range a {
		sum += float32(v * b[i])
	}
	return sum
}

// Familiarity tells from 0 to 1 how much a picture is like those of the model's
// labels, by the probability of its likeliest label and its Distance, either of
// which may be a mean over several frames. For a model whose metadata do not tell
// it is that probability.
func (m *Model) Familiarity(probability, distance float32) float64 {
	d := m.canting.Doubt
	if d == nil {
		return float64(probability)
	}
	x := d.Bias + d.Distance*float64(distance) + d.Confidence*math.Log(max(float64(probability), leastProbability))
	return 1 / (1 + math.Exp(-x))
}

package infer

import "fmt"

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
// mean: metadata.Doubt's Nearest. It is 0 for a model whose metadata do not tell.
func (s *Session) Distance() float32 {
	d := s.model.canting.Doubt
	if d == nil {
		return 0
	}
	return d.Nearest(s.Features(), s.coordinates)
}

// Familiarity tells from 0 to 1 how much a picture is like those of the model's
// labels, by the probability of its likeliest label and its Distance, either of
// which may be a mean over several frames. For a model whose metadata do not tell
// it is that probability.
func (m *Model) Familiarity(probability, distance float32) float64 {
	if d := m.canting.Doubt; d != nil {
		return d.Familiarity(probability, distance)
	}
	return float64(probability)
}

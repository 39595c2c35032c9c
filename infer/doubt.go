package infer

import (
	"fmt"

	"canting/infer/metadata"
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
	if d.Directions.Columns != f.n || d.Labels() != len(m.labels) {
		return fmt.Errorf("the metadata tell how to doubt %d features of %d labels, the model has %d of %d",
			d.Directions.Columns, d.Labels(), f.n, len(m.labels))
	}
	return nil
}

// Evidence is how much more the features of the last Run speak for one of the labels
// than for none: metadata.Doubt's Evidence. It is 0 for a model whose metadata do not
// tell.
func (s *Session) Evidence() float32 {
	d := s.model.canting.Doubt
	if d == nil {
		return 0
	}
	return d.Evidence(s.Features())
}

// Familiarity tells from 0 to 1 how much a picture is like those of the model's
// labels, by its Evidence, which may be a mean over several views and frames. For a
// model whose metadata do not tell it is the probability of the likeliest label.
func (m *Model) Familiarity(probability, evidence float32) float64 {
	if m.canting.Doubt != nil {
		return metadata.Familiarity(evidence)
	}
	return float64(probability)
}

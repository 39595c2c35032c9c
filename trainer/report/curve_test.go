package report

import (
	"strings"
	"testing"
)

// TestAdviceFollowsTheLastDoubling: a rise in every fold helps, none does not,
// and one that comes and goes cannot be told.
func TestAdviceFollowsTheLastDoubling(t *testing.T) {
	classes := []string{"kawung", "parang"}
	// of ten pictures a motif, how many are named right
	fold := func(kawung, parang int) Evaluation {
		var truth, predicted []int
		for label, right := range []int{kawung, parang} {
			for i := range 10 {
				truth = append(truth, label)
				if i >= right {
					label = 1 - label
				}
				predicted = append(predicted, label)
				label = truth[len(truth)-1]
			}
		}
		return Evaluate(classes, truth, predicted)
	}
	for want, folds := range map[string][2][]Evaluation{
		"More photographs would help. ": {{fold(5, 5), fold(5, 6), fold(6, 5)}, {fold(8, 9), fold(9, 9), fold(8, 9)}},
		"would hardly help. ":           {{fold(8, 9), fold(8, 9), fold(8, 9)}, {fold(8, 9), fold(8, 9), fold(8, 9)}},
		"cannot be told":                {{fold(5, 5), fold(9, 9), fold(5, 9)}, {fold(8, 9), fold(5, 9), fold(8, 9)}},
	} {
		c := Curve{Classes: classes, Folds: 3, Points: []CurvePoint{
			{Photographs: map[string]float64{"kawung": 10, "parang": 20}, Evaluations: folds[0]},
			{Photographs: map[string]float64{"kawung": 20, "parang": 40}, Evaluations: folds[1]},
		}}
		c.Conclude()
		if !strings.Contains(c.Advice, want) || !strings.Contains(c.Advice, "missed most is kawung") || !strings.Contains(c.Advice, "From 30 to 60") {
			t.Errorf("want %q: %s (%+v)", want, c.Advice, c.LastDoubling)
		}
	}
}

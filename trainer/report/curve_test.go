package report

import (
	"strings"
	"testing"
)

// TestAdviceFollowsTheLastDoubling: a rise in every fold helps, none does not, one
// that comes and goes cannot be told, and the motif to begin with is one that gained.
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
	times := func(n int, of ...Evaluation) (all []Evaluation) {
		for range n {
			all = append(all, of...)
		}
		return all
	}
	const missed = "missed most is kawung (80.0 % of its photographs are recognised, with 20 to train on)"
	for name, c := range map[string]struct {
		before, after []Evaluation
		want          []string
	}{
		"parang gains for certain": {
			[]Evaluation{fold(8, 3), fold(7, 4), fold(8, 3), fold(9, 3)},
			[]Evaluation{fold(8, 9), fold(8, 9), fold(8, 9), fold(7, 9)},
			[]string{"More photographs would help. ", "parang is missed most: from 20 to 40 of its photographs, those recognised rose from 32.5 to 90.0 %. Begin with it."},
		},
		"both gain": {
			[]Evaluation{fold(5, 5), fold(5, 6), fold(6, 5), fold(5, 5)},
			[]Evaluation{fold(8, 9), fold(9, 9), fold(8, 9), fold(7, 9)},
			[]string{"More photographs would help. ", "kawung is missed most: from 10 to 20"},
		},
		"nothing gains": {
			times(4, fold(8, 9)), times(4, fold(8, 9)), []string{"would hardly help. ", missed + ": see in a training's report"},
		},
		"it comes and goes": {
			[]Evaluation{fold(5, 5), fold(9, 9), fold(8, 9), fold(9, 9)},
			[]Evaluation{fold(8, 9), fold(5, 9), fold(9, 9), fold(10, 9)},
			[]string{"cannot be told from so few. ", missed + ": begin with it."},
		},
		"three folds alike tell nothing": {
			times(3, fold(5, 5)), times(3, fold(8, 9)), []string{"cannot be told from 3 trainings: take more folds. ", missed + ": begin with it."},
		},
	} {
		curve := Curve{Classes: classes, Folds: len(c.before), Points: []CurvePoint{
			{Photographs: map[string]float64{"kawung": 10, "parang": 20}, Evaluations: c.before},
			{Photographs: map[string]float64{"kawung": 20, "parang": 40}, Evaluations: c.after},
		}}
		curve.Conclude()
		for _, want := range append(c.want, "From 30 to 60") {
			if !strings.Contains(curve.Advice, want) {
				t.Errorf("%s: want %q: %s (%+v)", name, want, curve.Advice, curve.Gains)
			}
		}
	}
}

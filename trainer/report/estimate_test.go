package report

import (
	"math"
	"testing"
)

// TestOverFoldsByHand: n = 5 and k = 5 widen the textbook's interval, t = 2.776
// at 4 degrees of freedom, by the root of 1 + 5/4.
func TestOverFoldsByHand(t *testing.T) {
	e := OverFolds([]float64{0.70, 0.72, 0.74, 0.76, 0.78}, 5)
	deviation := math.Sqrt(0.001) // of the values: sum of squares 0.004 over 4
	want := 2.7764451 * deviation * math.Sqrt(1.0/5+1.0/4)
	if math.Abs(e.Mean-0.74) > 1e-12 || math.Abs(e.High-e.Mean-want) > 1e-7 || math.Abs(e.Mean-e.Low-want) > 1e-7 {
		t.Errorf("got %+v, want 0.74 ± %v", e, want)
	}
	if got := e.String(); got != "74.0 % (68.1 to 79.9)" {
		t.Errorf("it is written as %s", got)
	}
}

func TestFoldsOfPerfectAnswersStayWithinOne(t *testing.T) {
	classes := []string{"a", "b"}
	right := Evaluate(classes, []int{0, 1, 1}, []int{0, 1, 1})
	wrong := Evaluate(classes, []int{0, 1, 1}, []int{0, 1, 0})
	f := NewFolds(classes, []Evaluation{right, wrong}, 2)
	if math.Abs(f.Accuracy.Mean-5.0/6) > 1e-12 || f.Accuracy.High != 1 || f.MacroRecall.Mean != 0.875 || f.Accuracy.Low != 0 {
		t.Errorf("accuracy %+v, macro recall %+v", f.Accuracy, f.MacroRecall)
	}
	if f.Recall["a"] != (Estimate{1, 1, 1}) || f.Recall["b"].Mean != 0.75 {
		t.Errorf("recalls are %+v", f.Recall)
	}
}

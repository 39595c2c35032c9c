package report

import (
	"math"
	"reflect"
	"testing"
)

func TestEvaluateCountsByClass(t *testing.T) {
	classes := []string{"a", "b", "never tested"}
	truth := []int{0, 0, 0, 0, 1, 1}
	predicted := []int{0, 0, 0, 2, 1, -1}
	got := Evaluate(classes, truth, predicted)
	want := Evaluation{
		Accuracy:    4.0 / 6,
		MacroRecall: (3.0/4 + 1.0/2) / 2,
		PerClass:    map[string]ClassCount{"a": {3, 1}, "b": {1, 1}, "never tested": {0, 0}},
		Confusion:   [][]int{{3, 0, 1}, {0, 1, 0}, {0, 0, 0}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.Correct() != 4 || got.Wrong() != 2 || got.Total() != 6 {
		t.Errorf("%d right and %d wrong of %d, want 4 and 2 of 6", got.Correct(), got.Wrong(), got.Total())
	}
}

func TestEvaluateWithoutPictures(t *testing.T) {
	got := Evaluate([]string{"a", "b"}, nil, nil)
	if !math.IsNaN(got.Accuracy) || !math.IsNaN(got.MacroRecall) || got.Total() != 0 {
		t.Errorf("nothing was tested, yet %+v", got)
	}
}

// The published values are those of method 3 (score) in table I of Newcombe,
// "Two-sided confidence intervals for the single proportion: comparison of seven
// methods", Statistics in Medicine 17 (1998) 857-872.
func TestIntervalIsNewcombesScoreInterval(t *testing.T) {
	for _, c := range []struct {
		correct, total int
		lo, hi         float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0.0000, 0.1611},
		{1, 29, 0.0061, 0.1718},
	} {
		lo, hi := Interval(c.correct, c.total)
		if math.Abs(lo-c.lo) > 0.00005 || math.Abs(hi-c.hi) > 0.00005 {
			t.Errorf("Interval(%d, %d) = %.4f to %.4f, published %.4f to %.4f", c.correct, c.total, lo, hi, c.lo, c.hi)
		}
		lo, hi = Interval(c.total-c.correct, c.total)
		if math.Abs(lo-(1-c.hi)) > 0.00005 || math.Abs(hi-(1-c.lo)) > 0.00005 {
			t.Errorf("Interval(%d, %d) = %.4f to %.4f is not the mirror image", c.total-c.correct, c.total, lo, hi)
		}
	}
}

func TestIntervalAtItsEnds(t *testing.T) {
	for _, n := range []int{1, 7, 80, 1000} {
		if lo, _ := Interval(0, n); lo != 0 {
			t.Errorf("none of %d right: the interval begins at %g, not 0", n, lo)
		}
		if _, hi := Interval(n, n); math.Abs(hi-1) > 1e-12 || hi > 1 {
			t.Errorf("all of %d right: the interval ends at %g, not 1", n, hi)
		}
	}
	if lo, hi := Interval(0, 0); lo != 0 || hi != 1 {
		t.Errorf("without observations the interval is %g to %g, want 0 to 1", lo, hi)
	}
}

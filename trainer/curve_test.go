package trainer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCurveIsNestedAndKept: each part of the photographs is within the next, and
// a second call trains nothing.
func TestCurveIsNestedAndKept(t *testing.T) {
	dir, e := cloths(t, 15, 1), small()
	steps := map[int]int{} // of each training
	show := &watcher{}
	show.interrupt = func(epoch, _ int) { steps[epoch]++ }
	e.Training.Epochs, e.Training.Batch = 1, 4
	o := CrossvalOptions{Out: t.TempDir(), Folds: 2, Seeds: []int64{1}, Show: show}
	curve, err := Curve(context.Background(), e, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var totals []float64
	for _, p := range curve.Points {
		totals = append(totals, p.Total())
	}
	if len(totals) != 4 || totals[0] != 3 || totals[3] != 24 || !strings.Contains(curve.Advice, "begin with it") {
		t.Errorf("trained on %v photographs; %s", totals, curve.Advice)
	}
	for training := range 8 {
		if n := steps[training+1]; n != 6 {
			t.Errorf("training %d takes %d steps, want 6", training+1, n)
		}
	}
	for _, name := range []string{"curve.html", "curve.png", "curve.json"} {
		if info, err := os.Stat(filepath.Join(o.Out, name)); err != nil || info.Size() < 500 {
			t.Errorf("%s: %v", name, err)
		}
	}
	show.epochs = 0
	if _, err := Curve(context.Background(), e, dir, o); err != nil || show.epochs > 0 {
		t.Errorf("a second call trains %d epochs and gives %v", show.epochs, err)
	}
	v, err := newValidation(context.Background(), e, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]bool{}
	for _, p := range v.part(v.pictures, 0.5, 1, 0) {
		whole[p.Path] = true
	}
	for _, p := range v.part(v.pictures, 0.25, 1, 0) {
		if !whole[p.Path] {
			t.Errorf("%s is in the quarter but not in the half", p.Path)
		}
	}
}

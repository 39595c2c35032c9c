package report

import (
	"math"
	"strings"
	"testing"
)

func TestFiguresOfDoubt(t *testing.T) {
	r := Run{
		Doubt: &Doubt{Temperature: 2, Threshold: 0.5, Unknown: []float64{0.2, 0.3, 0.4, 0.5}, Things: []float64{0.1, 0.2, 0.5, 0.9}},
		Pictures: []Picture{
			{Class: "a", Predicted: "a", Probability: 0.8, Familiarity: 0.9},
			{Class: "a", Predicted: "b", Probability: 0.8, Familiarity: 0.4, Unknown: true},
			{Class: "a", Predicted: "a", Probability: 1, Familiarity: 0.5},
			{Class: "b", Predicted: "b", Probability: 1, Familiarity: 1},
		},
	}
	f := r.Figures()
	if math.Abs(f.CalibrationError-2*0.3/4) > 1e-12 || f.Accepted != 0.75 || f.UnknownAccepted != 0.25 || f.ThingsAccepted != 0.5 {
		t.Errorf("the figures are %+v", f)
	}
	page := render(t, r)
	for _, want := range []string{"75.0\u00a0% of the motifs’ pictures, 25.0\u00a0% of the folder unknown and 50.0\u00a0% of what is no cloth", "temperature of 2.00", "error (Guo et al., 2017, 15 steps) is 15.0\u00a0%"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if n := strings.Count(page, "told as “unknown”"); n != 1 {
		t.Errorf("%d pictures are marked unknown, want 1", n)
	}
	r.Doubt.Unknown = nil
	if page := render(t, r); strings.Contains(page, "folder unknown") {
		t.Error("a run without a folder unknown tells of it")
	}
	r.Doubt = nil
	if f := r.Figures(); !math.IsNaN(f.ThingsAccepted) || f.Accepted != 0.75 {
		t.Errorf("without other things the figures are %+v", f)
	}
	if page := render(t, r); strings.Contains(page, "Familiarity:") {
		t.Error("a run that learnt no doubt tells of familiarity")
	}
}

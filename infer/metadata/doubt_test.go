package metadata

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func doubting() Canting {
	about := Default()
	about.Doubt = &Doubt{
		Axes:  Matrix{3, []float32{1, 0, 0, 0, 1, 0.1}},
		Means: Matrix{2, []float32{1, 2, -3, 1e-7}},
		Bias:  1.5, Distance: -0.25, Confidence: 2,
	}
	return about
}

func TestDoubtComesBackAsWritten(t *testing.T) {
	want := doubting()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got.Doubt, err, want.Doubt)
	}
	if m := got.Doubt.Means; m.Rows() != 2 || m.Row(1)[0] != -3 {
		t.Errorf("the means are %+v", m)
	}
}

func TestImpossibleDoubtIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Doubt){
		"an axis too few":    func(d *Doubt) { d.Axes.Numbers = d.Axes.Numbers[:3] },
		"no number":          func(d *Doubt) { d.Axes.Numbers[3] = float32(math.NaN()) },
		"an infinite mean":   func(d *Doubt) { d.Means.Numbers[0] = float32(math.Inf(1)) },
		"an infinite weight": func(d *Doubt) { d.Bias = 1e300 },
		"ragged rows":        func(d *Doubt) { d.Axes.Columns = 5 },
		"no columns":         func(d *Doubt) { d.Axes.Columns = 0 },
		"nothing":            func(d *Doubt) { *d = Doubt{} },
		"too much":           func(d *Doubt) { d.Axes = Matrix{1, make([]float32, MaxNumbers+1)} },
	} {
		about := doubting()
		spoil(about.Doubt)
		b, err := json.Marshal(about)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for _, numbers := range []string{"%", "AAA", "AAAA"} {
		text := `{"schema":1,"preprocessing":{"crop":1,"std":[1,1,1]},"temperature":1,"doubt":{"axes":{"columns":1,"numbers":"` + numbers + `"}}}`
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "matrix") {
			t.Errorf("the numbers %q give %v", numbers, err)
		}
	}
}

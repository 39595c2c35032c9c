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
		Directions: Matrix{3, []float32{1, 0, 0, 0, 1e-7, 0.1}},
		Offsets:    []float32{1.5, -3},
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
	if m := got.Doubt.Directions; m.Rows() != 2 || m.Row(1)[1] != 1e-7 {
		t.Errorf("the directions are %+v", m)
	}
}

func TestImpossibleDoubtIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Doubt){
		"a direction too few": func(d *Doubt) { d.Directions.Numbers = d.Directions.Numbers[:3] },
		"an offset too few":   func(d *Doubt) { d.Offsets = d.Offsets[:1] },
		"no label left":       func(d *Doubt) { d.Others = 2 },
		"fewer than none":     func(d *Doubt) { d.Others = -1 },
		"no number":           func(d *Doubt) { d.Directions.Numbers[3] = float32(math.NaN()) },
		"an infinite number":  func(d *Doubt) { d.Directions.Numbers[0] = float32(math.Inf(1)) },
		"too large an offset": func(d *Doubt) { d.Offsets[0] = 2e18 },
		"ragged rows":         func(d *Doubt) { d.Directions.Columns = 5 },
		"no columns":          func(d *Doubt) { d.Directions.Columns = 0 },
		"nothing":             func(d *Doubt) { *d = Doubt{} },
		"too much": func(d *Doubt) {
			d.Directions, d.Offsets = Matrix{1, make([]float32, MaxNumbers+1)}, make([]float32, MaxNumbers+1)
		},
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
		text := `{"schema":1,"preprocessing":{"crop":1,"std":[1,1,1]},"temperature":1,"doubt":{"directions":{"columns":1,"numbers":"` + numbers + `"}}}`
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "matrix") {
			t.Errorf("the numbers %q give %v", numbers, err)
		}
	}
}

func TestEvidenceIsAgainstTheLikeliestKindOfNone(t *testing.T) {
	d := Doubt{Directions: Matrix{1, []float32{2, 1, 3}}, Offsets: []float32{0, 1, -4}, Others: 1}
	for feature, want := range map[float32][2]float32{1: {2, 3}, 5: {10, -1}} {
		f := []float32{feature}
		if got := [2]float32{d.Against(0, f), d.Against(1, f)}; got != want || d.Evidence(f) != min(want[0], want[1]) {
			t.Errorf("of %v the evidence is %v, %v in all, want %v", feature, got, d.Evidence(f), want)
		}
	}
	d.Offsets[2] = 1e18
	if got := d.Evidence([]float32{1}); !(got < -0.9*mostEvidence) {
		t.Errorf("beyond bounds the evidence is %v", got)
	}
	for name, d := range map[string]Doubt{
		"a label":        {Directions: Matrix{2, []float32{1e18, -1e18}}, Offsets: []float32{0}},
		"a kind of none": {Directions: Matrix{2, []float32{1, 1, 1e18, -1e18}}, Offsets: []float32{0, 0}, Others: 1},
		"both":           {Directions: Matrix{2, []float32{1e18, 1e18, 1e18, 1e18}}, Offsets: []float32{0, 0}, Others: 1},
	} {
		if got := d.Evidence([]float32{1e25, 1e25}); !(got <= 0 && got >= -mostEvidence) {
			t.Errorf("where %s has no odds the evidence is %v", name, got)
		}
	}
}

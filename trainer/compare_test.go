package trainer

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"canting/trainer/dataset"
)

// answered makes a record in which the first right of n pictures are named
// right, from a given one on.
func answered(from, right, n int, configuration string) *Record {
	r := &Record{Configuration: json.RawMessage(configuration), Figures: map[string]float64{"press accuracy": float64(right) / float64(n)}}
	for i := range n {
		a := Answer{File: fmt.Sprint(i), Class: "a", Press: "b"}
		if i >= from && i < from+right {
			a.Press = "a"
		}
		r.Answers = append(r.Answers, a)
	}
	return r
}

func TestCompareByHand(t *testing.T) {
	one := answered(0, 50, 100, `{"Training":{"Epochs":1,"Batch":4},"Network":[{"Conv":8}]}`)
	two := answered(2, 58, 100, `{"Training":{"Epochs":2,"Batch":4},"Network":[{"Conv":9}]}`)
	c, err := Compare(one, two)
	if err != nil {
		t.Fatal(err)
	}
	if want := "[{Network [{\"Conv\":8}] [{\"Conv\":9}]} {Training.Epochs 1 2}]"; fmt.Sprint(c.Settings) != want {
		t.Errorf("settings differ in %v, want %v", c.Settings, want)
	}
	// 2 right only before, 10 only after: P(X <= 2 of 12) is 79/4096.
	if m := c.McNemar; m == nil || m.OnlyFirst != 2 || m.OnlySecond != 10 || math.Abs(m.P-2*79.0/4096) > 1e-9 {
		t.Errorf("McNemar's test gives %+v", m)
	}
	// The changes' deviation is 0.337, of their mean 0.0337.
	if e := c.Accuracy; c.Pictures != 100 || math.Abs(e.Mean-0.08) > 1e-12 || math.Abs(e.Low-0.014) > 0.012 || math.Abs(e.High-0.146) > 0.012 {
		t.Errorf("of %d pictures the difference is %+v", c.Pictures, e)
	}
	for i := range two.Answers { // a record of an earlier version has no digests
		two.Answers[i].Content = fmt.Sprint("digest ", i)
	}
	if c, err := Compare(one, two); err != nil || c.Pictures != 100 || c.Changed != 12 {
		t.Errorf("of an earlier record and a new one: %+v, %v", c, err)
	}
	swapped := [2]*Record{answered(0, 1, 2, "{}"), answered(1, 1, 2, "{}")}
	for _, r := range swapped { // a picture that is there twice, under two motifs
		for i := range r.Answers {
			r.Answers[i].Content = "same"
		}
		r.Answers = append(r.Answers, Answer{Content: "same", Class: "c", Press: "c"})
	}
	if c, err := Compare(swapped[0], swapped[1]); err != nil || c.Pictures != 3 || c.Changed != 2 || c.McNemar == nil {
		t.Errorf("of a picture that is there three times: %+v, %v", c, err)
	}
	one.Answers, two.Answers = append(one.Answers, one.Answers...), two.Answers[:0]
	if c, err := Compare(one, two); err != nil || c.Pictures != 0 || c.McNemar != nil {
		t.Errorf("without a common picture: %+v, %v", c, err)
	}
}

// TestRunsAreRecorded: a training's own record compared with itself.
func TestRunsAreRecorded(t *testing.T) {
	e, out := small(), t.TempDir()
	e.Training.Epochs = 1
	data := cloths(t, 3, 2)
	run, _ := train(t, Job{Data: data, Out: out, Experiment: e})
	r, err := ReadRecord(out)
	if err != nil {
		t.Fatal(err)
	}
	if r.Program.OpenBLAS == "" || r.Program.OpenCV == "" || r.Machine.Cores == 0 || len(r.DataSet) != 64 || r.Model != run.Model.Digest {
		t.Errorf("the record is %+v", r)
	}
	if len(r.Answers) != 6 || r.Answers[0].File != "test/dots/test000.png" || r.Figures["press accuracy"] != run.Metrics.Int8Press.Accuracy {
		t.Errorf("answers %v, figures %v", r.Answers, r.Figures)
	}
	c, err := Compare(r, r)
	if err != nil || len(c.Settings) > 0 || c.Pictures != 6 || c.Accuracy.Mean != 0 || c.Accuracy.High != 0 || c.McNemar.P != 1 {
		t.Errorf("a run differs from itself: %+v, %v", c, err)
	}
	if r.Epochs != 1 || r.Figures["press recall, dots"] != run.Metrics.Int8Press.PerClass["dots"].Recall() || r.Figures["calibration error"] == 0 {
		t.Errorf("after %d epochs the figures are %v", r.Epochs, r.Figures)
	}
	moved := filepath.Join(t.TempDir(), "elsewhere") // the same pictures under other names, and an unknown one besides
	if err := os.Rename(data, moved); err != nil {
		t.Fatal(err)
	}
	for _, motif := range motifs {
		from := filepath.Join(moved, "test", motif)
		if err := os.Rename(filepath.Join(from, "test000.png"), filepath.Join(from, "renamed.png")); err != nil {
			t.Fatal(err)
		}
	}
	save(t, filepath.Join(moved, "train", dataset.Unknown, "other.png"), stripes("dots", rand.New(rand.NewPCG(9, 9))))
	again := t.TempDir()
	train(t, Job{Data: moved, Out: again, Experiment: e})
	other, err := ReadRecord(again)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Compare(r, other); err != nil || c.Pictures != 6 || len(c.Settings) != 1 || c.Settings[0].Name != "data set" {
		t.Errorf("the same test pictures elsewhere: %+v, %v", c, err)
	}
}

package trainer

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"canting/infer"
	"canting/infer/metadata"
	"canting/trainer/dataset"
)

// Answers drawn with the chances that logits give are overconfident by as much as
// the logits are then multiplied by.
func TestTemperatureIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, factor := range []float32{0.5, 1, 3} {
		got, err := temperature(sighted(drawFold(rng, 3000, 0, factor)))
		if err != nil || math.Abs(got/float64(factor)-1) > 0.1 {
			t.Errorf("logits %v times too large ask for a temperature of %v, %v", factor, got, err)
		}
	}
	sure := []sighting{{label: 0, logits: []float32{9, 0}}, {label: 1, logits: []float32{0, 9}}}
	if got, err := temperature(sure); err != nil || !(got >= 0.05 && got <= 20) {
		t.Errorf("answers that are all right ask for a temperature of %v, %v", got, err)
	}
}

// The share of the known that is asked for is named.
func TestTrustNamesItsShareOfTheKnown(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	draw := func(n int) []sighting {
		var all []sighting
		for i := range n {
			known := sighting{label: i % 2, logits: []float32{0, 0}, evidence: float32(5 + rng.NormFloat64())}
			known.logits[i%2] = float32(3 + rng.NormFloat64())
			all = append(all, known)
		}
		return all
	}
	learnt, err := newTrust(draw(1000), 0.95)
	if err != nil {
		t.Fatal(err)
	}
	card := metadata.Default()
	learnt.into(&card, &metadata.Doubt{Directions: metadata.Matrix{Columns: 1, Numbers: []float32{1, -1}}, Offsets: []float32{0, -9}})
	named, alone := 0.0, 0.0
	for _, s := range draw(4000) {
		if metadata.Familiarity(card.Doubt.Evidence([]float32{s.evidence})) >= card.Threshold {
			named++
		}
		if slices.Max(s.probabilities(learnt.temperature)) >= learnt.least {
			alone++
		}
	}
	for what, share := range map[string]float64{"evidence": named / 4000, "confidence alone": alone / 4000} {
		if math.Abs(share-0.95) > 0.02 {
			t.Errorf("by %s %.3f of other known pictures are named, want 0.95", what, share)
		}
	}
	if _, err := newTrust(nil, 0.95); err == nil {
		t.Error("trust is learnt from nothing")
	}
}

func TestTrainLearnsDoubt(t *testing.T) {
	dir, out, e := cloths(t, 15, 6), t.TempDir(), small()
	rng := rand.New(rand.NewPCG(5, 5))
	for _, part := range []string{"train", "test"} {
		for i := range 3 {
			save(t, filepath.Join(dir, part, dataset.Unknown, string(rune('a'+i))+".png"), stripes("plain", rng))
		}
	}
	e.Decision.Folds = 2
	run, file := train(t, Job{Data: dir, Out: out, Experiment: e})
	m, err := infer.Load(file, infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	card := m.Metadata()
	if card.Doubt == nil || card.Threshold != trustedFrom || card.Temperature == 1 || card.Doubt.Directions.Columns != 8 || len(m.Labels()) != 3 {
		t.Fatalf("the model's metadata say %+v", card.Doubt)
	}
	if run.Doubt == nil || len(run.Doubt.Others) != outlierCount+3 || run.Doubt.Temperature != card.Temperature {
		t.Fatalf("the report says %+v", run.Doubt)
	}
	if f := run.Metrics.Doubt; !(f.Accepted > 0.6) || !(f.OthersAccepted < 0.5) || math.IsNaN(f.CalibrationError) {
		t.Errorf("the figures are %+v", f)
	}
	again := &watcher{}
	if _, resumed := train(t, Job{Data: dir, Out: out, Experiment: e, Resume: true, Show: again}); again.epochs > 0 || string(resumed) != string(file) {
		t.Errorf("a finished training is resumed for %d epochs", again.epochs)
	}
	named := 0
	evaluation, err := Evaluate(context.Background(), file, dir, func(v Verdict) {
		if !v.Unknown && v.Class != dataset.Unknown {
			named++
		}
	}, func(w string) { t.Error(w) })
	if err != nil || evaluation.Motifs.Named != named || evaluation.Total() != 18 || evaluation.Others.Named+evaluation.Others.Unknown != 3 {
		t.Errorf("evaluate says %+v and %+v, %d were told named; %v", evaluation.Motifs, evaluation.Others, named, err)
	}
	if share := float64(named) / 18; math.Abs(share-run.Metrics.Doubt.Accepted) > 1e-9 {
		t.Errorf("evaluate names %v of the pictures, the training's report %v", share, run.Metrics.Doubt.Accepted)
	}
	e.Decision.Folds = 0
	train(t, Job{Data: dir, Out: out, Experiment: e})
	if _, err := os.Stat(filepath.Join(out, watchFolder)); err == nil {
		t.Error("another training without folds leaves the earlier one's")
	}
}

// A training that is stopped among the folds keeps its model, and goes on.
func TestStoppedAmongTheFolds(t *testing.T) {
	dir, out, e := cloths(t, 6, 2), t.TempDir(), small()
	e.Training.Epochs, e.Decision.Folds = 2, 2
	_, whole := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e})
	ctx, stop := context.WithCancel(context.Background())
	show := &watcher{interrupt: func(epoch, _ int) {
		if epoch == 4 {
			stop()
		}
	}}
	run, err := Train(ctx, Job{Data: dir, Out: out, Experiment: e, Show: show})
	if err != nil {
		t.Fatal(err)
	}
	if run.Doubt != nil || !strings.Contains(strings.Join(run.Warnings, "\n"), "not calibrated") {
		t.Errorf("warnings are %q", run.Warnings)
	}
	if _, resumed := train(t, Job{Data: dir, Out: out, Experiment: e, Resume: true}); string(resumed) != string(whole) {
		t.Error("a training resumed among the folds gives another model")
	}
}

func TestTooFewPicturesToHoldOut(t *testing.T) {
	dir, e, show := cloths(t, 1, 1), small(), &watcher{}
	e.Training.Epochs, e.Decision.Folds = 1, 3
	run, _ := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e, Show: show})
	if run.Doubt != nil || !strings.Contains(strings.Join(show.warnings, "\n"), "too few pictures to hold some out") {
		t.Errorf("warnings are %q", show.warnings)
	}
}

// As many as the share says have at least the value, whatever a float makes of 1-0.9.
func TestExceededByTheShare(t *testing.T) {
	for _, n := range []int{1, 10, 60, 80, 100} {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i)
		}
		for percent := 1; percent <= 100; percent++ {
			least := exceeded(values, float64(percent)/100)
			if have, want := n-int(least), max((n*percent+99)/100, 1); have != want {
				t.Errorf("%d %% of %d: %d have what is exceeded", percent, n, have)
			}
		}
	}
}

// Each motif is left out once, and asked about with all its pictures; a second call
// takes up what the first one trained.
func TestLeaveOut(t *testing.T) {
	dir, out, e := cloths(t, 6, 3), t.TempDir(), small()
	e.Training.Epochs, e.Decision.Folds = 2, 2
	show := &watcher{}
	got, err := LeaveOut(context.Background(), e, dir, out, show)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || show.epochs != 3*3*2 {
		t.Fatalf("%d motifs are left out, in %d epochs", len(got), show.epochs)
	}
	for i, m := range got {
		if m.Motif != motifs[i] || m.Known.Total() != 6 || len(m.Others) != 6 || m.Others[0].Name != motifs[i] || m.Others[0].Named.Total() != 9 || m.Others[4].Name != "drawn" || m.Others[4].Named.Total() != outlierCount || m.Right > 6 {
			t.Errorf("without %s: %+v", motifs[i], m)
		}
		for _, o := range m.Others { // the stricter, the fewer
			if a := o.Accepted; a[0] > 1 || !slices.IsSortedFunc(a[:], func(x, y float64) int { return cmp.Compare(y, x) }) {
				t.Errorf("without %s, of %s are named %v", motifs[i], o.Name, a)
			}
		}
	}
	again, err := LeaveOut(context.Background(), e, dir, out, show)
	if err != nil || show.epochs != 3*3*2 || !reflect.DeepEqual(again, got) {
		t.Errorf("a second call trains %d epochs and gives %+v, %v", show.epochs-3*3*2, again, err)
	}
	for i := range 6 { // an unknown folder that came later is learnt from, without another training
		save(t, filepath.Join(dir, "train", dataset.Unknown, fmt.Sprint(i, ".png")), stripes("dots", rand.New(rand.NewPCG(uint64(i), 3))))
	}
	taught, err := LeaveOut(context.Background(), e, dir, out, show)
	if err != nil || show.epochs != 3*3*2 || reflect.DeepEqual(taught[0].Others, got[0].Others) {
		t.Errorf("taught what is unknown, after %d epochs more: %+v, %v", show.epochs-3*3*2, taught, err)
	}
	for _, motif := range motifs[1:] {
		if err := os.RemoveAll(filepath.Join(dir, "test", motif)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LeaveOut(context.Background(), e, dir, out, show); err == nil || !strings.Contains(err.Error(), `without "dots" there is no test picture`) {
		t.Errorf("without other motifs' test pictures: %v", err)
	}
	e.Decision.Folds = 0
	if _, err := LeaveOut(context.Background(), e, dir, out, show); err == nil || !strings.Contains(err.Error(), "decision.folds") {
		t.Errorf("without folds: %v", err)
	}
}

// Outliers train too, and count for no accuracy.
func TestOutliersAreNothingToBeSureOf(t *testing.T) {
	e := small()
	e.Training.Outliers = 1
	_, file := train(t, Job{Data: cloths(t, 15, 1), Out: t.TempDir(), Experiment: e})
	exposed, err := newClassifier(file)
	if err != nil {
		t.Fatal(err)
	}
	e.Training.Outliers = 0
	_, file = train(t, Job{Data: cloths(t, 15, 1), Out: t.TempDir(), Experiment: e})
	plain, err := newClassifier(file)
	if err != nil {
		t.Fatal(err)
	}
	var sure [2]float32
	for _, p := range newThings().pictures(outlierCount, e.Input.Size, "test") {
		for i, c := range []*classifier{exposed, plain} {
			says, err := c.judge(p)
			if err != nil {
				t.Fatal(err)
			}
			sure[i] += says.Confidence / outlierCount
		}
	}
	if sure[0] > 0.6 || sure[0] > sure[1]-0.1 {
		t.Errorf("a model that saw outliers is %.2f sure of others, one that did not %.2f", sure[0], sure[1])
	}
}

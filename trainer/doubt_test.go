package trainer

import (
	"cmp"
	"context"
	"encoding/json"
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
			known := sighting{label: i % 2, logits: []float32{0, 0}, against: [][]float32{{float32(5 + rng.NormFloat64())}}}
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
		if metadata.Familiarity(card.Doubt.Evidence(s.against[0])) >= card.Threshold {
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
	other, err := newTrust([]sighting{{logits: []float32{1, 0}}, {label: 1, logits: []float32{0, 1}}}, 0.95)
	if err != nil || other.bias != 0 || other.shifts != nil {
		t.Errorf("without a doubt the trust is %+v, %v", other, err)
	}
	if _, err := newTrust(nil, 0.95); err == nil {
		t.Error("trust is learnt from nothing")
	}
}

// Where the known are near one kind of none and far from another, as many of them are
// refused for the one as for the other, in each of their views.
func TestEachKindOfNoneHasItsShareOfTheRefusals(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	draw := func(n int) (all []sighting) {
		for i := range n {
			far, near := 20+rng.NormFloat64(), 1+3*rng.NormFloat64()
			s := sighting{label: i % 2, logits: []float32{0, 0}}
			s.logits[i%2] = 3
			for range 2 {
				s.against = append(s.against, []float32{float32(far + 0.1*rng.NormFloat64()), float32(near + 0.1*rng.NormFloat64())})
			}
			all = append(all, s)
		}
		return all
	}
	learnt, err := newTrust(draw(4000), 0.9)
	if err != nil {
		t.Fatal(err)
	}
	// The features are the label's odds against both kinds: of what is no cloth, whose row
	// is taken from the others', and of the other kind.
	card := metadata.Default()
	learnt.into(&card, &metadata.Doubt{Directions: metadata.Matrix{Columns: 2, Numbers: []float32{1, 0, 1, -1}}, Offsets: []float32{0, 0}, Others: 1})
	refused := [3]float64{}
	others := draw(4000)
	for _, s := range others {
		evidence, against := float32(0), [2]float32{}
		for _, view := range s.against {
			evidence += card.Doubt.Evidence(view) / 2
			for kind := range against {
				against[kind] += card.Doubt.Against(kind, view) / 2
			}
		}
		for i, v := range []float32{evidence, against[0], against[1]} {
			if metadata.Familiarity(v) < card.Threshold {
				refused[i] += 1 / float64(len(others))
			}
		}
	}
	if math.Abs(refused[0]-0.1) > 0.02 || math.Abs(refused[1]-refused[2]) > 0.02 || refused[1] < 0.03 {
		t.Errorf("%.3f are refused, %.3f for one kind of none and %.3f for the other", refused[0], refused[1], refused[2])
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
	if run.Doubt == nil || len(run.Doubt.Things) != outlierCount || len(run.Doubt.Unknown) != 3 || run.Doubt.Temperature != card.Temperature {
		t.Fatalf("the report says %+v", run.Doubt)
	}
	if f := run.Metrics.Doubt; !(f.Accepted > 0.6) || !(f.ThingsAccepted < 0.5) || math.IsNaN(f.UnknownAccepted) || math.IsNaN(f.CalibrationError) {
		t.Errorf("the figures are %+v", f)
	}
	again := &watcher{}
	if _, resumed := train(t, Job{Data: dir, Out: out, Experiment: e, Resume: true, Show: again}); again.epochs > 0 || string(resumed) != string(file) {
		t.Errorf("a finished training is resumed for %d epochs", again.epochs)
	}
	evaluation, err := Evaluate(context.Background(), file, dir, func(Verdict) {}, func(w string) { t.Error(w) })
	if err != nil || evaluation.Total() != 18 || evaluation.Press.Motifs.Total() != 18 || evaluation.Press.Others.Total() != 3 {
		t.Fatalf("evaluate says %+v, %v", evaluation, err)
	}
	if named, other := evaluation.Press.Motifs.Share(), evaluation.Press.Others.Share(); named != run.Metrics.Doubt.Accepted || other != run.Metrics.Doubt.UnknownAccepted {
		t.Errorf("evaluate names %v of the motifs' pictures and %v of the others, the training's report %v and %v",
			named, other, run.Metrics.Doubt.Accepted, run.Metrics.Doubt.UnknownAccepted)
	}
	for _, p := range run.Pictures { // the report tells what the kiosk would
		c, err := newClassifier(file)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := c.pressFile(filepath.Join(dir, "test", p.Class, p.File), nil)
		says := c.model.Decide(seen.probabilities, seen.evidence)
		if err != nil || p.Predicted != says.Label || p.Probability != float64(says.Confidence) || p.Unknown != says.Unknown || p.Familiarity != says.Familiarity {
			t.Errorf("%s: the report says %s %v %v, a press %+v, %v", p.File, p.Predicted, p.Probability, p.Unknown, says, err)
		}
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
	if run.Doubt != nil || !strings.Contains(strings.Join(show.warnings, "\n"), `"dots" has too few pictures to hold some out`) {
		t.Errorf("warnings are %q", show.warnings)
	}
	dir, e.Decision.Folds = cloths(t, 2, 1), 7
	train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e, Show: show})
	if !strings.Contains(strings.Join(show.warnings, "\n"), "take fewer decision.folds than 7") {
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
	o := LeaveOutOptions{Out: out, Show: show}
	got, err := LeaveOut(context.Background(), e, dir, o)
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
	again, err := LeaveOut(context.Background(), e, dir, o)
	if err != nil || show.epochs != 3*3*2 || !reflect.DeepEqual(again, got) {
		t.Errorf("a second call trains %d epochs and gives %+v, %v", show.epochs-3*3*2, again, err)
	}
	text, err := os.ReadFile(filepath.Join(out, LeftOutName))
	var kept []LeftOut
	if err != nil || json.Unmarshal(text, &kept) != nil || !reflect.DeepEqual(kept, got) {
		t.Errorf("%s holds %s, %v", LeftOutName, text, err)
	}
	file, err := os.ReadFile(filepath.Join(out, "without-1", ModelName))
	if m, loading := infer.Load(file, infer.Options{}); err != nil || loading != nil || m.Metadata().Doubt == nil {
		t.Errorf("the model that was measured is not kept: %v, %v", err, loading)
	}
	for _, motif := range motifs[1:] {
		if err := os.RemoveAll(filepath.Join(dir, "test", motif)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LeaveOut(context.Background(), e, dir, o); err == nil || !strings.Contains(err.Error(), `without "dots" there is no test picture`) {
		t.Errorf("without other motifs' test pictures: %v", err)
	}
	e.Decision.Folds = 0
	if _, err := LeaveOut(context.Background(), e, dir, o); err == nil || !strings.Contains(err.Error(), "decision.folds") {
		t.Errorf("without folds: %v", err)
	}
}

// A motif whose training pictures lie in the folder unknown is seldom named; one that
// has no other pictures cannot be asked about.
func TestLeaveOutTaught(t *testing.T) {
	dir, e := cloths(t, 12, 8), small()
	e.Training.Outliers, e.Decision.Folds = 0.5, 2
	named := func(taught bool) (share float64) {
		got, err := LeaveOut(context.Background(), e, dir, LeaveOutOptions{Out: t.TempDir(), Taught: taught, Show: &watcher{}})
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range got {
			if want := map[bool]int{true: 8, false: 20}[taught]; m.Others[0].Named.Total() != want {
				t.Errorf("taught %v, %s is asked about %d times, want %d", taught, motifs[i], m.Others[0].Named.Total(), want)
			}
			share += m.Others[0].Named.Share() / float64(len(got))
		}
		return share
	}
	untaught, taught := named(false), named(true)
	t.Logf("of motifs left out %.2f are named, of those that the model was taught %.2f", untaught, taught)
	if taught > 0.3 || taught > untaught-0.2 {
		t.Errorf("of motifs left out %.2f are named, of those that the model was taught %.2f", untaught, taught)
	}
	if err := os.RemoveAll(filepath.Join(dir, "test", motifs[1])); err != nil {
		t.Fatal(err)
	}
	o := LeaveOutOptions{Out: t.TempDir(), Taught: true, Show: &watcher{}}
	if _, err := LeaveOut(context.Background(), e, dir, o); err == nil || !strings.Contains(err.Error(), "there is no test picture to ask") {
		t.Errorf("without test pictures of what is taught: %v", err)
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

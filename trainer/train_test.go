package trainer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/configs"
	"canting/infer"
	"canting/trainer/report"
)

// stripes draws cloths of three easy motifs: stripes, dots and checks.
func stripes(motif string, rng *rand.Rand) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 40, 40))
	period, phase := 6+rng.IntN(4), rng.IntN(10)
	for y := range 40 {
		for x := range 40 {
			on := map[string]bool{
				"stripes": (y+phase)/(period/2)%2 == 0,
				"dots":    (x+phase)%period < 2 && (y+phase)%period < 2,
				"plain":   false,
			}[motif]
			v := uint8(60 + rng.IntN(20))
			if on {
				v = uint8(200 + rng.IntN(20))
			}
			m.Set(x, y, color.RGBA{v, v / 2, 30, 255})
		}
	}
	return m
}

var motifs = []string{"dots", "plain", "stripes"}

// cloths writes a data set of the three motifs.
func cloths(t *testing.T, train, test int) string {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(9, 9))
	for _, split := range []struct {
		name string
		n    int
	}{{"train", train}, {"test", test}} {
		for _, motif := range motifs {
			for i := range split.n {
				save(t, filepath.Join(dir, split.name, motif, fmt.Sprintf("%s%03d.png", split.name, i)), stripes(motif, rng))
			}
		}
	}
	return dir
}

func save(t *testing.T, path string, m image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	put(t, path, b.Bytes())
}

func put(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// small is an experiment of seconds.
func small() *configs.Experiment {
	e := configs.DefaultExperiment()
	e.Backbone.File = ""
	e.Input.Size = 24
	e.Network = []configs.Stage{
		{Conv: 8, Kernel: 3, Norm: true, Pool: true, Dropout: 0.1}, {Conv: 12, Kernel: 3, Pool: true}, {Mean: true}, {Dense: 8, Dropout: 0.1},
	}
	e.Augment = configs.Augment{Crop: 0.8, Mirror: true, Brightness: 0.1}
	e.Training.Epochs, e.Training.Schedule, e.Training.LearningRate = 12, "constant", 0.01
	e.Training.Batch, e.Training.Warmup, e.Training.Average, e.Training.WeightDecay, e.Training.LabelSmoothing = 16, 0, 0, 0.01, 0.05
	e.Decision.Folds = 0
	return e
}

// watcher records what a training says and can interrupt it.
type watcher struct {
	warnings  []string
	epochs    int
	interrupt func(epoch, batch int)
}

func (w *watcher) Warn(s string) { w.warnings = append(w.warnings, s) }

func (w *watcher) Step(_ string, epoch, _, batch, batches int, _, _ float64) {
	if batch == batches {
		w.epochs++
	}
	if w.interrupt != nil {
		w.interrupt(epoch, batch)
	}
}

func train(t *testing.T, j Job) (*report.Run, []byte) {
	t.Helper()
	if j.Show == nil {
		j.Show = &watcher{}
	}
	run, err := Train(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	return run, modelBytes(t, j.Out)
}

func modelBytes(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, ModelName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTrainLearnsAndWrites(t *testing.T) {
	dir, out := cloths(t, 20, 8), t.TempDir()
	run, file := train(t, Job{Data: dir, Out: out, Experiment: small()})
	if m := run.Metrics; m.Int8.Accuracy < 0.9 || m.Int8Press.Accuracy < 0.9 || m.Float.Accuracy < 0.9 {
		t.Errorf("three easy motifs: float %v, int8 %v, of a press %v", m.Float.Accuracy, m.Int8.Accuracy, m.Int8Press.Accuracy)
	}
	var metrics report.Metrics
	b, err := os.ReadFile(filepath.Join(out, "metrics.json"))
	if err != nil || json.Unmarshal(b, &metrics) != nil || len(metrics.Epochs) != 12 || !slices.Equal(metrics.Classes, motifs) {
		t.Errorf("metrics.json: %v, %+v", err, metrics)
	}
	for _, name := range []string{"report.html", "loss.png", "accuracy.png", "confusion.png"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
	m, err := infer.Load(file, infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	card := m.Metadata()
	if !slices.Equal(m.Labels(), motifs) || len(card.Golden) != 3 || card.Threshold != 0.5 || card.Provenance.Pictures != 60 {
		t.Errorf("labels %v, metadata %+v", m.Labels(), card.Provenance)
	}
	if held := card.Training; held == nil || held.Pictures() != 24 || held.Confidence[9] < 12 || held.Brightness[0] > 0 {
		t.Errorf("of the pictures held out the model says %+v", held)
	}
	for _, p := range run.Pictures {
		if len(p.Heat.Values) == 0 {
			t.Errorf("%s has no heat map", p.File)
		}
	}
	told := 0
	evaluation, err := Evaluate(context.Background(), file, dir, func(v Verdict) {
		if v.Class == v.Label {
			told++
		}
	}, func(w string) { t.Error(w) })
	if told != evaluation.Correct() {
		t.Errorf("%d right answers were told, %d counted", told, evaluation.Correct())
	}
	if err != nil || evaluation.Accuracy != run.Metrics.Int8.Accuracy || evaluation.Press.Accuracy != run.Metrics.Int8Press.Accuracy {
		t.Errorf("evaluate says %v and %v, %v; the training said %v and %v", evaluation.Accuracy, evaluation.Press.Accuracy, err, run.Metrics.Int8.Accuracy, run.Metrics.Int8Press.Accuracy)
	}
}

// Golden pairs do not make a model of many motifs large.
func TestManyMotifsHaveFewGoldenPairs(t *testing.T) {
	dir, out, e, rng := t.TempDir(), t.TempDir(), small(), rand.New(rand.NewPCG(4, 4))
	for label := range goldenCount + 2 {
		save(t, filepath.Join(dir, "train", fmt.Sprint("motif", label), "1.png"), stripes(motifs[label%3], rng))
	}
	if err := os.Mkdir(filepath.Join(dir, "test"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "test", "motif0", "broken.png"), []byte("nothing"))
	e.Training.Epochs = 1
	_, file := train(t, Job{Data: dir, Out: out, Experiment: e})
	m, err := infer.Load(file, infer.Options{})
	if err != nil || len(m.Labels()) != goldenCount+2 || len(m.Metadata().Golden) != goldenCount {
		t.Errorf("%d golden pairs, %v", len(m.Metadata().Golden), err)
	}
}

// Who makes a folder unknown after a training has begun is told that it cannot go on.
func TestUnknownAfterTheTrainingBegan(t *testing.T) {
	dir, out, e := cloths(t, 3, 1), t.TempDir(), small()
	e.Training.Epochs = 1
	train(t, Job{Data: dir, Out: out, Experiment: e})
	save(t, filepath.Join(dir, "train", "unknown", "other.png"), stripes("dots", rand.New(rand.NewPCG(8, 8))))
	_, err := Train(context.Background(), Job{Data: dir, Out: out, Experiment: e, Resume: true, Show: &watcher{}})
	if err == nil || !strings.Contains(err.Error(), "without the pictures in the folder unknown") {
		t.Errorf("got %v", err)
	}
}

func TestSameSeedSameModel(t *testing.T) {
	dir := cloths(t, 10, 2)
	e := small()
	e.Training.Epochs = 3
	_, one := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e})
	_, two := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e})
	if !bytes.Equal(one, two) {
		t.Error("the same seed gives another model")
	}
	e.Seed++
	if _, other := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e}); bytes.Equal(one, other) {
		t.Error("another seed gives the same model")
	}
}

// TestResumeIsAsIfUninterrupted stops in the middle of an epoch, twice.
func TestResumeIsAsIfUninterrupted(t *testing.T) {
	dir := cloths(t, 10, 2)
	e := small()
	e.Training.Epochs, e.Training.Average, e.Training.Mixup, e.Training.CutMix = 5, 0.9, 0.3, 1
	_, whole := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e})
	out := t.TempDir()
	for _, at := range []int{2, 4} {
		ctx, stop := context.WithCancel(context.Background())
		show := &watcher{interrupt: func(epoch, batch int) {
			if epoch == at && batch == 1 {
				stop()
			}
		}}
		run, err := Train(ctx, Job{Data: dir, Out: out, Experiment: e, Resume: true, Show: show})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(run.Warnings, "\n"), fmt.Sprintf("stopped after %d of 5 epochs", at-1)) {
			t.Errorf("warnings are %q", run.Warnings)
		}
		if _, err := infer.Load(modelBytes(t, out), infer.Options{}); err != nil {
			t.Errorf("the interrupted training's model: %v", err)
		}
	}
	if _, resumed := train(t, Job{Data: dir, Out: out, Experiment: e, Resume: true}); !bytes.Equal(whole, resumed) {
		t.Error("a resumed training gives another model")
	}
}

func TestResumeRefusesWhatDoesNotFit(t *testing.T) {
	dir, out := cloths(t, 4, 1), t.TempDir()
	e := small()
	e.Training.Epochs = 1
	train(t, Job{Data: dir, Out: out, Experiment: e})
	other := *e
	other.Training.Batch = 7
	checkpoint := filepath.Join(out, checkpointName)
	damaged := t.TempDir()
	put(t, filepath.Join(damaged, checkpointName), []byte("no checkpoint"))
	for want, j := range map[string]Job{
		"another configuration": {Data: dir, Out: out, Experiment: &other},
		"other pictures":        {Data: cloths(t, 5, 1), Out: out, Experiment: e},
		"is damaged":            {Data: dir, Out: damaged, Experiment: e},
	} {
		j.Resume, j.Show = true, &watcher{}
		if _, err := Train(context.Background(), j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if _, err := os.Stat(checkpoint); err != nil {
		t.Errorf("a refused resume has taken the checkpoint away: %v", err)
	}
}

func TestStoppedBeforeTheFirstEpoch(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	show := &watcher{interrupt: func(int, int) { stop() }}
	_, err := Train(ctx, Job{Data: cloths(t, 20, 1), Out: t.TempDir(), Experiment: small(), Show: show})
	if err == nil || !strings.Contains(err.Error(), "before the first epoch") {
		t.Errorf("got %v", err)
	}
}

// TestBadPicturesAreSaidAndLeftOut: each in a sentence, before training.
func TestBadPicturesAreSaidAndLeftOut(t *testing.T) {
	dir := cloths(t, 6, 2)
	twin, err := os.ReadFile(filepath.Join(dir, "train", "dots", "train000.png"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "test", "dots", "twin.png"), twin)
	put(t, filepath.Join(dir, "train", "plain", "twin.png"), twin)
	put(t, filepath.Join(dir, "test", "dots", "again.jpg"), savedAgain(t, twin))
	put(t, filepath.Join(dir, "train", "dots", "broken.jpg"), []byte("\xff\xd8\xff not a photograph"))
	put(t, filepath.Join(dir, "train", "dots", "empty.png"), nil)
	e := small()
	e.Training.Epochs = 1
	show := &watcher{}
	train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e, Show: show})
	all := strings.Join(show.warnings, "\n")
	for _, want := range []string{
		"broken.jpg", "empty.png", "2 of 21 training pictures could not be read",
		"train/plain/twin.png is the same picture as " + dir + "/train/dots/train000.png, which lies under another name",
		"test/dots/twin.png, a test picture, is the same picture as " + dir + "/train/dots/train000.png",
		"test/dots/again.jpg, a test picture, looks like " + dir + "/train/dots/train000.png",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning says %q:\n%s", want, all)
		}
	}
}

// savedAgain is a PNG as a JPEG.
func savedAgain(t *testing.T, file []byte) []byte {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Of many pairs the ones with the same bytes come first, and what lies in the folder
// unknown is looked at too.
func TestManyTwins(t *testing.T) {
	dir := cloths(t, 2, 1)
	twin, err := os.ReadFile(filepath.Join(dir, "train", "dots", "train000.png"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "test", "dots", "again.jpg"), savedAgain(t, twin))
	for i := range mostTwins {
		put(t, filepath.Join(dir, "test", "unknown", fmt.Sprint(i, ".png")), twin)
	}
	var warnings []string
	if _, err := load(context.Background(), dir, small(), func(w string) { warnings = append(warnings, w) }); err != nil {
		t.Fatal(err)
	}
	for i, w := range warnings[:mostTwins] {
		if want := fmt.Sprint("/unknown/", i, ".png is the same picture as "); !strings.Contains(w, want) {
			t.Errorf("warning %d is %q, want %q in it", i, w, want)
		}
	}
	if last := warnings[len(warnings)-1]; len(warnings) != mostTwins+1 || !strings.Contains(last, "more such pairs") {
		t.Errorf("of %d warnings the last is %q", len(warnings), last)
	}
}

func TestClassWithoutReadablePicture(t *testing.T) {
	dir := cloths(t, 2, 1)
	for i := range 2 {
		put(t, filepath.Join(dir, "train", "dots", fmt.Sprintf("train%03d.png", i)), []byte("nothing"))
	}
	_, err := Train(context.Background(), Job{Data: dir, Out: t.TempDir(), Experiment: small(), Show: &watcher{}})
	if err == nil || !strings.Contains(err.Error(), `"dots" has no readable picture`) {
		t.Errorf("got %v", err)
	}
}

func TestBalancedOrderShowsClassesEquallyOften(t *testing.T) {
	dir := cloths(t, 9, 1)
	for i := range 7 {
		if err := os.Remove(filepath.Join(dir, "train", "dots", fmt.Sprintf("train%03d.png", i))); err != nil {
			t.Fatal(err)
		}
	}
	d, err := load(context.Background(), dir, small(), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		balance bool
		views   int
		want    []int
	}{{true, 1, []int{7, 7, 7}}, {false, 1, []int{2, 9, 9}}, {true, 3, []int{21, 21, 21}}, {false, 3, []int{6, 27, 27}}} {
		e := small()
		e.Training.Balance, e.Training.Views = c.balance, c.views
		f, err := newFit(e, 3, d.sets)
		if err != nil {
			t.Fatal(err)
		}
		shown := make([]int, 3)
		for _, i := range f.order(1) {
			shown[f.train[i].Label]++
		}
		if !slices.Equal(shown, c.want) {
			t.Errorf("balance %v and %d views show %v, want %v", c.balance, c.views, shown, c.want)
		}
	}
}

// TestWithoutTestPictures: the model is written all the same, and what is not
// known is said before the training.
func TestWithoutTestPictures(t *testing.T) {
	e, show, out := small(), &watcher{}, t.TempDir()
	e.Training.Epochs = 1
	dir := cloths(t, 2, 0)
	if err := os.Mkdir(filepath.Join(dir, "test"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "test", "dots", "broken.png"), []byte("nothing"))
	_, file := train(t, Job{Data: dir, Out: out, Experiment: e, Show: show})
	if _, err := infer.Load(file, infer.Options{}); err != nil {
		t.Error(err)
	}
	if all := strings.Join(show.warnings, "\n"); !strings.Contains(all, "There is no test picture") || strings.Contains(all, "has no test picture") {
		t.Errorf("warnings are %q", all)
	}
	test, err := os.ReadFile(filepath.Join(cloths(t, 1, 1), "test", "plain", "test000.png"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "test", "plain", "only.png"), test)
	train(t, Job{Data: dir, Out: out, Experiment: e, Show: show})
	if all := strings.Join(show.warnings, "\n"); !strings.Contains(all, `"dots" has no test picture`) || strings.Contains(all, `"plain" has no test picture`) {
		t.Errorf("warnings are %q", all)
	}
}

// TestStoppedTrainingKeepsTheBest: not the last state.
func TestStoppedTrainingKeepsTheBest(t *testing.T) {
	f := newSmallFit(t, small())
	if err := f.epoch(context.Background(), func(step) {}); err != nil {
		t.Fatal(err)
	}
	best := snapshot(f.net.State())
	f.keptLoss = 0 // no later epoch is better
	if err := f.epoch(context.Background(), func(step) {}); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(f.net.State()[0], best[0]) {
		t.Fatal("the second epoch changed nothing")
	}
	f.settle()
	for i, s := range f.net.State() {
		if !slices.Equal(s, best[i]) {
			t.Errorf("tensor %d is not the best epoch's", i)
		}
	}
}

func TestDivergedTrainingIsSaid(t *testing.T) {
	f := newSmallFit(t, small())
	f.net.State()[0][0] = float32(math.NaN())
	if err := f.epoch(context.Background(), func(step) {}); err == nil || !strings.Contains(err.Error(), "has diverged") {
		t.Errorf("got %v", err)
	}
}

func TestReplacingATrainingIsSaid(t *testing.T) {
	dir, out, e := cloths(t, 2, 1), t.TempDir(), small()
	e.Training.Epochs = 1
	train(t, Job{Data: dir, Out: out, Experiment: e})
	show := &watcher{}
	train(t, Job{Data: dir, Out: out, Experiment: e, Show: show})
	if all := strings.Join(show.warnings, "\n"); !strings.Contains(all, "--resume would go on") {
		t.Errorf("warnings are %q", all)
	}
}

// TestEveryStageIsLaidOut: shapes and the number of parameters, by hand.
func TestEveryStageIsLaidOut(t *testing.T) {
	e := small()
	e.Network = []configs.Stage{
		{Conv: 4, Kernel: 3, Stride: 2, Norm: true},
		{Depthwise: 3, Stride: 2, Pool: true},
		{Residual: 4},
		{Residual: 6, Stride: 2, Dropout: 0.1},
		{Mean: true},
	}
	n, err := newNetwork(e, 3)
	if err != nil {
		t.Fatal(err)
	}
	var shapes [][]int
	for _, l := range n.Layers {
		shapes = append(shapes, l.Shape())
	}
	want := [][]int{
		{12, 12, 4},
		{12, 12, 4},
		{12, 12, 4},
		{6, 6, 4},
		{6, 6, 4},
		{3, 3, 4},
		{3, 3, 4},
		{3, 3, 4},
		{2, 2, 6},
		{2, 2, 6},
		{2, 2, 6},
		{6},
		{3},
	}
	if !slices.EqualFunc(shapes, want, slices.Equal) {
		t.Errorf("shapes are %v, want %v", shapes, want)
	}
	count := 0
	for _, p := range n.Params() {
		count += p.Value.Shape().TotalSize()
	}
	const (
		conv, depthwise, dense = 4*27 + 4 + 2*4, 9*4 + 4, 3*6 + 3
		same                   = 2 * (4*9*4 + 4 + 2*4)
		smaller                = (6*9*4 + 6 + 2*6) + (6*9*6 + 6 + 2*6) + (6*4 + 6 + 2*6)
	)
	if count != conv+depthwise+same+smaller+dense {
		t.Errorf("%d parameters, want %d", count, conv+depthwise+same+smaller+dense)
	}
}

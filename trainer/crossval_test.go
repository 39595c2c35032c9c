package trainer

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/configs"
	"canting/trainer/dataset"
	"canting/trainer/picture"

	"github.com/google/go-cmp/cmp"
)

func TestFoldsHaveTheSameShareAndKeepGroups(t *testing.T) {
	var samples []dataset.Sample
	for label, n := range []int{50, 23, 10} {
		for range n {
			samples = append(samples, dataset.Sample{Label: label})
		}
	}
	groups := [][]int{{0, 1, 2, 3}, {50, 51}, {80, 82}}
	for i := range samples {
		if !slices.ContainsFunc(groups, func(g []int) bool { return slices.Contains(g, i) }) {
			groups = append(groups, []int{i})
		}
	}
	folds := assignFolds(samples, groups, 5, rand.New(rand.NewPCG(1, 1)))
	for fold := range 5 {
		var in []dataset.Sample
		for i, f := range folds {
			if f == fold {
				in = append(in, samples[i])
			}
		}
		n := dataset.Counts(in, 3)
		if n[0] != 10 || n[1] < 4 || n[1] > 5 || n[2] != 2 || len(in) > 17 {
			t.Errorf("fold %d has %v of 50, 23 and 10", fold, n)
		}
	}
	if folds[0] != folds[3] || folds[50] != folds[51] || folds[80] != folds[82] {
		t.Errorf("a group is torn apart: %v", folds)
	}
	if slices.Equal(folds, assignFolds(samples, groups, 5, rand.New(rand.NewPCG(2, 1)))) {
		t.Error("another seed deals the pictures out alike")
	}
}

func gray(v int) color.Color { return color.Gray{Y: uint8(min(v, 255))} }

// TestPicturesOfOneThingAreOneGroup: the same file, a cut of it in other light,
// a folder below the motif's; and nothing else.
func TestPicturesOfOneThingAreOneGroup(t *testing.T) {
	dir := cloths(t, 4, 0)
	rng := rand.New(rand.NewPCG(5, 5))
	original := image.NewRGBA(image.Rect(0, 0, 200, 200))
	for range 60 { // patches, as on no other picture
		x, y := rng.IntN(180), rng.IntN(180)
		draw.Draw(original, image.Rect(x, y, x+20+rng.IntN(40), y+20+rng.IntN(40)), image.NewUniform(gray(rng.IntN(200))), image.Point{}, draw.Src)
	}
	cut := image.NewRGBA(image.Rect(0, 0, 194, 194))
	for y := range 194 {
		for x := range 194 {
			cut.Set(x, y, gray(int(original.RGBAAt(x+3, y+3).R)*4/5+50))
		}
	}
	folder := filepath.Join(dir, "train", "dots")
	save(t, filepath.Join(folder, "a.png"), original)
	save(t, filepath.Join(folder, "z.png"), cut)
	for i := range 2 {
		save(t, filepath.Join(folder, "one cloth", fmt.Sprint(i, ".png")), stripes("stripes", rng))
	}
	set, err := dataset.Open(filepath.Join(dir, "train"), 0.01, 1, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	found := grouped(t, set.Train)
	var names []string
	for _, g := range found {
		var group []string
		for _, i := range g {
			group = append(group, filepath.Base(set.Train[i].Path))
		}
		if len(g) > 1 && strings.Contains(set.Train[g[0]].Path, "dots") {
			names = append(names, strings.Join(group, " "))
		}
	}
	if diff := cmp.Diff([]string{"a.png z.png", "0.png 1.png"}, names); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func grouped(t *testing.T, samples []dataset.Sample) [][]int {
	t.Helper()
	pictures, _, err := picture.Load(context.Background(), samples, newPreprocessing(configs.DefaultExperiment().Input), 96)
	if err != nil {
		t.Fatal(err)
	}
	return groups(pictures)
}

// TestTwinsOfPhotographs: of 400 photographs two are there twice, cut
// differently, and hardly any others are taken for it.
func TestTwinsOfPhotographs(t *testing.T) {
	const photographs = "../../shared/data/batik400"
	if _, err := os.Stat(photographs); err != nil {
		t.Skipf("no photographs: %v", err)
	}
	set, err := dataset.Open(photographs, 0.2, 1, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	samples := slices.Concat(set.Train, set.Test)
	found := grouped(t, samples)
	var pairs []string
	together := 0
	for _, g := range found {
		if len(g) == 1 {
			continue
		}
		var names []string
		for _, i := range g {
			names = append(names, strings.TrimSuffix(filepath.Base(samples[i].Path), ".jpg"))
		}
		slices.Sort(names)
		pairs, together = append(pairs, strings.Join(names, " ")), together+len(g)
	}
	t.Logf("of %d photographs these are kept together: %v", len(samples), pairs)
	for _, twins := range []string{"kawung_128 kawung_180", "mega_mendung_034 mega_mendung_119"} {
		if !slices.Contains(pairs, twins) {
			t.Errorf("%s are not found", twins)
		}
	}
	if together > 12 {
		t.Errorf("%d photographs are taken for another", together)
	}
}

// TestCrossval: every picture is answered once a seed by a model that has not
// seen it; a second call trains nothing; cancelled, it goes on as if it had not
// been.
func TestCrossval(t *testing.T) {
	dir, out, e := cloths(t, 8, 4), t.TempDir(), small()
	e.Training.Batch, e.Training.Epochs, e.Training.Outliers = 4, 9, 0
	show := &watcher{}
	o := CrossvalOptions{Out: out, Folds: 2, Seeds: []int64{1, 2}, Show: show}
	whole, err := Crossval(context.Background(), e, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(show.warnings) > 0 {
		t.Errorf("warnings are %q", show.warnings)
	}
	times, right := map[string]int{}, 0
	for _, h := range whole.Held {
		times[h.File]++
		if top(h.press()) == h.Label {
			right++
		}
		if len(h.Views) != 7 || len(h.Views[0]) != 3 || len(h.FloatLogits) != 3 {
			t.Fatalf("%s has %d views and %d logits", h.File, len(h.Views), len(h.FloatLogits))
		}
	}
	if len(times) != 36 || times["test/dots/test000.png"] != 2 || times["train/stripes/train007.png"] != 2 {
		t.Errorf("answered were %v", times)
	}
	if right < 45 {
		t.Errorf("%d of 72 were named right, of three easy motifs", right)
	}

	figures, err := whole.Report()
	if err != nil {
		t.Fatal(err)
	}
	if figures.Pictures != 36 || math.Abs(figures.Kiosk.Accuracy.Mean-float64(right)/72) > 1e-9 {
		t.Errorf("%d of 72 right are told as %v of %d pictures", right, figures.Kiosk.Accuracy, figures.Pictures)
	}

	show.epochs = 0
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	dir = moved
	again, err := Crossval(context.Background(), e, dir, o)
	if err != nil || show.epochs > 0 || !cmp.Equal(whole, again) {
		t.Errorf("a second call trains %d epochs and gives %v", show.epochs, err)
	}

	ctx, stop := context.WithCancel(context.Background())
	show.interrupt = func(epoch, batch int) {
		if epoch == 11 { // the second fold's second
			stop()
		}
	}
	o.Out = t.TempDir()
	if _, err = Crossval(ctx, e, dir, o); err == nil || !strings.Contains(err.Error(), "seed 1, fold 2 of 2") {
		t.Errorf("a cancelled cross-validation says %v", err)
	}
	show.interrupt, show.epochs = nil, 0
	resumed, err := Crossval(context.Background(), e, dir, o)
	if err != nil || show.epochs != 4*9-10 || !cmp.Equal(whole.Held, resumed.Held) {
		t.Errorf("resumed it trains %d epochs and gives %v, and not the same answers", show.epochs, err)
	}

	other := *e
	other.Training.Batch = 7
	if _, err := Crossval(context.Background(), &other, dir, o); err == nil || !strings.Contains(err.Error(), "another configuration") {
		t.Errorf("another configuration in the same folder: %v", err)
	}
	o.Folds = 13
	if _, err := Crossval(context.Background(), e, dir, o); err == nil || !strings.Contains(err.Error(), "for 13 folds") {
		t.Errorf("more folds than pictures: %v", err)
	}
}

// What would measure nothing is refused before anything is trained.
func TestValidationsThatMeasureNothing(t *testing.T) {
	dir := cloths(t, 4, 1)
	folder := filepath.Join(dir, "train", "dots")
	if err := errors.Join(os.Rename(folder, folder+"~"), os.Mkdir(folder, 0o755), os.Rename(folder+"~", filepath.Join(folder, "one cloth")), os.RemoveAll(filepath.Join(dir, "test", "dots"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		folds int
		seeds []int64
		says  string
	}{
		{0, []int64{1}, "at least 2 folds"},
		{-1, []int64{1}, "at least 2 folds"},
		{2, nil, "1 seed"},
		{2, []int64{3, 1, 3}, "name one twice"},
		{2, []int64{1}, `"dots" has readable pictures of too few cloths, 1 for 2 folds`},
	} {
		show := &watcher{}
		o := CrossvalOptions{Out: t.TempDir(), Folds: c.folds, Seeds: c.seeds, Show: show}
		_, one := Crossval(t.Context(), small(), dir, o)
		_, other := Curve(t.Context(), small(), dir, o)
		for _, err := range []error{one, other} {
			if err == nil || !strings.Contains(err.Error(), c.says) || show.epochs > 0 {
				t.Errorf("%d folds, seeds %v: %v, after %d epochs", c.folds, c.seeds, err, show.epochs)
			}
		}
	}
}

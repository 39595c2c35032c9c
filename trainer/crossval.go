package trainer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"canting/configs"
	"canting/trainer/dataset"
	"canting/trainer/picture"
	"canting/trainer/report"

	"github.com/google/renameio/v2"
)

// CrossvalOptions say how a cross-validation is made.
type CrossvalOptions struct {
	// Out is where each fold's model and answers are kept. A fold that is
	// there already is not trained again.
	Out string
	// Folds is at least 2. Each seed deals the pictures out anew and starts
	// every other random choice of its folds' trainings.
	Folds int
	Seeds []int64
	Show  Show
}

// CrossvalResult is every picture's answer by models not trained on it.
type CrossvalResult struct {
	Classes []string
	Folds   int
	Seeds   []int64
	// Held is in the order of the seeds, folds and files.
	Held []Held
	// Seconds is the time of all folds, whenever they were trained.
	Seconds float64
}

// Crossval measures the experiment by stratified k-fold cross-validation
// (Kohavi, 1995) over all pictures below dir, train/ and test/ joined. Pictures
// of one cloth, as far as folders tell, and those that are there twice are in
// the same fold. Cancelled, it stops between two mini-batches, and the same call
// goes on.
func Crossval(ctx context.Context, e *configs.Experiment, dir string, o CrossvalOptions) (*CrossvalResult, error) {
	v, err := newValidation(ctx, e, dir, o)
	if err != nil {
		return nil, err
	}
	result := &CrossvalResult{Classes: v.classes, Folds: o.Folds, Seeds: o.Seeds}
	for i, seed := range o.Seeds {
		folds := v.deal(seed)
		for fold := range o.Folds {
			train, held := split(v.pictures, folds, fold)
			done, err := v.fold(ctx, seed, fold, train, held, o.Out, [2]int{i*o.Folds + fold, len(o.Seeds) * o.Folds})
			if err != nil {
				return nil, fmt.Errorf("seed %d, fold %d of %d: %w", seed, fold+1, o.Folds, err)
			}
			result.Held = append(result.Held, done.Held...)
			result.Seconds += done.Seconds
		}
	}
	record, err := v.record(result)
	if err != nil {
		return nil, err
	}
	return result, record.write(o.Out)
}

// validation is a cross-validation at work.
type validation struct {
	CrossvalOptions
	experiment *configs.Experiment
	dir        string
	*data
	pictures []picture.Picture
	groups   [][]int // of pictures that belong into one fold
}

// check refuses what measures nothing. A seed that is there twice would count the same
// answers again.
func (o CrossvalOptions) check() error {
	if o.Folds < 2 || len(o.Seeds) == 0 {
		return fmt.Errorf("a cross-validation takes at least 2 folds and 1 seed, not %d and %d", o.Folds, len(o.Seeds))
	}
	if len(slices.Compact(slices.Sorted(slices.Values(o.Seeds)))) < len(o.Seeds) {
		return fmt.Errorf("the seeds %v name one twice: take different ones", o.Seeds)
	}
	return nil
}

func newValidation(ctx context.Context, e *configs.Experiment, dir string, o CrossvalOptions) (*validation, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	e, err := withBackbone(e)
	if err != nil {
		return nil, err
	}
	v := &validation{CrossvalOptions: o, experiment: e, dir: dir, data: &data{tell: o.Show.Warn}}
	set, err := dataset.Open(dir, e.Training.TestShare, e.Seed, func(w string) { v.warn("%s", w) })
	if err != nil {
		return nil, err
	}
	v.classes = set.Classes
	samples := slices.Concat(set.Train, set.Test)
	slices.SortFunc(samples, func(a, b dataset.Sample) int { return strings.Compare(a.Path, b.Path) })
	if v.pictures, err = v.read(ctx, "labelled", samples, e.Input); err != nil {
		return nil, err
	}
	if v.unknown, err = v.readUnknown(ctx, slices.Concat(set.Unknown, set.TestUnknown), e.Input); err != nil {
		return nil, err
	}
	v.groups = groups(v.pictures)
	apart := make([]int, len(v.classes)) // how many groups each motif has
	for _, group := range v.groups {
		apart[v.pictures[group[0]].Label]++
	}
	for label, n := range apart {
		if n < o.Folds {
			return nil, fmt.Errorf("the motif %q has readable pictures of too few cloths, %d for %d folds, and those of one cloth stay together: "+
				"add other cloths, or take fewer folds", v.classes[label], n, o.Folds)
		}
	}
	return v, nil
}

// deal gives each picture its fold.
func (v *validation) deal(seed int64) []int {
	return assignFolds(samplesOf(v.pictures), v.groups, v.Folds, stream(seed, streamFolds))
}

// heldFormat changes when what a fold keeps of its answers does.
const heldFormat = 2

// foldName is the file that keeps a finished fold in its folder.
const foldName = "fold.json"

// finished is a fold's content on disk.
type finished struct {
	// Key is a digest of all that the answers follow from, except for the
	// program itself.
	Key     string  `json:"key"`
	Seconds float64 `json:"seconds"`
	Held    []Held  `json:"held"`
}

// fold reads a finished fold from below out or makes it. place is how many
// trainings come before it, and of how many.
func (v *validation) fold(ctx context.Context, seed int64, fold int, train, held []picture.Picture, out string, place [2]int) (*finished, error) {
	e := *v.experiment
	e.Seed = seed
	dir := filepath.Join(out, fmt.Sprintf("seed-%d", seed), fmt.Sprintf("fold-%d", fold+1))
	key := v.key(&e, train, held)
	if done, err := readFold(dir, key); done != nil || err != nil {
		return done, err
	}
	start := time.Now()
	part := fmt.Sprintf("seed %d, fold %d of %d held out", seed, fold+1, v.Folds)
	show := within{v.Show, part, place[0] * e.Training.Epochs, place[1] * e.Training.Epochs}
	answers, err := holdOut(ctx, &e, v.classes, sets{train: train, unknown: v.unknown}, held, dir, show)
	if err != nil {
		return nil, err
	}
	for i := range answers {
		a := &answers[i]
		a.Seed, a.Fold = seed, fold
		a.File = below(v.dir, a.File)
	}
	done := &finished{Key: key, Seconds: time.Since(start).Seconds(), Held: answers}
	return done, done.write(dir)
}

func (v *validation) key(e *configs.Experiment, train, held []picture.Picture) string {
	h := sha256.New()
	fmt.Fprintln(h, heldFormat, v.classes, experimentJSON(e), sets{train: train, test: held, unknown: v.unknown}.digest())
	for _, p := range held {
		fmt.Fprintln(h, below(v.dir, p.Path))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// readFold is nil where dir holds no finished fold.
func readFold(dir, key string) (*finished, error) {
	path := filepath.Join(dir, foldName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("go on with a cross-validation: %w", err)
	}
	var done finished
	if err := json.Unmarshal(text, &done); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it to make this fold again", path, err)
	}
	if done.Key != key {
		return nil, fmt.Errorf("%s belongs to another configuration or other pictures: use another --out folder", path)
	}
	return &done, nil
}

// write keeps a finished fold and removes what it would have been resumed from.
func (done *finished) write(dir string) error {
	text, err := json.Marshal(done)
	if err != nil {
		return fmt.Errorf("encode the fold's answers: %w", err)
	}
	if err := renameio.WriteFile(filepath.Join(dir, foldName), text, 0o644); err != nil {
		return fmt.Errorf("keep the fold's answers: %w", err)
	}
	if err := os.Remove(filepath.Join(dir, checkpointName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a finished fold's checkpoint: %w", err)
	}
	return nil
}

// within shows one training as a part of several.
type within struct {
	Show
	part           string
	before, epochs int
}

func (w within) Step(part string, epoch, _, batch, batches int, loss, accuracy float64) {
	if w.part != "" && part != "" {
		part = w.part + ", " + part
	}
	w.Show.Step(cmp.Or(part, w.part), w.before+epoch, w.epochs, batch, batches, loss, accuracy)
}

// Report is the result's figures.
func (r *CrossvalResult) Report() (report.Crossval, error) {
	calibration, err := r.calibration()
	if err != nil {
		return report.Crossval{}, fmt.Errorf("measure how well the confidence is calibrated: %w", err)
	}
	figures := func(answer func(Held) int) report.Folds {
		var folds []report.Evaluation
		for held := range r.folds() {
			folds = append(folds, count(r.Classes, held, answer))
		}
		return report.NewFolds(r.Classes, folds, r.Folds)
	}
	return report.Crossval{
		Classes: r.Classes, Pictures: len(r.Held) / len(r.Seeds), Folds: r.Folds, Seeds: r.Seeds, Seconds: r.Seconds,
		Kiosk: figures(Held.pressed),
		Int8:  figures(func(h Held) int { return top(h.Views[0]) }),
		Float: figures(func(h Held) int { return top(h.FloatLogits) }),

		Calibration: calibration,
	}, nil
}

// count is of what answer makes of pictures held out.
func count(classes []string, held []Held, answer func(Held) int) report.Evaluation {
	truth, predicted := make([]int, len(held)), make([]int, len(held))
	for i, h := range held {
		truth[i], predicted[i] = h.Label, answer(h)
	}
	return report.Evaluate(classes, truth, predicted)
}

// folds yields the answers of one fold of one seed after the other.
func (r *CrossvalResult) folds() iter.Seq[[]Held] {
	return func(yield func([]Held) bool) {
		for from := 0; from < len(r.Held); {
			to := from + 1
			for to < len(r.Held) && r.Held[to].Seed == r.Held[from].Seed && r.Held[to].Fold == r.Held[from].Fold {
				to++
			}
			if !yield(r.Held[from:to]) {
				return
			}
			from = to
		}
	}
}

// top is the index of the greatest score, the first of equals.
func top(scores []float32) int { return slices.Index(scores, slices.Max(scores)) }

package trainer

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"canting/configs"
	"canting/infer/metadata"
	"canting/infer/tflite"
	"canting/trainer/dataset"
	"canting/trainer/picture"
	"canting/trainer/report"
)

// watchFolder is where, in the output folder, the trainings are that pictures are held
// out of. They stay for --resume, which then has nothing to train.
const watchFolder = "held-out"

// outlierCount is how many pictures of no cloth a model is asked about, and
// learntCount of how many it learns doubt.
const (
	outlierCount = 200
	learntCount  = 1000
)

// lessonCount bounds the pictures of a motif that doubt is learnt from, and with them
// the time that a large gallery takes for it.
const lessonCount = 500

// watch trains as many models as the experiment's decision has folds, each without
// a fold of the training pictures, and tells how they answer those. The answers are
// nil where the motifs have too few pictures.
func (d *data) watch(ctx context.Context, j Job) ([]sighting, error) {
	folds, why := d.deal(j)
	if folds == nil {
		d.warn("%s", why)
		return nil, nil
	}
	e := j.Experiment
	var seen []sighting
	for fold := range e.Decision.Folds {
		train, held := split(d.train, folds, fold)
		dir := filepath.Join(j.Out, watchFolder, fmt.Sprint(fold+1))
		part := fmt.Sprintf("fold %d of %d held out", fold+1, e.Decision.Folds)
		show := within{j.Show, part, (1 + fold) * e.Training.Epochs, (1 + e.Decision.Folds) * e.Training.Epochs}
		if _, err := holdOut(ctx, e, d.classes, sets{train: train, unknown: d.unknown}, held, dir, show); err != nil {
			return nil, fmt.Errorf("learn doubt from fold %d of %d: %w", fold+1, e.Decision.Folds, err)
		}
		file, err := os.ReadFile(filepath.Join(dir, ModelName))
		if err != nil {
			return nil, fmt.Errorf("read a fold's model: %w", err)
		}
		answers, err := sightings(file, d.lesson(train, e), someOfEach(held, lessonCount))
		if err != nil {
			return nil, fmt.Errorf("ask a fold's model: %w", err)
		}
		seen = append(seen, answers...)
	}
	return seen, nil
}

// lesson is what a model that was trained on some pictures learns doubt from.
type lesson struct{ trained, unknown, things []picture.Picture }

func (d *data) lesson(trained []picture.Picture, e *configs.Experiment) lesson {
	return lesson{someOfEach(trained, lessonCount), d.unknown, learntThings().pictures(learntCount, e.Input.Size, fmt.Sprint("learnt ", e.Seed))}
}

// deal gives each training picture its fold. Where one would leave a motif without any
// there are none, and why in a sentence.
func (d *data) deal(j Job) (folds []int, why string) {
	samples := samplesOf(d.train)
	k := j.Experiment.Decision.Folds
	folds = assignFolds(samples, groups(d.train), k, stream(j.Experiment.Seed, streamFolds))
	for fold := range k {
		var rest []dataset.Sample
		for i, s := range samples {
			if folds[i] != fold {
				rest = append(rest, s)
			}
		}
		const so = "so the model's confidence is not calibrated, and only a low one makes an answer unknown"
		switch label := slices.Index(dataset.Counts(rest, len(d.classes)), 0); {
		case label >= 0:
			return nil, fmt.Sprintf("The motif %q has too few pictures to hold some out, %s: add pictures of its other cloths.", d.classes[label], so)
		case len(rest) == len(samples):
			return nil, fmt.Sprintf("There are too few pictures to hold some out, %s: add some, or take fewer decision.folds than %d.", so, k)
		}
	}
	return folds, ""
}

// someOfEach is at most n pictures of each label, evenly from all over the set.
func someOfEach(all []picture.Picture, n int) (some []picture.Picture) {
	of := map[int][]picture.Picture{}
	for _, p := range all {
		of[p.Label] = append(of[p.Label], p)
	}
	for _, label := range slices.Sorted(maps.Keys(of)) {
		some = append(some, spread(of[label], n)...)
	}
	return some
}

// sightings asks a model that was trained without some pictures about them.
func sightings(file []byte, l lesson, held []picture.Picture) ([]sighting, error) {
	c, err := newClassifier(file)
	if err != nil {
		return nil, err
	}
	doubt, err := c.learn(l)
	if err != nil {
		return nil, err
	}
	seen := make([]sighting, len(held))
	for i, p := range held {
		if seen[i], err = c.sight(p, doubt); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// sight is the model's answer to a press; doubt may be nil.
func (c *classifier) sight(p picture.Picture, doubt *metadata.Doubt) (sighting, error) {
	s := sighting{label: p.Label}
	var views [][]float32
	if _, err := c.pressBox(p, func(int) {
		views = append(views, c.logits())
		if doubt == nil {
			return
		}
		against := make([]float32, 1+doubt.Others)
		for kind := range against {
			against[kind] = doubt.Against(kind, c.session.Features())
		}
		s.against = append(s.against, against)
	}); err != nil {
		return sighting{}, err
	}
	s.logits = meanOf(views)
	return s, nil
}

// learn learns doubt from the features of every view of a lesson's pictures. It is
// nil for a model that has no features or too many.
func (c *classifier) learn(l lesson) (*metadata.Doubt, error) {
	if c.session.Features() == nil {
		return nil, nil
	}
	var examples []example
	for i, part := range [][]picture.Picture{l.trained, l.unknown, l.things} {
		for _, p := range part {
			if _, err := c.pressBox(p, func(int) {
				examples = append(examples, example{slices.Clone(c.session.Features()), p.Label, i == 1})
			}); err != nil {
				return nil, err
			}
		}
	}
	return newDoubt(examples, len(c.model.Labels()))
}

// doubt learns how far the model may be trusted, if the experiment asks for it. Where it
// is cancelled it has learnt nothing, and says so by the context's error.
func (d *data) doubt(ctx context.Context, j Job) error {
	if !j.Resume {
		if err := os.RemoveAll(filepath.Join(j.Out, watchFolder)); err != nil {
			return fmt.Errorf("clear away an earlier training's folds: %w", err)
		}
	}
	if j.Experiment.Decision.Folds == 0 {
		return nil
	}
	seen, err := d.watch(ctx, j)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || seen == nil {
		return err
	}
	learnt, err := newTrust(seen, j.Experiment.Decision.Accept)
	if err != nil {
		return fmt.Errorf("learn how far to trust the model: %w", err)
	}
	d.trust = &learnt
	return nil
}

// trusted is the same model with the trust in its metadata.
func (c *classifier) trusted(model *tflite.Model, card *metadata.Canting, t *trust, l lesson) (*classifier, error) {
	doubt, err := c.learn(l)
	if err != nil {
		return nil, err
	}
	t.into(card, doubt)
	file, err := encode(model, *card)
	if err != nil {
		return nil, err
	}
	return newClassifier(file)
}

// doubt tells how familiar a visitor's press finds the set's unknown test pictures,
// and outliers other than those that the model learnt doubt from. It is nil for a
// model that learnt none.
func (c *classifier) doubt(d *data, e *configs.Experiment) (*report.Doubt, error) {
	if d.trust == nil {
		return nil, nil
	}
	told := &report.Doubt{Temperature: d.trust.temperature, Threshold: c.model.Metadata().Threshold}
	familiarity := func(seen pressed) float64 { return c.model.Decide(seen.probabilities, seen.evidence).Familiarity }
	for _, p := range d.testUnknown {
		seen, err := c.pressFile(p.Path, nil)
		if err != nil {
			return nil, err
		}
		told.Unknown = append(told.Unknown, familiarity(seen))
	}
	for _, p := range newThings().pictures(outlierCount, e.Input.Size, fmt.Sprint("new ", e.Seed)) {
		seen, err := c.pressBox(p, nil)
		if err != nil {
			return nil, err
		}
		told.Things = append(told.Things, familiarity(seen))
	}
	return told, nil
}

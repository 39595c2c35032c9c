package trainer

import (
	"context"
	"fmt"
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

// watchFolder is where, in the output folder, the models are that pictures are held
// out of, while they are needed.
const watchFolder = "held-out"

// outlierCount is how many pictures of no cloth a model is shown.
const outlierCount = 200

// watch trains as many models as the experiment's decision has folds, each without
// a fold of the training pictures, and tells how they answer those, the set's
// unknown pictures and outliers. The answers are nil where the motifs have too few
// pictures.
func (d *data) watch(ctx context.Context, j Job) ([]sighting, error) {
	folds, err := d.deal(ctx, j)
	if err != nil || folds == nil {
		return nil, err
	}
	e := j.Experiment
	strange := learntThings().outliers(outlierCount, e.Input.Size, stream(e.Seed, streamOutliers))
	var seen []sighting
	for fold := range e.Decision.Folds {
		var train, held []picture.Picture
		for i, p := range d.train {
			if folds[i] == fold {
				held = append(held, p)
			} else {
				train = append(train, p)
			}
		}
		dir := filepath.Join(j.Out, watchFolder, fmt.Sprint(fold+1))
		show := within{j.Show, (1 + fold) * e.Training.Epochs, (1 + e.Decision.Folds) * e.Training.Epochs}
		if _, err := holdOut(ctx, e, d.classes, train, held, dir, show); err != nil {
			return nil, fmt.Errorf("learn doubt from fold %d of %d: %w", fold+1, e.Decision.Folds, err)
		}
		file, err := os.ReadFile(filepath.Join(dir, ModelName))
		if err != nil {
			return nil, fmt.Errorf("read a fold's model: %w", err)
		}
		answers, err := sightings(file, train, slices.Concat(held, d.unknown), strange)
		if err != nil {
			return nil, err
		}
		seen = append(seen, answers...)
	}
	return seen, nil
}

// deal gives each training picture its fold, nil where a fold would leave a motif
// without any.
func (d *data) deal(ctx context.Context, j Job) ([]int, error) {
	samples := make([]dataset.Sample, len(d.train))
	for i, p := range d.train {
		samples[i] = p.Sample
	}
	together, err := groups(ctx, samples)
	if err != nil {
		return nil, err
	}
	k := j.Experiment.Decision.Folds
	folds := assignFolds(samples, together, k, stream(j.Experiment.Seed, streamFolds))
	for fold := range k {
		var rest []dataset.Sample
		for i, s := range samples {
			if folds[i] != fold {
				rest = append(rest, s)
			}
		}
		if label := slices.Index(dataset.Counts(rest, len(d.classes)), 0); label >= 0 || len(rest) == len(samples) {
			d.warn("There are too few pictures to hold some out, so the model's confidence is not calibrated, and only a low one makes an answer unknown: add some, or take fewer decision.folds than %d.", k)
			return nil, nil
		}
	}
	return folds, nil
}

// sightings asks a model that was trained on some pictures about others, and about
// strange ones that show no motif.
func sightings(file []byte, trained, others []picture.Picture, strange [][]byte) ([]sighting, error) {
	c, err := newClassifier(file)
	if err != nil {
		return nil, fmt.Errorf("read a fold's model back: %w", err)
	}
	space, err := c.space(trained)
	if err != nil {
		return nil, err
	}
	var seen []sighting
	for _, p := range others {
		if _, _, err := c.judge(p); err != nil {
			return nil, err
		}
		seen = append(seen, c.sight(p.Label, space))
	}
	for _, rgb := range strange {
		if _, _, err := c.judgePixels(rgb); err != nil {
			return nil, err
		}
		seen = append(seen, c.sight(dataset.NoMotif, space))
	}
	return seen, nil
}

// sight is the model's answer in the last run, its distance 0 without a space.
func (c *classifier) sight(label int, space *metadata.Doubt) sighting {
	s := sighting{label: label, logits: make([]float32, len(c.probabilities))}
	c.model.Logits(s.logits, c.session.Output())
	if space != nil {
		s.distance = space.Nearest(c.session.Features(), make([]float32, space.Axes.Rows()))
	}
	return s
}

// space measures the int8 model's features of the pictures that it was trained on,
// nil where it has none or too many.
func (c *classifier) space(trained []picture.Picture) (*metadata.Doubt, error) {
	if c.session.Features() == nil {
		return nil, nil
	}
	features, labels := make([][]float32, len(trained)), make([]int, len(trained))
	for i, p := range trained {
		if _, _, err := c.judge(p); err != nil {
			return nil, err
		}
		features[i], labels[i] = slices.Clone(c.session.Features()), p.Label
	}
	return newSpace(features, labels, len(c.model.Labels()))
}

// doubt learns how far the model may be trusted, if the experiment asks for it. A
// training that is stopped meanwhile ends with a model that is trusted as it is.
func (d *data) doubt(ctx context.Context, j Job) error {
	if j.Experiment.Decision.Folds == 0 {
		return nil
	}
	folder := filepath.Join(j.Out, watchFolder)
	if !j.Resume {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("clear away an earlier training's folds: %w", err)
		}
	}
	seen, err := d.watch(ctx, j)
	if ctx.Err() != nil {
		d.warn("The training was stopped before it had learnt how far the model may be trusted, so its confidence is not calibrated; --resume goes on.")
		return nil
	}
	if err != nil || seen == nil {
		return err
	}
	learnt, err := newTrust(seen, j.Experiment.Decision.Accept)
	if err != nil {
		return fmt.Errorf("learn how far to trust the model: %w", err)
	}
	d.trust, d.seen = &learnt, seen
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("clear the folds' models away: %w", err)
	}
	return nil
}

// trusted is the same model with the trust in its metadata.
func (c *classifier) trusted(model *tflite.Model, card *metadata.Canting, t *trust, trained []picture.Picture) (*classifier, error) {
	space, err := c.space(trained)
	if err != nil {
		return nil, err
	}
	t.into(card, space)
	file, err := encode(model, *card)
	if err != nil {
		return nil, err
	}
	return newClassifier(file)
}

// doubt tells how familiar the model finds the set's unknown test pictures, and
// outliers other than those that it learnt doubt from. It is nil for a model that
// learnt none.
func (c *classifier) doubt(d *data, e *configs.Experiment) (*report.Doubt, error) {
	if d.trust == nil {
		return nil, nil
	}
	told := &report.Doubt{Temperature: d.trust.temperature, Threshold: c.model.Metadata().Threshold}
	for _, p := range d.testUnknown {
		_, says, err := c.judge(p)
		if err != nil {
			return nil, err
		}
		told.Others = append(told.Others, says.Familiarity)
	}
	for _, rgb := range newThings().outliers(outlierCount, e.Input.Size, stream(e.Seed, streamOutliers, 1)) {
		_, says, err := c.judgePixels(rgb)
		if err != nil {
			return nil, err
		}
		told.Others = append(told.Others, says.Familiarity)
	}
	return told, nil
}

package trainer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"canting/configs"
	"canting/infer"
	"canting/trainer/dataset"
	"canting/trainer/picture"
	"canting/trainer/report"

	"github.com/google/renameio/v2"
)

// LeftOut is how a model answers that was trained without one of the motifs, by
// the rule that travels in it.
type LeftOut struct {
	Motif string `json:"motif"` // the one left out
	// Right is how many of the other motifs' test pictures the model named right,
	// had it to name one.
	Right int `json:"right"`
	// Known is of the other motifs' test pictures, Left of all pictures of the
	// motif left out, and Others of things that are no cloth.
	Known  report.Naming `json:"known"`
	Left   report.Naming `json:"left"`
	Others report.Naming `json:"others"`
	// Scores compare what doubt could go by.
	Scores []Score `json:"scores"`
}

// Score is the shares that one measure of doubt lets pass where 95 of 100 of the
// known test pictures pass.
type Score struct {
	Name   string  `json:"name"`
	Left   float64 `json:"left"`
	Others float64 `json:"others"`
}

// LeaveOut trains a model without each motif of a data set in turn, in folders of
// out, and asks it about the motif that it has never seen. Cancelled, it stops, and
// the same call goes on.
func LeaveOut(ctx context.Context, e *configs.Experiment, dir, out string, show Show) ([]LeftOut, error) {
	d, err := load(ctx, dir, e, show.Warn)
	if err != nil {
		return nil, err
	}
	if len(d.classes) < 3 {
		return nil, fmt.Errorf("%s holds %d motifs; leaving one out takes at least 3", dir, len(d.classes))
	}
	if e.Decision.Folds == 0 {
		return nil, fmt.Errorf("the experiment's decision.folds is 0, so its models learn no doubt: set it to 2 or more")
	}
	models := e.Training.Epochs * (1 + e.Decision.Folds)
	var all []LeftOut
	for label, motif := range d.classes {
		rest, left := d.without(label)
		j := Job{
			Out: filepath.Join(out, fmt.Sprintf("without-%d", label+1)), Experiment: e, Resume: true,
			Show: within{show, label * models, len(d.classes) * models},
		}
		file, err := rest.model(ctx, j)
		if err != nil {
			return nil, fmt.Errorf("without %q: %w", motif, err)
		}
		measured, err := rest.ask(file, left, e)
		if err != nil {
			return nil, fmt.Errorf("without %q: %w", motif, err)
		}
		measured.Motif = motif
		all = append(all, measured)
	}
	return all, nil
}

// without is the data set without a motif, and all its pictures.
func (d *data) without(label int) (rest *data, left []picture.Picture) {
	r := *d
	r.classes = slices.Delete(slices.Clone(d.classes), label, label+1)
	part := func(of []picture.Picture) (stay []picture.Picture) {
		for _, p := range of {
			switch {
			case p.Label == label:
				p.Label = dataset.NoMotif
				left = append(left, p)
				continue
			case p.Label > label:
				p.Label--
			}
			stay = append(stay, p)
		}
		return stay
	}
	r.train, r.test = part(d.train), part(d.test)
	return &r, left
}

// trustedName is the model with what it learnt of doubt, in its training's folder.
const trustedName = "trusted.tflite"

// model trains one to its end, with what it learns of doubt. What is there already
// is not trained again.
func (d *data) model(ctx context.Context, j Job) ([]byte, error) {
	if _, err := holdOut(ctx, j.Experiment, d.classes, d.train, nil, j.Out, j.Show); err != nil {
		return nil, err
	}
	path := filepath.Join(j.Out, trustedName)
	if file, err := os.ReadFile(path); err == nil {
		return file, nil
	}
	if err := d.doubt(ctx, j); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("stopped; the same command goes on: %w", err)
	}
	f, err := newFit(j.Experiment, len(d.classes), d.train, nil)
	if err != nil {
		return nil, err
	}
	if err := f.resume(j.Out); err != nil {
		return nil, err
	}
	f.settle()
	file, err := f.export(d, nil)
	if err != nil {
		return nil, err
	}
	if err := renameio.WriteFile(path, file, 0o644); err != nil {
		return nil, fmt.Errorf("keep the model: %w", err)
	}
	return file, nil
}

// ask measures a model on the test pictures, the motif left out and outliers that
// it has not learnt from.
func (d *data) ask(file []byte, left []picture.Picture, e *configs.Experiment) (LeftOut, error) {
	c, err := newClassifier(file)
	if err != nil {
		return LeftOut{}, fmt.Errorf("read the model back: %w", err)
	}
	var m LeftOut
	var known, unseen, other measures
	for _, p := range d.test {
		label, says, err := c.judge(p)
		if err != nil {
			return LeftOut{}, err
		}
		if label == p.Label {
			m.Right++
		}
		m.Known.Count(says.Unknown)
		known.add(c, says)
	}
	for _, p := range left {
		_, says, err := c.judge(p)
		if err != nil {
			return LeftOut{}, err
		}
		m.Left.Count(says.Unknown)
		unseen.add(c, says)
	}
	for _, rgb := range outliers(outlierCount, e.Input.Size, stream(e.Seed, streamOutliers, 2)) {
		_, says, err := c.judgePixels(rgb)
		if err != nil {
			return LeftOut{}, err
		}
		m.Others.Count(says.Unknown)
		other.add(c, says)
	}
	for i, name := range measureNames {
		least := exceeded(known[i], 0.95)
		m.Scores = append(m.Scores, Score{name, passing(unseen[i], least), passing(other[i], least)})
	}
	return m, nil
}

// measures are what doubt could go by, each picture's in the order of the names.
type measures [3][]float64

var measureNames = [3]string{"distance", "confidence", "familiarity"}

func (m *measures) add(c *classifier, says infer.Classification) {
	for i, v := range [3]float64{-float64(c.session.Distance()), float64(says.Confidence), says.Familiarity} {
		m[i] = append(m[i], v)
	}
}

// passing is the share of values from a least one on.
func passing(values []float64, least float64) float64 {
	n := 0
	for _, v := range values {
		if v >= least {
			n++
		}
	}
	return float64(n) / float64(max(len(values), 1))
}

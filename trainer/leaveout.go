package trainer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"canting/configs"
	"canting/trainer/dataset"
	"canting/trainer/picture"
	"canting/trainer/report"

	"github.com/google/renameio/v2"
)

// LeftOut is how a model answers that was trained without one of the motifs.
type LeftOut struct {
	Motif string `json:"motif"` // the one left out
	// Right is how many of the other motifs' test pictures the model named right at a
	// press, had it to name one.
	Right int `json:"right"`
	// Known is of the other motifs' test pictures, by the rule that travels in the
	// model.
	Known report.Naming `json:"known"`
	// Others are what shows none of the model's motifs: the pictures of the one left
	// out that the model was not taught with, then each kind of things that are no cloth.
	Others []Other `json:"others"`
}

// Other is how a model answers what it cannot know.
type Other struct {
	Name  string        `json:"name"`
	Named report.Naming `json:"named"` // by the rule that travels in the model
	// Accepted is the share that are named where each of the shares of Accepting of
	// the known test pictures are.
	Accepted [len(Accepting)]float64 `json:"accepted"`
}

// Accepting are the shares of the known to be named at which models are compared: the
// first is the one to compare by, the others tell what strictness is worth.
var Accepting = [...]float64{0.95, 0.9, 0.8, 0.7}

// LeaveOutOptions say how motifs are left out.
type LeaveOutOptions struct {
	// Out is where a folder for each model is made, and LeftOutName written.
	Out string
	// Taught puts the training pictures of the motif left out among the unknown ones,
	// so that the model learns what it is not to name, and asks about its test pictures.
	Taught bool
	Show   Show
}

// LeftOutName is the file of LeaveOut's results.
const LeftOutName = "doubt.json"

// LeaveOut trains a model without each motif of a data set in turn, and asks it about
// that motif. Cancelled, it stops, and the same call goes on.
func LeaveOut(ctx context.Context, e *configs.Experiment, dir string, o LeaveOutOptions) ([]LeftOut, error) {
	e, err := withBackbone(e)
	if err != nil {
		return nil, err
	}
	d, err := load(ctx, dir, e, o.Show.Warn)
	if err != nil {
		return nil, err
	}
	if err := d.canLeaveOut(e, o.Taught); err != nil {
		return nil, fmt.Errorf("leave each motif of %s out: %w", dir, err)
	}
	models := e.Training.Epochs * (1 + e.Decision.Folds)
	var all []LeftOut
	for label, motif := range d.classes {
		rest, left := d.without(label, o.Taught)
		j := Job{
			Out: filepath.Join(o.Out, fmt.Sprintf("without-%d", label+1)), Experiment: e, Resume: true,
			Show: within{o.Show, "without " + motif, label * models, len(d.classes) * models},
		}
		file, err := rest.model(ctx, j)
		if err != nil {
			return nil, fmt.Errorf("without %q: %w", motif, err)
		}
		measured, err := rest.ask(file, motif, left, e)
		if err != nil {
			return nil, fmt.Errorf("without %q: %w", motif, err)
		}
		all = append(all, measured)
	}
	return all, keepJSON(all, "what was measured", filepath.Join(o.Out, LeftOutName))
}

// canLeaveOut says before anyone waits for a training what will be missing.
func (d *data) canLeaveOut(e *configs.Experiment, taught bool) error {
	if len(d.classes) < 3 {
		return fmt.Errorf("there are %d motifs; leaving one out takes at least 3", len(d.classes))
	}
	if e.Decision.Folds == 0 {
		return fmt.Errorf("the experiment's decision.folds is 0, so its models learn no doubt: set it to 2 or more")
	}
	for label, motif := range d.classes {
		rest, left := d.without(label, taught)
		if len(rest.test) == 0 {
			return fmt.Errorf("without %q there is no test picture of a known motif: add some of each motif", motif)
		}
		if len(left) == 0 {
			return fmt.Errorf("of %q there is no test picture to ask a model about that was taught with the others: add some", motif)
		}
		if folds, why := rest.deal(Job{Experiment: e}); folds == nil {
			return fmt.Errorf("without %q: %s", motif, why)
		}
	}
	return nil
}

// without is the data set without a motif, and its pictures: all of them or, where
// the rest is taught with them, those that test.
func (d *data) without(label int, taught bool) (rest *data, left []picture.Picture) {
	r := *d
	r.classes = slices.Delete(slices.Clone(d.classes), label, label+1)
	part := func(of []picture.Picture) (stay, out []picture.Picture) {
		for _, p := range of {
			switch {
			case p.Label == label:
				p.Label = dataset.NoMotif
				out = append(out, p)
				continue
			case p.Label > label:
				p.Label--
			}
			stay = append(stay, p)
		}
		return stay, out
	}
	var trained, tested []picture.Picture
	r.train, trained = part(d.train)
	r.test, tested = part(d.test)
	if !taught {
		return &r, slices.Concat(trained, tested)
	}
	r.unknown = slices.Concat(d.unknown, trained)
	return &r, tested
}

// model trains one to its end, with what it learns of doubt, and writes it. What is
// trained already is not trained again.
func (d *data) model(ctx context.Context, j Job) ([]byte, error) {
	f, err := trained(ctx, j.Experiment, len(d.classes), sets{train: d.train, unknown: d.unknown}, j.Out, j.Show)
	if err != nil {
		return nil, err
	}
	if err := d.doubt(ctx, j); errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("stopped; the same command goes on: %w", err)
	} else if err != nil {
		return nil, err
	}
	file, err := f.export(d, nil)
	if err != nil {
		return nil, err
	}
	if err := renameio.WriteFile(filepath.Join(j.Out, ModelName), file, 0o644); err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	return file, nil
}

// ask presses for the test pictures, the motif left out and things that the model has
// not learnt from.
func (d *data) ask(file []byte, motif string, left []picture.Picture, e *configs.Experiment) (LeftOut, error) {
	c, err := newClassifier(file)
	if err != nil {
		return LeftOut{}, fmt.Errorf("read the model back: %w", err)
	}
	m := LeftOut{Motif: motif}
	var known []float64
	for _, p := range d.test {
		seen, err := c.pressBox(p, nil)
		if err != nil {
			return LeftOut{}, err
		}
		if top(seen.probabilities) == p.Label {
			m.Right++
		}
		says := c.model.Decide(seen.probabilities, seen.evidence)
		m.Known.Count(says.Unknown)
		known = append(known, says.Familiarity)
	}
	var least [len(Accepting)]float64
	for i, share := range Accepting {
		least[i] = exceeded(known, share)
	}
	other, err := c.other(motif, left, least)
	if err != nil {
		return LeftOut{}, err
	}
	m.Others = append(m.Others, other)
	for _, k := range newThings().kinds() {
		name := fmt.Sprintf("left out %d", e.Seed)
		if other, err = c.other(k.name, k.pictures(outlierCount, e.Input.Size, name), least); err != nil {
			return LeftOut{}, err
		}
		m.Others = append(m.Others, other)
	}
	return m, nil
}

// other asks about pictures of none of the motifs, where least is the familiarity
// from which on each of Accepting of the known are named.
func (c *classifier) other(name string, pictures []picture.Picture, least [len(Accepting)]float64) (Other, error) {
	o := Other{Name: name}
	var familiar [len(Accepting)]int
	for _, p := range pictures {
		seen, err := c.pressBox(p, nil)
		if err != nil {
			return Other{}, err
		}
		says := c.model.Decide(seen.probabilities, seen.evidence)
		o.Named.Count(says.Unknown)
		for i := range least {
			if says.Familiarity >= least[i] {
				familiar[i]++
			}
		}
	}
	for i, n := range familiar {
		o.Accepted[i] = float64(n) / float64(max(len(pictures), 1))
	}
	return o, nil
}

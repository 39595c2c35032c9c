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
	// Others are what shows none of the model's motifs: all pictures of the one left
	// out, then each kind of things that are no cloth.
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

// LeaveOut trains a model without each motif of a data set in turn, in folders of
// out, and asks it about the motif that it has never seen. Cancelled, it stops, and
// the same call goes on.
func LeaveOut(ctx context.Context, e *configs.Experiment, dir, out string, show Show) ([]LeftOut, error) {
	e, err := withBackbone(e)
	if err != nil {
		return nil, err
	}
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
	for label, motif := range d.classes {
		if rest, _ := d.without(label); len(rest.test) == 0 {
			return nil, fmt.Errorf("without %q there is no test picture of a known motif: add some of each motif", motif)
		}
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
		measured, err := rest.ask(file, motif, left, e)
		if err != nil {
			return nil, fmt.Errorf("without %q: %w", motif, err)
		}
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

// model trains one to its end, with what it learns of doubt. What is trained already
// is not trained again.
func (d *data) model(ctx context.Context, j Job) ([]byte, error) {
	if _, err := holdOut(ctx, j.Experiment, d.classes, d.train, nil, j.Out, j.Show); err != nil {
		return nil, err
	}
	if err := d.doubt(ctx, j); errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("stopped; the same command goes on: %w", err)
	} else if err != nil {
		return nil, err
	}
	f, err := newFit(j.Experiment, len(d.classes), d.train, nil)
	if err != nil {
		return nil, err
	}
	if err := f.resume(j.Out); err != nil {
		return nil, err
	}
	f.settle()
	return f.export(d, nil)
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

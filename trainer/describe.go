package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"canting/configs"
	"canting/infer"
	"canting/trainer/dataset"
	"canting/trainer/picture"
	"canting/trainer/report"
)

// thumbnailQuality is the JPEG quality of the report's pictures.
const thumbnailQuality = 80

// describe fills in a report: what was trained, on what, and what the int8
// model says of every test picture.
func (f *fit) describe(d *data, file []byte) (*report.Run, error) {
	c, err := newClassifier(file)
	if err != nil {
		return nil, fmt.Errorf("read the written model back: %w", err)
	}
	digest := sha256.Sum256(file)
	run := &report.Run{
		Title:      f.experiment.Name,
		Parameters: parameters(f.experiment),
		Layers:     f.layers(),
		Splits:     d.splits(),
		Warnings:   d.warnings,
		Model:      report.ModelFile{Name: ModelName, Bytes: int64(len(file)), Digest: hex.EncodeToString(digest[:])},
		Metrics:    report.Metrics{Classes: d.classes, Epochs: f.history},
	}
	truth, alone, pressed := make([]int, len(f.test)), make([]int, len(f.test)), make([]int, len(f.test))
	for i, p := range f.test {
		truth[i] = p.Label
		var shown report.Picture
		if shown, alone[i], pressed[i], err = c.show(p); err != nil {
			return nil, err
		}
		run.Pictures = append(run.Pictures, shown)
	}
	run.Metrics.Int8 = report.Evaluate(d.classes, truth, alone)
	run.Metrics.Int8Press = report.Evaluate(d.classes, truth, pressed)
	if run.Doubt, err = c.doubt(d, f.experiment); err != nil {
		return nil, err
	}
	run.Metrics.Doubt = run.Figures()
	return run, nil
}

// show is a test picture as a visitor's press answers it, with the labels that the
// guide box alone and all views together get.
func (c *classifier) show(p picture.Picture) (shown report.Picture, alone, pressed int, err error) {
	classes := c.model.Labels()
	heats := make([]infer.Heat, len(classes)) // of the guide box, before it is known which name is told
	seen, err := c.pressFile(p.Path, func(view int) {
		if view > 0 {
			return
		}
		alone, _ = c.alone()
		for label := range heats {
			heats[label], _ = c.session.Heat(label)
		}
	})
	if err != nil {
		return report.Picture{}, 0, 0, err
	}
	says := c.model.Decide(seen.probabilities, seen.evidence)
	pressed = top(seen.probabilities)
	shown = report.Picture{
		File: filepath.Base(p.Path), Class: classes[p.Label], Predicted: classes[pressed], Heat: heats[pressed],
		Probability: float64(says.Confidence), Familiarity: says.Familiarity, Unknown: says.Unknown,
	}
	shown.Thumbnail, err = p.JPEG(thumbnailQuality)
	return shown, alone, pressed, err
}

// parameters is the paper's table 3 and what else the run depends on.
func parameters(e *configs.Experiment) []report.Parameter {
	t, a := e.Training, e.Augment
	augment := []string{fmt.Sprintf("random square of at least %.0f %% of the side", 100*a.Crop)}
	for _, v := range []struct {
		on   bool
		text string
	}{
		{a.Aspect > 0, fmt.Sprintf("one side longer by up to %.0f %%", 100*a.Aspect)},
		{a.Rotate90, "turns by 90°"},
		{a.Mirror, "mirroring"},
		{a.Rotate > 0, fmt.Sprintf("turns up to %v°", a.Rotate)},
		{a.Perspective > 0, fmt.Sprintf("an edge nearer by up to %.0f %%", 100*a.Perspective)},
		{a.Brightness > 0, fmt.Sprintf("brightness ± %.0f %%", 100*a.Brightness)},
		{a.Contrast > 0, fmt.Sprintf("contrast ± %.0f %%", 100*a.Contrast)},
		{a.Colour > 0, fmt.Sprintf("colour ± %.0f %%", 100*a.Colour)},
		{a.Saturation > 0, fmt.Sprintf("saturation ± %.0f %%", 100*a.Saturation)},
		{a.Hue > 0, fmt.Sprintf("hue ± %v°", a.Hue)},
		{a.Grey > 0, fmt.Sprintf("no colour in %.0f %% of the pictures", 100*a.Grey)},
		{a.Negative > 0, fmt.Sprintf("light and dark exchanged in %.0f %%", 100*a.Negative)},
		{a.Gamma > 0, fmt.Sprintf("tone curve up to %v", 1+a.Gamma)},
		{a.Blur > 0, fmt.Sprintf("blur up to %v pixels", a.Blur)},
		{a.Noise > 0, fmt.Sprintf("noise up to %v %%", 100*a.Noise)},
		{a.Cutout > 0, fmt.Sprintf("hidden rectangles up to %.0f %%", 100*a.Cutout)},
		{a.JPEG > 0, fmt.Sprintf("JPEG of quality %d and better", a.JPEG)},
	} {
		if v.on {
			augment = append(augment, v.text)
		}
	}
	list := []report.Parameter{
		{Name: "Batch size", Value: fmt.Sprint(t.Batch)},
		{Name: "Epochs", Value: fmt.Sprint(t.Epochs)},
		{Name: "Optimizer", Value: "Adam, with decoupled weight decay (AdamW)"},
		{Name: "Learning rate", Value: fmt.Sprintf("%v, %s, %v epochs of warm-up", t.LearningRate, t.Schedule, t.Warmup)},
		{Name: "Weight decay", Value: fmt.Sprint(t.WeightDecay)},
		{Name: "Weights averaged with decay", Value: fmt.Sprint(t.Average)},
		{Name: "Label smoothing", Value: fmt.Sprint(t.LabelSmoothing)},
		{Name: "Mixup, CutMix", Value: fmt.Sprintf("%v, %v", t.Mixup, t.CutMix)},
		{Name: "Showings of a picture in an epoch", Value: fmt.Sprint(t.Views)},
		{Name: "Classes shown equally often", Value: map[bool]string{true: "yes", false: "no"}[t.Balance]},
		{Name: "Pictures of no motif, as a share of a batch", Value: fmt.Sprint(t.Outliers)},
		{Name: "Pictures varied by", Value: strings.Join(augment, ", ")},
		{Name: "Input", Value: fmt.Sprintf("%d × %d pixels, guide box %.0f %% of the shorter side", e.Input.Size, e.Input.Size, 100*e.Input.Crop)},
		{Name: "Pictures that the int8 ranges are taken from", Value: fmt.Sprint(e.Quantization.Calibration)},
		{Name: "Folds held out to learn doubt from; share of them that is named", Value: fmt.Sprintf("%d; %v", e.Decision.Folds, e.Decision.Accept)},
		{Name: "Seed", Value: fmt.Sprint(e.Seed)},
	}
	if b := e.Backbone; b.File != "" {
		value := fmt.Sprintf("%s, at %v of the learning rate", filepath.Base(b.File), b.Rate)
		list = append(list, report.Parameter{Name: "Layers taken over from", Value: value})
	}
	return list
}

func (f *fit) layers() []report.Layer {
	var rows []report.Layer
	for _, l := range f.net.Layers {
		n := 0
		for _, p := range l.Params() {
			n += p.Value.Shape().TotalSize()
		}
		rows = append(rows, report.Layer{
			Name: l.Name(), Output: strings.ReplaceAll(strings.Trim(fmt.Sprint(l.Shape()), "[]"), " ", " × "), Parameters: n,
		})
	}
	return rows
}

func (d *data) splits() []report.Split {
	train, test := dataset.Counts(samplesOf(d.train), len(d.classes)), dataset.Counts(samplesOf(d.test), len(d.classes))
	splits := make([]report.Split, len(d.classes))
	for i, c := range d.classes {
		splits[i] = report.Split{Class: c, Train: train[i], Test: test[i]}
	}
	return splits
}

package trainer

import (
	"context"
	"fmt"

	"canting/infer"
	"canting/trainer/dataset"
	"canting/trainer/report"
)

// Verdict is the model's answer to the guide box of one labelled picture. Class is
// dataset.Unknown for what shows none of the motifs; Unknown tells that the live label
// would name none.
type Verdict struct {
	Path, Class, Label string
	Probability        float32
	Unknown            bool
}

// Evaluate classifies every picture of a labelled folder with the int8 model
// in file, as the kiosk's live label does, by the guide box, and tells each answer;
// Press is by all views, and so is what is named and unknown. What lies in the folder
// dataset.Unknown counts for nothing else. Pictures that cannot be read are told to
// warn and left out.
func Evaluate(ctx context.Context, file []byte, dir string, tell func(Verdict), warn func(string)) (report.Evaluation, error) {
	c, err := newClassifier(file)
	if err != nil {
		return report.Evaluation{}, err
	}
	if !c.model.HasMetadata() {
		warn("The model does not say how its pictures are made; the whole centred square is assumed.")
	}
	classes := c.model.Labels()
	samples, err := dataset.Labelled(dir, classes, warn)
	if err != nil {
		return report.Evaluation{}, err
	}
	var truth, predicted, pressed []int
	var motifs, others report.Naming
	for _, s := range samples {
		if err := ctx.Err(); err != nil {
			return report.Evaluation{}, fmt.Errorf("the evaluation was stopped: %w", err)
		}
		var label int
		var says infer.Classification
		seen, err := c.pressFile(s.Path, func(view int) {
			if view == 0 {
				label, says = c.alone()
			}
		})
		if err != nil {
			warn(fmt.Sprintf("Left out: %v.", err))
			continue
		}
		class := dataset.Unknown
		told := c.model.Decide(seen.probabilities, seen.evidence)
		if s.Label == dataset.NoMotif {
			others.Count(told.Unknown)
		} else {
			class = classes[s.Label]
			motifs.Count(told.Unknown)
			truth, predicted, pressed = append(truth, s.Label), append(predicted, label), append(pressed, top(seen.probabilities))
		}
		tell(Verdict{s.Path, class, classes[label], says.Confidence, says.Unknown})
	}
	if len(truth) == 0 {
		return report.Evaluation{}, fmt.Errorf("no picture below %s could be read: there is nothing to evaluate", dir)
	}
	e, press := report.Evaluate(classes, truth, predicted), report.Evaluate(classes, truth, pressed)
	press.Motifs, press.Others = &motifs, &others
	e.Press = &press
	return e, nil
}

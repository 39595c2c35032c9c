package trainer

import (
	"context"
	"fmt"

	"canting/capture"
	"canting/trainer/dataset"
	"canting/trainer/report"
)

// Verdict is the model's answer to one labelled picture. Class is dataset.Unknown
// for what shows none of the motifs; Unknown tells that the kiosk would name none.
type Verdict struct {
	Path, Class, Label string
	Probability        float32
	Unknown            bool
}

// Evaluate classifies every picture of a labelled folder with the int8 model
// in file, as the kiosk would, and tells each answer. What lies in the folder
// dataset.Unknown counts for nothing but whether it is named. Pictures that cannot
// be read are told to warn and left out.
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
	var truth, predicted []int
	var motifs, others report.Naming
	for _, s := range samples {
		if err := ctx.Err(); err != nil {
			return report.Evaluation{}, fmt.Errorf("the evaluation was stopped: %w", err)
		}
		frame, err := capture.ReadFile(s.Path)
		if err == nil {
			err = c.run(frame)
		}
		if err != nil {
			warn(fmt.Sprintf("Left out: %v.", err))
			continue
		}
		label, says := c.alone()
		class := dataset.Unknown
		if s.Label == dataset.NoMotif {
			others.Count(says.Unknown)
		} else {
			class = classes[s.Label]
			motifs.Count(says.Unknown)
			truth, predicted = append(truth, s.Label), append(predicted, label)
		}
		tell(Verdict{s.Path, class, classes[label], says.Confidence, says.Unknown})
	}
	if len(truth) == 0 {
		return report.Evaluation{}, fmt.Errorf("no picture below %s could be read: there is nothing to evaluate", dir)
	}
	e := report.Evaluate(classes, truth, predicted)
	e.Motifs, e.Others = &motifs, &others
	return e, nil
}

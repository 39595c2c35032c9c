package trainer

import (
	"fmt"
	"slices"

	"canting/capture"
	"canting/infer"
	"canting/trainer/picture"
)

// classifier is a model with the preprocessing that it asks for.
type classifier struct {
	model         *infer.Model
	session       *infer.Session
	preprocessor  *capture.Preprocessor
	probabilities []float32
}

func newClassifier(file []byte) (*classifier, error) {
	model, err := infer.Load(file, infer.Options{})
	if err != nil {
		return nil, err
	}
	in := model.Input()
	if len(in.Shape) != 4 || in.Shape[3] != 3 {
		return nil, fmt.Errorf("the model takes %v, not pictures of (1, height, width, 3)", in.Shape)
	}
	pre, err := capture.NewPreprocessor(model.Metadata().Preprocessing, capture.InputSpec{
		Width: in.Shape[2], Height: in.Shape[1], Type: in.Type, Scale: in.Scale, ZeroPoint: in.ZeroPoint,
	})
	if err != nil {
		return nil, err
	}
	return &classifier{model, model.NewSession(), pre, make([]float32, len(model.Labels()))}, nil
}

func (c *classifier) run(f capture.Frame) error {
	if err := c.preprocessor.Run(f, c.session.Input()); err != nil {
		return err
	}
	return c.session.Run()
}

// judge answers a picture that is preprocessed already.
func (c *classifier) judge(p picture.Picture) (label int, says infer.Classification, err error) {
	rgb, err := p.Exact()
	if err != nil {
		return 0, infer.Classification{}, err
	}
	return c.judgePixels(rgb)
}

// judgePixels answers size x size RGB pixels.
func (c *classifier) judgePixels(rgb []byte) (label int, says infer.Classification, err error) {
	if err := c.preprocessor.Normalise(rgb, c.session.Input()); err != nil {
		return 0, infer.Classification{}, err
	}
	if err := c.session.Run(); err != nil {
		return 0, infer.Classification{}, err
	}
	label, says = c.answer()
	return label, says, nil
}

// press answers the picture in a file as the kiosk answers a visitor's press: with
// the mean of the probabilities of its views. box is called when the first of
// them, the guide box, has run.
func (c *classifier) press(path string, box func()) ([]float32, error) {
	frame, err := capture.ReadFile(path)
	if err != nil {
		return nil, err
	}
	mean := make([]float32, len(c.probabilities))
	views := c.preprocessor.Views()
	for i, view := range views {
		if err := c.preprocessor.RunView(frame, view, c.session.Input()); err != nil {
			return nil, err
		}
		if err := c.session.Run(); err != nil {
			return nil, err
		}
		if i == 0 {
			box()
		}
		c.answer()
		for label, p := range c.probabilities {
			mean[label] += p / float32(len(views))
		}
	}
	return mean, nil
}

// answer is the last run's most probable class and what the kiosk makes of it.
func (c *classifier) answer() (label int, says infer.Classification) {
	c.model.Probabilities(c.probabilities, c.session.Output())
	return slices.Index(c.probabilities, slices.Max(c.probabilities)), c.model.Decide(c.probabilities, c.session.Distance())
}

package trainer

import (
	"fmt"

	"canting/capture"
	"canting/infer"
	"canting/trainer/picture"
)

// classifier is a model with the preprocessing that it asks for.
type classifier struct {
	model   *infer.Model
	session *infer.Session
	// preprocessor is for frames; boxes for a picture.Picture's Box, which is cut and
	// corrected already.
	preprocessor, boxes *capture.Preprocessor
	probabilities       []float32
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
	spec := capture.InputSpec{Width: in.Shape[2], Height: in.Shape[1], Type: in.Type, Scale: in.Scale, ZeroPoint: in.ZeroPoint}
	params := model.Metadata().Preprocessing
	pre, err := capture.NewPreprocessor(params, spec)
	if err != nil {
		return nil, err
	}
	params.Crop, params.GreyWorld = 1, false
	boxes, err := capture.NewPreprocessor(params, spec)
	if err != nil {
		return nil, err
	}
	return &classifier{model, model.NewSession(), pre, boxes, make([]float32, len(model.Labels()))}, nil
}

// run looks at the guide box alone.
func (c *classifier) run(f capture.Frame) error {
	if err := c.preprocessor.Run(f, c.session.Input()); err != nil {
		return err
	}
	return c.session.Run()
}

// pressed is what a visitor's press sees in all of its views.
type pressed struct {
	probabilities []float32
	evidence      float32
}

// pressFile answers the picture in a file as the kiosk answers a visitor's press.
// after, unless nil, is called when each view has run, the guide box first.
func (c *classifier) pressFile(path string, after func(view int)) (pressed, error) {
	frame, err := capture.ReadFile(path)
	if err != nil {
		return pressed{}, err
	}
	return c.press(c.preprocessor, frame, after)
}

// pressBox is pressFile for a picture that is in hand, or drawn.
func (c *classifier) pressBox(p picture.Picture, after func(view int)) (pressed, error) {
	box, err := p.Box()
	if err != nil {
		return pressed{}, err
	}
	return c.press(c.boxes, box, after)
}

func (c *classifier) press(pre *capture.Preprocessor, f capture.Frame, after func(view int)) (pressed, error) {
	views := pre.Views()
	mean := pressed{probabilities: make([]float32, len(c.probabilities))}
	for i, view := range views {
		if err := pre.RunView(f, view, c.session.Input()); err != nil {
			return pressed{}, err
		}
		if err := c.session.Run(); err != nil {
			return pressed{}, err
		}
		if after != nil {
			after(i)
		}
		c.model.Probabilities(c.probabilities, c.session.Output())
		c.model.Pool(mean.probabilities, c.probabilities, i+1)
		mean.evidence += c.session.Evidence() / float32(len(views))
	}
	return mean, nil
}

// alone is the last run's answer by itself.
func (c *classifier) alone() (label int, says infer.Classification) {
	c.model.Probabilities(c.probabilities, c.session.Output())
	return top(c.probabilities), c.model.Decide(c.probabilities, c.session.Evidence())
}

// judge is what the model makes of the guide box of a picture in hand.
func (c *classifier) judge(p picture.Picture) (infer.Classification, error) {
	rgb, err := p.Exact()
	if err != nil {
		return infer.Classification{}, err
	}
	if err := c.preprocessor.Normalise(rgb, c.session.Input()); err != nil {
		return infer.Classification{}, err
	}
	if err := c.session.Run(); err != nil {
		return infer.Classification{}, err
	}
	_, says := c.alone()
	return says, nil
}

// logits are the last run's.
func (c *classifier) logits() []float32 {
	to := make([]float32, len(c.probabilities))
	c.model.Logits(to, c.session.Output())
	return to
}

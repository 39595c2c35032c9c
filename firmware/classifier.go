package firmware

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"time"

	"canting/capture"
	"canting/firmware/store"
	"canting/infer"
	"canting/infer/tflite"
)

// The reasons for refusing a model that running it shows.
const (
	unsupported store.Reason = "unsupported"
	wrongInput  store.Reason = "wrong_input"
	wrongGolden store.Reason = "golden"
	tooHungry   store.Reason = "memory"
	tooSlow     store.Reason = "slow"
	failed      store.Reason = "failed"
)

// assumed is said of a model without Canting's metadata.
const assumed = "the model does not say how its pictures are prepared, so the whole centred square is assumed, its values over the whole range of the input (0..1 if it is float32)"

// classifier tells the motif of a frame. It owns one session and is not for
// concurrent use.
type classifier struct {
	origin        origin
	model         *infer.Model
	labels        []string
	session       *infer.Session
	preprocessor  *capture.Preprocessor
	probabilities []float32
}

// newClassifier loads a .tflite file. The error is a store.Refusal.
func newClassifier(file []byte, threads int) (*classifier, error) {
	model, err := loadModel(file, threads)
	if err != nil {
		return nil, err
	}
	return classifierOf(model)
}

// loadModel takes 0 threads as one for each core but one.
func loadModel(file []byte, threads int) (*infer.Model, error) {
	if threads == 0 {
		threads = runtime.NumCPU() - 1
	}
	model, err := infer.Load(file, infer.Options{Threads: threads})
	if err != nil {
		if damaged := parses(file); damaged != nil {
			return nil, store.Refuse(store.Truncated, "the file is cut short, damaged or no .tflite at all: %w", damaged)
		}
		return nil, store.Refuse(unsupported, "load the model: %w", err)
	}
	return model, nil
}

func parses(file []byte) error {
	_, err := tflite.Parse(file)
	return err
}

// classifierOf allocates what running a model needs.
func classifierOf(model *infer.Model) (*classifier, error) {
	in := model.Input()
	if len(in.Shape) != 4 || in.Shape[0] != 1 || in.Shape[3] != 3 {
		return nil, store.Refuse(wrongInput, "the model's input has the shape %v; a picture classifier's is [1 height width 3]", in.Shape)
	}
	preprocessor, err := capture.NewPreprocessor(model.Metadata().Preprocessing, capture.InputSpec{
		Height: in.Shape[1], Width: in.Shape[2], Type: in.Type, Scale: in.Scale, ZeroPoint: in.ZeroPoint,
	})
	if err != nil {
		return nil, store.Refuse(wrongInput, "prepare the model's preprocessing: %w", err)
	}
	labels := model.Labels()
	return &classifier{
		model:         model,
		labels:        labels,
		session:       model.NewSession(),
		preprocessor:  preprocessor,
		probabilities: make([]float32, len(labels)),
	}, nil
}

func (c *classifier) close() { c.session.Close() }

// timing is what one classification took.
type timing struct{ prepare, inference time.Duration }

// classify is classifyView of the guide box. took is the inference alone.
func (c *classifier) classify(f capture.Frame) (seen sight, took time.Duration, err error) {
	seen, timing, err := c.classifyView(f, capture.View{})
	return seen, timing.inference, err
}

// classifyView returns what the model sees, valid until the next call. A panic
// is an error: the model that served before takes over.
func (c *classifier) classifyView(f capture.Frame, v capture.View) (seen sight, took timing, err error) {
	defer recovered(&err)
	began := time.Now()
	if err := c.preprocessor.RunView(f, v, c.session.Input()); err != nil {
		return sight{}, timing{}, fmt.Errorf("prepare the picture: %w", err)
	}
	prepared := time.Now()
	if err := c.session.Run(); err != nil {
		return sight{}, timing{}, fmt.Errorf("run the model: %w", err)
	}
	took = timing{prepared.Sub(began), time.Since(prepared)}
	c.model.Probabilities(c.probabilities, c.session.Output())
	return sight{c.probabilities, c.session.Evidence()}, took, nil
}

// heat classifies the guide box and tells where in it the label's score came
// from, nil if the model does not allow that.
func (c *classifier) heat(f capture.Frame, label int) (h *heat, err error) {
	defer recovered(&err)
	if _, _, err := c.classify(f); err != nil {
		return nil, err
	}
	if got, ok := c.session.Heat(label); ok {
		h = &heat{got.Rows, got.Columns, got.Values}
	}
	return h, nil
}

// recovered makes a panic of the model an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the model panicked: %v", r)
	}
}

// examine measures what the model would see of a frame.
func (c *classifier) examine(f capture.Frame) capture.Quality {
	return capture.Examine(f, c.model.Metadata().Preprocessing.Crop)
}

// rule is when the model names nothing.
func (c *classifier) rule() rule {
	return rule{c.model.Familiarity, c.model.Metadata().Threshold}
}

// judge is what the model makes of a sight that nothing went before.
func (c *classifier) judge(flaw capture.Flaw, seen sight) opinion {
	var once smoother
	return once.add(time.Time{}, flaw, seen, c.rule())
}

// checkGoldens repeats the pictures that travel with the model and compares
// the input and output tensors byte for byte with the trainer's.
func (c *classifier) checkGoldens() error {
	for i, golden := range c.model.Metadata().Golden {
		frame, err := capture.Decode(golden.Picture)
		if err != nil {
			return store.Refuse(wrongGolden, "the model's golden picture %d: %w", i, err)
		}
		if _, _, err := c.classify(frame); err != nil {
			return store.Refuse(wrongGolden, "the model's golden picture %d: %w", i, err)
		}
		if !bytes.Equal(c.session.Output(), golden.Output) {
			return store.Refuse(wrongGolden, "the model's golden picture %d gives %v, the trainer got %v: this machine does not run the model as it was made",
				i, c.session.Output(), golden.Output)
		}
		// The engine may reuse the input's memory, so preprocess once more.
		if err := c.preprocessor.Run(frame, c.session.Input()); err != nil {
			return store.Refuse(wrongGolden, "the model's golden picture %d: %w", i, err)
		}
		digest := sha256.Sum256(c.session.Input())
		if got := hex.EncodeToString(digest[:]); golden.Input != "" && got != golden.Input {
			return store.Refuse(wrongGolden, "the model's golden picture %d preprocesses to %s, the trainer got %s", i, got, golden.Input)
		}
	}
	return nil
}

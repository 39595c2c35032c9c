package firmware

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"canting/capture"
	"canting/firmware/demo"
	"canting/infer"
)

// maxModelBytes bounds a model file; a Raspberry Pi's classifier has a few MB.
const maxModelBytes = 64 << 20

// classifier tells the motif of a frame. It owns one session and is not for
// concurrent use.
type classifier struct {
	model         *infer.Model
	labels        []string
	session       *infer.Session
	preprocessor  *capture.Preprocessor
	probabilities []float32
}

// readModel reads the model file at path; the empty path is the demonstration
// model.
func readModel(path string) ([]byte, error) {
	if path == "" {
		return demo.Model(), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	if info.Size() > maxModelBytes {
		return nil, fmt.Errorf("the model %s has %d bytes, more than the %d allowed", path, info.Size(), maxModelBytes)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	return file, nil
}

// newClassifier loads a .tflite file.
func newClassifier(file []byte, threads int) (*classifier, error) {
	model, err := infer.Load(file, infer.Options{Threads: threads})
	if err != nil {
		return nil, fmt.Errorf("load the model: %w", err)
	}
	in := model.Input()
	if len(in.Shape) != 4 || in.Shape[0] != 1 || in.Shape[3] != 3 {
		return nil, fmt.Errorf("the model's input has the shape %v; a picture classifier's is [1 height width 3]", in.Shape)
	}
	preprocessor, err := capture.NewPreprocessor(model.Metadata().Preprocessing, capture.InputSpec{
		Height: in.Shape[1], Width: in.Shape[2], Type: in.Type, Scale: in.Scale, ZeroPoint: in.ZeroPoint,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the model's preprocessing: %w", err)
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

// classify returns the probability of every label, valid until the next call,
// and the time that the inference alone took.
func (c *classifier) classify(f capture.Frame) ([]float32, time.Duration, error) {
	if err := c.preprocessor.Run(f, c.session.Input()); err != nil {
		return nil, 0, fmt.Errorf("prepare the picture: %w", err)
	}
	began := time.Now()
	if err := c.session.Run(); err != nil {
		return nil, 0, fmt.Errorf("run the model: %w", err)
	}
	took := time.Since(began)
	c.model.Probabilities(c.probabilities, c.session.Output())
	return c.probabilities, took, nil
}

// checkGoldens repeats the pictures that travel with the model and compares
// the input and output tensors byte for byte with the trainer's.
func (c *classifier) checkGoldens() error {
	for i, golden := range c.model.Metadata().Golden {
		frame, err := capture.Decode(golden.Picture)
		if err != nil {
			return fmt.Errorf("the model's golden picture %d: %w", i, err)
		}
		if _, _, err := c.classify(frame); err != nil {
			return fmt.Errorf("the model's golden picture %d: %w", i, err)
		}
		if !bytes.Equal(c.session.Output(), golden.Output) {
			return fmt.Errorf("the model's golden picture %d gives %v, the trainer got %v: this machine does not run the model as it was made",
				i, c.session.Output(), golden.Output)
		}
		// The engine may reuse the input's memory, so preprocess once more.
		if err := c.preprocessor.Run(frame, c.session.Input()); err != nil {
			return fmt.Errorf("the model's golden picture %d: %w", i, err)
		}
		digest := sha256.Sum256(c.session.Input())
		if got := hex.EncodeToString(digest[:]); golden.Input != "" && got != golden.Input {
			return fmt.Errorf("the model's golden picture %d preprocesses to %s, the trainer got %s", i, got, golden.Input)
		}
	}
	return nil
}

package trainer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"canting/configs"
	"canting/trainer/picture"

	"github.com/google/renameio/v2"
	"gorgonia.org/tensor"
)

// Held is how a model answers a picture that it was not trained on.
type Held struct {
	// File is the picture's path below the data's folder, with slashes.
	File  string `json:"file"`
	Label int    `json:"label"`
	Seed  int64  `json:"seed"`
	Fold  int    `json:"fold"` // from 0
	// Views are the int8 model's logits, dequantized, of each view of a visitor's
	// press, the guide box first.
	Views [][]float32 `json:"views"`
	// FloatLogits are the network's as trained, up to a constant, of the guide box.
	FloatLogits []float32 `json:"float_logits"`
}

// press is what a visitor's press makes of the views: the mean of their logits, which
// is infer.Model's Pool.
func (h Held) press() []float32 { return meanOf(h.Views) }

// pressed is the label that a press names.
func (h Held) pressed() int { return top(h.press()) }

func meanOf(rows [][]float32) []float32 {
	mean := make([]float32, len(rows[0]))
	for _, row := range rows {
		for i, v := range row {
			mean[i] += v / float32(len(rows))
		}
	}
	return mean
}

// trained trains to the last epoch, with a checkpoint in dir; one that is there is
// gone on with.
func trained(ctx context.Context, e *configs.Experiment, classes int, of sets, dir string, show Show) (*fit, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make a training's folder: %w", err)
	}
	f, err := newFit(e, classes, of)
	if err != nil {
		return nil, err
	}
	if err := f.resume(dir); err != nil {
		return nil, err
	}
	if err := f.run(ctx, dir, show); err != nil {
		return nil, err
	}
	if len(f.history) < e.Training.Epochs {
		return nil, fmt.Errorf("stopped after %d of %d epochs; the same command goes on", len(f.history), e.Training.Epochs)
	}
	return f, nil
}

// holdOut trains on some pictures, quantizes, and answers others, with their
// paths for files. Model and checkpoint are kept in dir.
func holdOut(ctx context.Context, e *configs.Experiment, classes []string, of sets, held []picture.Picture, dir string, show Show) ([]Held, error) {
	f, err := trained(ctx, e, len(classes), of, dir, show)
	if err != nil {
		return nil, err
	}
	file, err := f.export(&data{classes: classes}, nil)
	if err != nil {
		return nil, err
	}
	if err := renameio.WriteFile(filepath.Join(dir, ModelName), file, 0o644); err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	c, err := newClassifier(file)
	if err != nil {
		return nil, fmt.Errorf("read the written model back: %w", err)
	}
	answers, err := f.answers(held)
	if err != nil {
		return nil, err
	}
	for i := range answers {
		if err := c.look(&answers[i]); err != nil {
			return nil, fmt.Errorf("answer a held-out picture: %w", err)
		}
	}
	return answers, nil
}

// answers are the float network's.
func (f *fit) answers(held []picture.Picture) ([]Held, error) {
	var all []Held
	for chosen := range slices.Chunk(held, measureBatch) {
		x, err := exact(chosen, f.experiment.Input)
		if err != nil {
			return nil, err
		}
		logits := f.net.Forward(x, false)
		for i, p := range chosen {
			all = append(all, Held{File: p.Path, Label: p.Label, FloatLogits: row(logits, i)})
		}
	}
	return all, nil
}

// row is a copy of row i of a tensor.
func row(t *tensor.Dense, i int) []float32 {
	all := t.Data().([]float32)
	width := len(all) / t.Shape()[0]
	return slices.Clone(all[i*width : (i+1)*width])
}

// look fills in the int8 model's answers from the picture's file.
func (c *classifier) look(h *Held) error {
	_, err := c.pressFile(h.File, func(int) { h.Views = append(h.Views, c.logits()) })
	return err
}

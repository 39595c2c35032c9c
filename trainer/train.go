// Package trainer turns labelled photographs into an int8 model: it trains a
// small convolutional network, quantizes it, and reports on it.
package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"canting/configs"
	"canting/trainer/report"

	"github.com/google/renameio/v2"
)

// ModelName is the model's file name in the output folder.
const ModelName = "model.tflite"

// Job is one training.
type Job struct {
	Data, Out  string
	Experiment *configs.Experiment
	// Resume goes on from the checkpoint in Out, if there is one.
	Resume bool
	// Show is told of what is happening. Its calls come from one goroutine.
	Show Show
}

// Show is who watches a training.
type Show interface {
	// Warn tells something to know before the training starts.
	Warn(warning string)
	// Step tells the progress: the part of the work, "" for the training of the
	// model itself, the epoch and the mini-batch, from 1, of how many, and the epoch's
	// loss and accuracy so far.
	Step(part string, epoch, epochs, batch, batches int, loss, accuracy float64)
}

// Train runs a job and writes model.tflite, metrics.json, report.html and the
// plots to its Out folder. When ctx is cancelled after the first epoch it stops
// cleanly, with the mean of the weights so far or, without one, the state that
// had the lowest training loss.
func Train(ctx context.Context, j Job) (*report.Run, error) {
	start := time.Now()
	var err error
	if j.Experiment, err = withBackbone(j.Experiment); err != nil {
		return nil, err
	}
	d, err := load(ctx, j.Data, j.Experiment, j.Show.Warn)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(j.Out, 0o755); err != nil {
		return nil, fmt.Errorf("make the output folder: %w", err)
	}
	f, err := newFit(j.Experiment, len(d.classes), d.sets)
	if err != nil {
		return nil, err
	}
	if j.Resume {
		if err := f.resume(j.Out); err != nil {
			return nil, err
		}
	} else if hasCheckpoint(j.Out) {
		d.warn("%s", replaces(j.Out))
	}
	epochs := j.Experiment.Training.Epochs
	if err := f.run(ctx, j.Out, within{j.Show, "", 0, (1 + j.Experiment.Decision.Folds) * epochs}); err != nil {
		return nil, err
	}
	if len(f.history) < epochs {
		d.warn("The training was stopped after %d of %d epochs; the model is made of what it had learnt by then.", len(f.history), epochs)
	}
	err = d.doubt(ctx, j)
	if errors.Is(err, context.Canceled) {
		d.warn("The training was stopped before it had learnt how far the model may be trusted, so its confidence is not calibrated; --resume goes on.")
	} else if err != nil {
		return nil, err
	}
	return f.finish(j, d, start)
}

// run trains the epochs that are missing, with a checkpoint after each, and
// leaves the network as the model is made of it.
func (f *fit) run(ctx context.Context, out string, show Show) error {
	epochs := f.experiment.Training.Epochs
	for len(f.history) < epochs {
		err := f.epoch(ctx, func(s step) { show.Step("", s.epoch, epochs, s.batch, s.batches, s.loss, s.accuracy) })
		switch {
		case errors.Is(err, context.Canceled) && len(f.history) == 0:
			return errors.New("stopped before the first epoch ended: there is nothing to keep")
		case errors.Is(err, context.Canceled):
			f.settle()
			return nil
		case err != nil:
			return err
		}
		if err := f.save(out); err != nil {
			return err
		}
	}
	f.settle()
	return nil
}

// finish exports the model, measures it, and writes everything down.
func (f *fit) finish(j Job, d *data, start time.Time) (*report.Run, error) {
	floats, err := f.measure(f.test)
	if err != nil {
		return nil, err
	}
	trained, err := f.measure(f.train)
	if err != nil {
		return nil, err
	}
	metrics := map[string]float64{"train_accuracy_float": trained.accuracy()}
	if len(f.test) > 0 {
		metrics["test_accuracy_float"] = floats.accuracy()
	}
	file, err := f.export(d, metrics)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(j.Out, ModelName)
	if err := renameio.WriteFile(path, file, 0o644); err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	run, err := f.describe(d, file)
	if err != nil {
		return nil, err
	}
	truth := make([]int, len(f.test))
	for i, p := range f.test {
		truth[i] = p.Label
	}
	run.Metrics.Float = report.Evaluate(d.classes, truth, floats.predicted)
	run.Metrics.Seconds = time.Since(start).Seconds()
	run.Parameters = append(run.Parameters, report.Parameter{
		Name: "Accuracy on the training pictures, unvaried", Value: fmt.Sprintf("%.2f %%", 100*trained.accuracy()),
	})
	if err := f.record(j, run, floats.predicted).write(j.Out); err != nil {
		return nil, err
	}
	return run, write(run, j.Out)
}

// write puts the report's files into the output folder.
func write(run *report.Run, dir string) error {
	if err := run.Metrics.WriteJSON(filepath.Join(dir, "metrics.json")); err != nil {
		return err
	}
	if err := run.WritePlots(dir); err != nil {
		return err
	}
	out, err := renameio.NewPendingFile(filepath.Join(dir, "report.html"), renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer out.Cleanup()
	if err := run.WriteHTML(out); err != nil {
		return err
	}
	if err := out.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

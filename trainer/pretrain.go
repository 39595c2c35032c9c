package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"canting/trainer/pattern"
	"canting/trainer/picture"
	"canting/trainer/report"

	"github.com/google/renameio/v2"
)

// BackboneName is the backbone's file name in the output folder.
const BackboneName = "backbone.tflite"

// familyTests is how many drawn patterns of each family test a backbone.
const familyTests = 2

// Pretrain trains a job's network without photographs: to tell the families of
// drawn patterns apart, each time by a pattern that was never drawn before
// (Kataoka et al., 2020, "Pre-training without Natural Images"). It writes the
// int8 classifier of families to Out, for other trainings to start from, and
// returns the last epoch's figures, whose test is of patterns kept apart.
func Pretrain(ctx context.Context, j Job) (report.Epoch, error) {
	if err := os.MkdirAll(j.Out, 0o755); err != nil {
		return report.Epoch{}, fmt.Errorf("make the output folder: %w", err)
	}
	e := *j.Experiment
	e.Backbone.File = "" // it is what this makes
	if err := e.Validate(); err != nil {
		return report.Epoch{}, fmt.Errorf("what to pretrain: %w", err)
	}
	j.Experiment = &e
	names, train, test := families(e.Input.Size)
	f, err := newFit(j.Experiment, len(names), sets{train: train, test: test})
	if err != nil {
		return report.Epoch{}, err
	}
	if j.Resume {
		if err := f.resume(j.Out); err != nil {
			return report.Epoch{}, err
		}
	} else if hasCheckpoint(j.Out) {
		j.Show.Warn(replaces(j.Out))
	}
	if err := f.run(ctx, j.Out, j.Show); err != nil {
		return report.Epoch{}, err
	}
	if len(f.history) < j.Experiment.Training.Epochs {
		return report.Epoch{}, errors.New("stopped before the last epoch: the same command with --resume goes on")
	}
	last := f.history[len(f.history)-1]
	model, card, err := f.quantized(names, map[string]float64{"test_accuracy_float": last.TestAccuracy})
	if err != nil {
		return report.Epoch{}, err
	}
	file, err := encode(model, card)
	if err != nil {
		return report.Epoch{}, err
	}
	if err := renameio.WriteFile(filepath.Join(j.Out, BackboneName), file, 0o644); err != nil {
		return report.Epoch{}, fmt.Errorf("write the backbone: %w", err)
	}
	return last, nil
}

// families are the names of all families of patterns, a picture of each that is
// drawn anew whenever it is shown, and those that test.
func families(size int) (names []string, train, test []picture.Picture) {
	for label, family := range pattern.Families() {
		names = append(names, family.Name)
		train = append(train, picture.Drawn(family.Name, label, size, family.Draw))
		for i := range familyTests {
			test = append(test, picture.Drawn(fmt.Sprintf("%s/%d", family.Name, i), label, size, family.Draw))
		}
	}
	return names, train, test
}

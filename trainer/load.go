package trainer

import (
	"context"
	"crypto/sha256"
	"fmt"

	"canting/configs"
	"canting/infer/metadata"
	"canting/trainer/dataset"
	"canting/trainer/picture"
)

// data is a data set that can be trained on.
type data struct {
	classes     []string
	train, test []picture.Picture
	warnings    []string
}

// newPreprocessing is what the trained model tells the kiosk. Values are
// divided by 255, which int8 holds exactly.
func newPreprocessing(in configs.Input) metadata.Preprocessing {
	return metadata.Preprocessing{Crop: in.Crop, GreyWorld: in.GreyWorld, Std: [3]float64{255, 255, 255}}
}

// load reads a data set and says what is wrong with it before anyone waits
// for a training.
func load(ctx context.Context, dir string, e *configs.Experiment) (*data, error) {
	set, err := dataset.Open(dir, e.Training.TestShare, e.Seed)
	if err != nil {
		return nil, err
	}
	d := &data{classes: set.Classes, warnings: set.Warnings}
	if d.train, err = d.read(ctx, set.Train, e.Input); err != nil {
		return nil, err
	}
	if d.test, err = d.read(ctx, set.Test, e.Input); err != nil {
		return nil, err
	}
	seen := make([]bool, len(d.classes))
	for _, p := range d.train {
		seen[p.Label] = true
	}
	for label, ok := range seen {
		if !ok {
			return nil, fmt.Errorf("the motif %q has no readable picture to train on: add some or remove its folder", d.classes[label])
		}
	}
	d.warnTwins()
	return d, nil
}

// read loads samples and warns of those that cannot be read.
func (d *data) read(ctx context.Context, samples []dataset.Sample, in configs.Input) ([]picture.Picture, error) {
	good, bad, err := picture.Load(ctx, samples, newPreprocessing(in), in.Size)
	if err != nil {
		return nil, err
	}
	for _, b := range bad {
		d.warnings = append(d.warnings, fmt.Sprintf("%s is left out: %v.", b.Path, b.Err))
	}
	if len(bad) > 0 {
		d.warnings = append(d.warnings, fmt.Sprintf("%d of %d pictures could not be read.", len(bad), len(samples)))
	}
	return good, nil
}

// warnTwins finds pictures with the same content: one in train and test makes
// the test lie, one under two motifs cannot be learnt.
func (d *data) warnTwins() {
	first := map[[sha256.Size]byte]picture.Picture{}
	for _, p := range d.train {
		twin, twice := first[p.Content]
		if twice && twin.Label != p.Label {
			d.warnings = append(d.warnings, fmt.Sprintf("%s and %s are the same picture under two motifs.", twin.Path, p.Path))
		}
		first[p.Content] = p
	}
	for _, p := range d.test {
		if twin, ok := first[p.Content]; ok {
			d.warnings = append(d.warnings, fmt.Sprintf("%s, a test picture, is the same picture as %s, which is trained on: the test's figures will be too good.", p.Path, twin.Path))
		}
	}
}

package trainer

import (
	"context"
	"fmt"
	"slices"

	"canting/configs"
	"canting/infer/metadata"
	"canting/trainer/dataset"
	"canting/trainer/picture"

	"gonum.org/v1/gonum/floats"
)

// data is a data set that can be trained on.
type data struct {
	classes []string
	sets
	// trust is nil where nothing was learnt of it.
	trust    *trust
	warnings []string
	tell     func(string)
}

// sets are the pictures of a training.
type sets struct {
	train, test []picture.Picture
	// unknown and testUnknown show none of the classes.
	unknown, testUnknown []picture.Picture
}

func (s sets) digest() string {
	return dataDigest([][]picture.Picture{s.train, s.test}, s.unknown, s.testUnknown)
}

// warn tells a warning at once and keeps it for the report.
func (d *data) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	d.warnings = append(d.warnings, w)
	d.tell(w)
}

// newPreprocessing is what the trained model tells the kiosk.
func newPreprocessing(in configs.Input) metadata.Preprocessing {
	return metadata.Preprocessing{
		Crop: in.Crop, GreyWorld: in.GreyWorld, Corners: in.Corners, Mean: [3]float64{in.Mean, in.Mean, in.Mean}, Std: [3]float64{in.Std, in.Std, in.Std},
	}
}

// load reads a data set and says what is wrong with it before anyone waits
// for a training.
func load(ctx context.Context, dir string, e *configs.Experiment, tell func(string)) (*data, error) {
	d := &data{tell: tell}
	set, err := dataset.Open(dir, e.Training.TestShare, e.Seed, func(w string) { d.warn("%s", w) })
	if err != nil {
		return nil, err
	}
	d.classes = set.Classes
	if d.train, err = d.read(ctx, "training", set.Train, e.Input); err != nil {
		return nil, err
	}
	if d.test, err = d.read(ctx, "test", set.Test, e.Input); err != nil {
		return nil, err
	}
	if d.unknown, err = d.readUnknown(ctx, set.Unknown, e.Input); err != nil {
		return nil, err
	}
	if d.testUnknown, err = d.readUnknown(ctx, set.TestUnknown, e.Input); err != nil {
		return nil, err
	}
	tests := dataset.Counts(samplesOf(d.test), len(d.classes))
	for label, n := range dataset.Counts(samplesOf(d.train), len(d.classes)) {
		if n == 0 {
			return nil, fmt.Errorf("the motif %q has no readable picture to train on: add some or remove its folder", d.classes[label])
		}
		if tests[label] == 0 && len(d.test) > 0 {
			d.warn("The motif %q has no test picture, so nothing will be known of how well it is recognised.", d.classes[label])
		}
	}
	d.warnTwins()
	return d, nil
}

// read loads samples and warns of those that cannot be read.
func (d *data) read(ctx context.Context, purpose string, samples []dataset.Sample, in configs.Input) ([]picture.Picture, error) {
	good, bad, err := picture.Load(ctx, samples, newPreprocessing(in), in.Size)
	if err != nil {
		return nil, err
	}
	for _, b := range bad {
		d.warn("Left out: %v.", b.Err)
	}
	if len(bad) > 0 {
		d.warn("%d of %d %s pictures could not be read.", len(bad), len(samples), purpose)
	}
	if len(good) == 0 && purpose != dataset.Unknown {
		d.warn("There is no %s picture, so nothing will be known of how well the model recognises anything.", purpose)
	}
	return good, nil
}

// readUnknown loads the samples that show no class, which a set need not have.
func (d *data) readUnknown(ctx context.Context, samples []dataset.Sample, in configs.Input) ([]picture.Picture, error) {
	if len(samples) == 0 {
		return nil, nil
	}
	return d.read(ctx, dataset.Unknown, samples, in)
}

// mostTwins is how many pairs of twins are named; of more, their number is told.
const mostTwins = 10

// warnTwins finds pictures that seem to show the same: one in train and test makes the
// test lie, one under two motifs, or under one and in the folder unknown, cannot be
// learnt.
func (d *data) warnTwins() {
	all := slices.Concat(d.train, d.unknown, d.test, d.testUnknown)
	trained := len(d.train) + len(d.unknown)
	small := thumbnails(all)
	var same, like []string
	more := 0
	for i, b := range all {
		for j, a := range all[:i] {
			clash, leak := a.Label != b.Label, j < trained && i >= trained
			equal := a.Content == b.Content
			switch {
			case !clash && !leak || !equal && floats.Dot(small[i], small[j]) < alike:
			case equal && len(same) < mostTwins:
				same = append(same, twins(a, b, "is the same picture as", clash))
			case !equal && len(like) < mostTwins:
				like = append(like, twins(a, b, "looks like", clash))
			default:
				more++
			}
		}
	}
	pairs := slices.Concat(same, like)
	told := min(len(pairs), mostTwins)
	for _, w := range pairs[:told] {
		d.warn("%s", w)
	}
	if more += len(pairs) - told; more > 0 {
		d.warn("There are %d more such pairs.", more)
	}
}

// twins tells of two pictures under different names or, where these do not clash, on
// both sides of the test.
func twins(a, b picture.Picture, are string, clash bool) string {
	if clash {
		return fmt.Sprintf("%s %s %s, which lies under another name: if they show one cloth, remove one of them.", b.Path, are, a.Path)
	}
	return fmt.Sprintf("%s, a test picture, %s %s, which is trained on: if they show one cloth, the test's figures will be too good. "+
		"Put both into one folder below their motif's or, where train and test are folders, into the same of them.", b.Path, are, a.Path)
}

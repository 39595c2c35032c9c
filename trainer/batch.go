package trainer

import (
	"context"
	"iter"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"canting/configs"
	"canting/trainer/dataset"
	"canting/trainer/nn"
	"canting/trainer/picture"

	"golang.org/x/sync/errgroup"
	"gorgonia.org/tensor"
)

// batch is what the network takes one step on.
type batch struct {
	x       *tensor.Dense // (pictures, size, size, 3), normalised
	targets *tensor.Dense // (pictures, classes)
	// labels are each picture's own or, of a mixed one, that of the larger part.
	labels []int
	err    error
}

// ahead is how many mini-batches are made before they are needed.
const ahead = 2

// batches are the mini-batches of an epoch's order, varied while the network
// trains on the ones before. They end early when ctx is cancelled.
func (f *fit) batches(ctx context.Context, epoch int, order []int) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		ctx, cancel := context.WithCancel(ctx)
		made := make(chan batch, ahead)
		var maker sync.WaitGroup
		maker.Go(func() {
			defer close(made)
			first := 0
			for chosen := range slices.Chunk(order, f.experiment.Training.Batch) {
				select {
				case made <- f.batch(epoch, first, chosen):
				case <-ctx.Done():
					return
				}
				first += len(chosen)
			}
		})
		defer maker.Wait()
		defer cancel()
		for b := range made {
			if ctx.Err() != nil || !yield(b) {
				return
			}
		}
	}
}

// batch varies the chosen pictures, the first of which is the epoch's first-th,
// on all cores and mixes them. Outliers join them, of which the network is to be
// as unsure as it can (Hendrycks, Mazeika and Dietterich, 2019, "Deep Anomaly
// Detection with Outlier Exposure").
func (f *fit) batch(epoch, first int, chosen []int) batch {
	size, t := f.experiment.Input.Size, f.experiment.Training
	strange := int(math.Round(t.Outliers * float64(len(chosen))))
	x := make([]float32, (len(chosen)+strange)*size*size*3)
	labels := make([]int, len(chosen)+strange)
	variation := variation(f.experiment.Augment)
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range chosen {
		labels[i] = f.train[c].Label
		work.Go(func() error {
			rng := stream(f.experiment.Seed, streamVariation, uint64(epoch), uint64(first+i))
			rgb, err := variation.Vary(f.train[c], rng)
			if err != nil {
				return err
			}
			normalise(x[i*len(rgb):], rgb, f.experiment.Input)
			return nil
		})
	}
	for i := len(chosen); i < len(labels); i++ {
		labels[i] = dataset.NoMotif
		work.Go(func() error {
			rgb, err := f.outlier(variation, stream(f.experiment.Seed, streamOutliers, uint64(epoch), uint64(first), uint64(i)))
			if err != nil {
				return err
			}
			normalise(x[i*len(rgb):], rgb, f.experiment.Input)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return batch{err: err}
	}
	b := batch{x: pictures(x, size), targets: nn.Targets(labels, f.classes, t.LabelSmoothing), labels: labels}
	b.mix(t.Mixup, t.CutMix, stream(f.experiment.Seed, streamMix, uint64(epoch), uint64(first)))
	return b
}

// outlier is a picture of no motif: a drawn one or, as often, one of the user's own.
func (f *fit) outlier(v picture.Variation, rng *rand.Rand) ([]byte, error) {
	if own := len(f.unknown); own > 0 && rng.IntN(2) == 0 {
		return v.Vary(f.unknown[rng.IntN(own)], rng)
	}
	return learntThings().outlier(f.experiment.Input.Size, rng), nil
}

// order is which pictures an epoch shows: all of them or, balanced, as many of
// each class, training.views times.
func (f *fit) order(epoch int) []int {
	rng := stream(f.experiment.Seed, streamOrder, uint64(epoch))
	views := f.experiment.Training.Views
	var order []int
	if !f.experiment.Training.Balance {
		for range views {
			order = append(order, rng.Perm(len(f.train))...)
		}
		return order
	}
	share := views * ((len(f.train) + f.classes - 1) / f.classes)
	for label := range f.classes {
		var of []int
		for i, p := range f.train {
			if p.Label == label {
				of = append(of, i)
			}
		}
		for n := 0; n < share; n += len(of) {
			rng.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
			order = append(order, of[:min(len(of), share-n)]...)
		}
	}
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

func variation(a configs.Augment) picture.Variation {
	return picture.Variation{
		Crop: a.Crop, Aspect: a.Aspect, Rotate90: a.Rotate90, Mirror: a.Mirror, Rotate: a.Rotate, Perspective: a.Perspective,
		Brightness: a.Brightness, Contrast: a.Contrast, Gamma: a.Gamma, Negative: a.Negative,
		Colour: a.Colour, Saturation: a.Saturation, Hue: a.Hue, Grey: a.Grey,
		Blur: a.Blur, Noise: a.Noise, Cutout: a.Cutout, JPEG: a.JPEG,
	}
}

// exact is the network's input for pictures that are not varied.
func exact(of []picture.Picture, in configs.Input) (*tensor.Dense, error) {
	pixels := in.Size * in.Size * 3
	x := make([]float32, len(of)*pixels)
	for i, p := range of {
		rgb, err := p.Exact()
		if err != nil {
			return nil, err
		}
		normalise(x[i*pixels:], rgb, in)
	}
	return pictures(x, in.Size), nil
}

// normalise does what newPreprocessing describes.
func normalise(dst []float32, rgb []byte, in configs.Input) {
	mean, std := float32(in.Mean), float32(in.Std)
	for i, v := range rgb {
		dst[i] = (float32(v) - mean) / std
	}
}

func pictures(x []float32, size int) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)/(size*size*3), size, size, 3), tensor.WithBacking(x))
}

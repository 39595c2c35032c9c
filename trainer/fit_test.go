package trainer

import (
	"context"
	"math"
	"slices"
	"testing"

	"canting/configs"
	"canting/trainer/nn"
)

// newSmallFit is a training of a dozen pictures that has not begun.
func newSmallFit(t *testing.T, e *configs.Experiment) *fit {
	t.Helper()
	d, err := load(context.Background(), cloths(t, 4, 1), e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFit(e, len(d.classes), d.sets)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestMeanIsTheBiasCorrectedMean holds the running mean against the sum that it
// is defined by, and the model to being made of it.
func TestMeanIsTheBiasCorrectedMean(t *testing.T) {
	e := small()
	e.Training.Average, e.Training.Batch = 0.8, 3
	f := newSmallFit(t, e)
	var seen [][]float32 // the first tensor after each step
	for range 2 {
		err := f.epoch(context.Background(), func(step) { seen = append(seen, slices.Clone(f.net.State()[0])) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 8 {
		t.Fatalf("%d steps, want 8", len(seen))
	}
	want, weights := make([]float64, len(seen[0])), 0.0
	for i, state := range seen {
		weight := math.Pow(0.8, float64(len(seen)-1-i))
		weights += weight
		for j, v := range state {
			want[j] += weight * float64(v)
		}
	}
	if !slices.Equal(f.net.State()[0], seen[len(seen)-1]) {
		t.Error("measuring the mean has changed the network in training")
	}
	f.settle()
	for j, v := range f.net.State()[0] {
		if math.Abs(float64(v)-want[j]/weights) > 1e-6 {
			t.Errorf("weight %d of the model is %v, the mean %v", j, v, want[j]/weights)
		}
	}
}

// TestRate: up over the warm-up, then down to nearly zero.
func TestRate(t *testing.T) {
	e := small()
	e.Training.LearningRate, e.Training.Epochs, e.Training.Warmup = 0.01, 10, 2
	for schedule, want := range map[string][]float64{
		"cosine":   {0.00125, 0.0025, 0.00875, 0.01, 0.005, 0.0000241},
		"constant": {0.00125, 0.0025, 0.00875, 0.01, 0.01, 0.01},
	} {
		e.Training.Schedule = schedule
		f := &fit{experiment: e}
		for i, at := range [][2]int{{1, 0}, {1, 1}, {2, 2}, {3, 0}, {7, 0}, {10, 3}} {
			if got := f.rate(at[0], at[1], 4); math.Abs(got-want[i]) > 1e-7 {
				t.Errorf("%s, epoch %d, batch %d: %v, want %v", schedule, at[0], at[1], got, want[i])
			}
		}
	}
}

// TestRateOfATrainingThatEndsWithItsWarmup: its last steps were once no number.
func TestRateOfATrainingThatEndsWithItsWarmup(t *testing.T) {
	e := small()
	e.Training.LearningRate, e.Training.Schedule, e.Training.Warmup = 0.01, "cosine", 2
	for epochs, want := range map[int][]float64{1: {0.00125, 0.0025, 0.00375, 0.005}, 2: {0.00625, 0.0075, 0.00875, 0.01}} {
		e.Training.Epochs = epochs
		f := &fit{experiment: e}
		for batch := range 4 {
			if got := f.rate(epochs, batch, 4); math.Abs(got-want[batch]) > 1e-9 {
				t.Errorf("%d epochs, batch %d of the last: %v, want %v", epochs, batch, got, want[batch])
			}
		}
	}
}

// TestMix: every mixed picture is what its target says that it is.
func TestMix(t *testing.T) {
	const size, pictureCount = 16, 64
	for _, kind := range []struct{ mixup, cutmix float64 }{{0.4, 0}, {0, 1}, {0.4, 1}} {
		x := make([]float32, pictureCount*size*size*3)
		labels := make([]int, pictureCount)
		for i := range labels { // picture i is full of its label, 0 or 1
			labels[i] = i % 2
			for j := range size * size * 3 {
				x[i*size*size*3+j] = float32(labels[i])
			}
		}
		b := batch{x: pictures(x, size), targets: nn.Targets(labels, 2, 0), labels: labels}
		b.mix(kind.mixup, kind.cutmix, stream(1, streamMix))
		mixed, between := 0, 0
		targets := b.targets.Data().([]float32)
		for i := range labels {
			sum := 0.0
			for _, v := range x[i*size*size*3 : (i+1)*size*size*3] {
				sum += float64(v)
				if v != 0 && v != 1 {
					between++
				}
			}
			ones := sum / (size * size * 3)
			if math.Abs(ones-float64(targets[2*i+1])) > 1e-5 || math.Abs(ones+float64(targets[2*i])-1) > 1e-5 {
				t.Errorf("%+v: picture %d has %v of label 1, its target %v", kind, i, ones, targets[2*i:2*i+2])
			}
			if larger := int(math.Round(ones)); ones != 0.5 && b.labels[i] != larger {
				t.Errorf("%+v: picture %d has label %d and %v of label 1", kind, i, b.labels[i], ones)
			}
			if ones != 0 && ones != 1 {
				mixed++
			}
		}
		// Of the half that is mixed, about half meets another label.
		if mixed < 4 || mixed > 32 {
			t.Errorf("%+v: %d of %d pictures are of two labels", kind, mixed, pictureCount)
		}
		if (between > 0) != (kind.mixup > 0) {
			t.Errorf("%+v: %d pixels are blended", kind, between)
		}
	}
}

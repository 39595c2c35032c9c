package trainer

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"canting/configs"
	"canting/trainer/nn"
)

// BenchmarkTraining times training steps on random pictures: forward, loss,
// backward and Adam. `make bench-training` runs it beside PyTorch.
func BenchmarkTraining(b *testing.B) {
	for _, name := range []string{"paper", "trainer"} {
		e, err := configs.LoadExperiment(filepath.Join("../configs", name+".yaml"))
		if err != nil {
			b.Fatal(err)
		}
		e.Backbone.File = "" // the same network, but for what it has learnt
		for _, batch := range slices.Compact([]int{16, e.Training.Batch}) {
			b.Run(fmt.Sprintf("%s/%d", name, batch), func(b *testing.B) { benchmarkSteps(b, e, batch) })
		}
	}
}

func benchmarkSteps(b *testing.B, e *configs.Experiment, batch int) {
	const classes = 9
	rng := rand.New(rand.NewPCG(1, 2))
	x, labels := make([]float32, batch*e.Input.Size*e.Input.Size*3), make([]int, batch)
	for i := range x {
		x[i] = rng.Float32()
	}
	for i := range labels {
		labels[i] = i % classes
	}
	targets := nn.Targets(labels, classes, e.Training.LabelSmoothing)
	f, err := newFit(e, classes, sets{})
	if err != nil {
		b.Fatal(err)
	}
	f.seedDropout(1)
	step := func() {
		_, grad := nn.CrossEntropy(f.net.Forward(pictures(x, e.Input.Size), true), targets)
		f.net.Backward(grad)
		f.adam.Step()
	}
	step() // makes the layers' memory
	used := processor()
	for b.Loop() {
		step()
	}
	shown := float64(b.N * batch)
	b.ReportMetric(shown/b.Elapsed().Seconds(), "pictures/s")
	b.ReportMetric((processor()-used).Seconds()/shown*1000, "cpu-s/1000pictures")
}

// BenchmarkEpoch trains the default recipe on photographs, varied while it trains, and
// tells in which share of the time the network waits for them.
func BenchmarkEpoch(b *testing.B) {
	e, err := withBackbone(configs.DefaultExperiment())
	if err != nil {
		b.Fatal(err)
	}
	d, err := load(b.Context(), photographs(b, 320), e, func(string) {})
	if err != nil {
		b.Fatal(err)
	}
	f, err := newFit(e, len(d.classes), sets{train: d.train})
	if err != nil {
		b.Fatal(err)
	}
	f.seedDropout(1)
	var waited time.Duration
	shown := 0
	for b.Loop() {
		asked := time.Now()
		for made := range f.batches(b.Context(), 1, f.order(1)) {
			waited += time.Since(asked)
			if made.err != nil {
				b.Fatal(made.err)
			}
			f.learn(made)
			shown += len(made.labels)
			asked = time.Now()
		}
	}
	b.ReportMetric(float64(shown)/b.Elapsed().Seconds(), "pictures/s")
	b.ReportMetric(100*waited.Seconds()/b.Elapsed().Seconds(), "%-waiting")
}

// processor is the processor's time that the test has used.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

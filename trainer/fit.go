package trainer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"canting/configs"
	"canting/trainer/nn"
	"canting/trainer/picture"
	"canting/trainer/report"

	"golang.org/x/sync/errgroup"
	"gorgonia.org/tensor"
)

// fit is a network in training. What it needs to go on after a break is in its
// checkpoint.
type fit struct {
	experiment  *configs.Experiment
	classes     int
	train, test []picture.Picture
	net         *nn.Network
	adam        *nn.Adam
	history     []report.Epoch
	// best is the network's state after the epoch with the lowest training
	// loss. The test pictures choose nothing.
	best     [][]float32
	bestLoss float64
}

func newFit(e *configs.Experiment, classes int, train, test []picture.Picture) *fit {
	f := &fit{experiment: e, classes: classes, train: train, test: test, bestLoss: math.Inf(1)}
	f.net = newNetwork(e, classes)
	f.adam = nn.NewAdam(f.net.Params(), e.Training.LearningRate, e.Training.WeightDecay)
	return f
}

// step is what is told after each mini-batch: the epoch, from 1, the batch in
// it, from 1, and the epoch's running loss and accuracy.
type step struct {
	epoch, batch, batches int
	loss, accuracy        float64
}

// epoch trains once over all pictures and measures the test pictures. On
// cancellation it stops between two mini-batches, with nothing recorded.
func (f *fit) epoch(ctx context.Context, told func(step)) error {
	number := len(f.history) + 1
	f.seedDropout(number)
	order := f.order(number)
	size := f.experiment.Training.Batch
	batches := (len(order) + size - 1) / size
	var sum running
	for b := range batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		f.adam.Rate = f.rate(number, b, batches)
		chosen := order[b*size : min((b+1)*size, len(order))]
		x, labels, err := f.batch(number, b*size, chosen)
		if err != nil {
			return err
		}
		logits := f.net.Forward(x, true)
		loss, grad := nn.CrossEntropy(logits, labels, f.experiment.Training.LabelSmoothing)
		f.net.Backward(grad)
		f.adam.Step()
		sum.add(loss, logits, labels)
		told(step{number, b + 1, batches, sum.loss(), sum.accuracy()})
	}
	if loss := sum.loss(); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("the training has diverged: epoch %d's loss is %v; try a lower learning rate", number, loss)
	}
	tested := f.measure(f.test)
	f.history = append(f.history, report.Epoch{
		Epoch: number, Loss: sum.loss(), Accuracy: sum.accuracy(), TestLoss: tested.loss(), TestAccuracy: tested.accuracy(),
	})
	if sum.loss() <= f.bestLoss {
		f.bestLoss, f.best = sum.loss(), snapshot(f.net.State())
	}
	return nil
}

// keepBest goes back to the state with the lowest training loss.
func (f *fit) keepBest() { restore(f.net.State(), f.best) }

// seedDropout makes an epoch's dropout follow from its number, so that a
// resumed training goes on as it would have.
func (f *fit) seedDropout(epoch int) {
	i := uint64(0)
	for l := range f.net.All() {
		if d, ok := l.(*nn.Dropout); ok {
			d.Seed(stream(f.experiment.Seed, streamDropout, uint64(epoch), i))
		}
		i++
	}
}

// rate is the learning rate: constant, or falling to zero as a half cosine
// (Loshchilov and Hutter, 2017, equation 5, without restarts).
func (f *fit) rate(epoch, batch, batches int) float64 {
	t := f.experiment.Training
	if t.Schedule == "constant" {
		return t.LearningRate
	}
	done := (float64(epoch-1) + float64(batch)/float64(batches)) / float64(t.Epochs)
	return t.LearningRate * (1 + math.Cos(math.Pi*done)) / 2
}

// order is which pictures an epoch shows: all of them once or, balanced, as
// many of each class.
func (f *fit) order(epoch int) []int {
	rng := stream(f.experiment.Seed, streamOrder, uint64(epoch))
	if !f.experiment.Training.Balance {
		return rng.Perm(len(f.train))
	}
	var order []int
	share := (len(f.train) + f.classes - 1) / f.classes
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

// batch varies the chosen pictures, on all cores, into a tensor of shape
// (pictures, size, size, 3) with values 0 to 1.
func (f *fit) batch(epoch, first int, chosen []int) (*tensor.Dense, []int, error) {
	size := f.experiment.Input.Size
	x := make([]float32, len(chosen)*size*size*3)
	labels := make([]int, len(chosen))
	variation := variation(f.experiment.Augment)
	var work errgroup.Group
	for i, c := range chosen {
		labels[i] = f.train[c].Label
		work.Go(func() error {
			rng := stream(f.experiment.Seed, streamVariation, uint64(epoch), uint64(first+i))
			rgb, err := variation.Vary(f.train[c], size, rng)
			if err != nil {
				return err
			}
			scale01(x[i*len(rgb):], rgb)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, err
	}
	return pictures(x, size), labels, nil
}

func variation(a configs.Augment) picture.Variation {
	return picture.Variation{
		Crop: a.Crop, Rotate90: a.Rotate90, Mirror: a.Mirror, Rotate: a.Rotate,
		Brightness: a.Brightness, Contrast: a.Contrast, Colour: a.Colour,
	}
}

// measureBatch bounds the memory of a network that only looks.
const measureBatch = 16

// measure runs the network over pictures as the kiosk would see them.
func (f *fit) measure(of []picture.Picture) running {
	var sum running
	for chosen := range slices.Chunk(of, measureBatch) {
		labels := make([]int, len(chosen))
		for i, p := range chosen {
			labels[i] = p.Label
		}
		logits := f.net.Forward(exact(chosen, f.experiment.Input.Size), false)
		loss, _ := nn.CrossEntropy(logits, labels, 0)
		sum.add(loss, logits, labels)
	}
	return sum
}

// exact is the network's input for pictures that are not varied.
func exact(of []picture.Picture, size int) *tensor.Dense {
	pixels := size * size * 3
	x := make([]float32, len(of)*pixels)
	for i, p := range of {
		scale01(x[i*pixels:], p.Exact)
	}
	return pictures(x, size)
}

// scale01 is the normalisation that newPreprocessing describes.
func scale01(dst []float32, rgb []byte) {
	for i, v := range rgb {
		dst[i] = float32(v) / 255
	}
}

func pictures(x []float32, size int) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)/(size*size*3), size, size, 3), tensor.WithBacking(x))
}

// running is the mean loss and the accuracy of what was seen so far.
type running struct {
	lossSum   float64
	right, n  int
	predicted []int
}

func (r *running) add(loss float64, logits *tensor.Dense, labels []int) {
	x := logits.Data().([]float32)
	classes := len(x) / len(labels)
	for i, label := range labels {
		row := x[i*classes : (i+1)*classes]
		top := slices.Index(row, slices.Max(row))
		r.predicted = append(r.predicted, top)
		if top == label {
			r.right++
		}
	}
	r.lossSum += loss * float64(len(labels))
	r.n += len(labels)
}

func (r *running) loss() float64     { return r.lossSum / float64(r.n) }
func (r *running) accuracy() float64 { return float64(r.right) / float64(r.n) }

func snapshot(state [][]float32) [][]float32 {
	s := make([][]float32, len(state))
	for i := range state {
		s[i] = slices.Clone(state[i])
	}
	return s
}

func restore(state, from [][]float32) {
	for i := range state {
		copy(state[i], from[i])
	}
}

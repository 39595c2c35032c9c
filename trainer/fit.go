package trainer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"canting/configs"
	"canting/trainer/dataset"
	"canting/trainer/nn"
	"canting/trainer/picture"
	"canting/trainer/report"

	"gorgonia.org/tensor"
)

// fit is a network in training. What it needs to go on after a break is in its
// checkpoint.
type fit struct {
	experiment *configs.Experiment
	classes    int
	sets
	net     *nn.Network
	adam    *nn.Adam
	history []report.Epoch
	// mean is the running mean of the network's state over the steps, nil if
	// the configuration asks for none.
	mean [][]float32
	// kept is the state that is measured, and that a stopped training's model
	// is made of: the mean at the last epoch's end or, without one, the state
	// after the epoch with the lowest training loss. The test pictures choose
	// nothing.
	kept     [][]float32
	keptLoss float64
}

func newFit(e *configs.Experiment, classes int, of sets) (*fit, error) {
	f := &fit{experiment: e, classes: classes, sets: of, keptLoss: math.Inf(1)}
	var err error
	if f.net, err = newNetwork(e, classes); err != nil {
		return nil, err
	}
	if err := f.renormalise(); err != nil {
		return nil, err
	}
	f.adam = nn.NewAdam(f.net.Params(), e.Training.LearningRate, e.Training.WeightDecay)
	if e.Training.Average > 0 {
		f.mean = snapshot(f.net.State())
	}
	return f, nil
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
	total := (len(order) + size - 1) / size
	done := 0
	var sum running
	for b := range f.batches(ctx, number, order) {
		if b.err != nil {
			return b.err
		}
		f.adam.Rate = f.rate(number, done, total)
		loss, logits := f.learn(b)
		sum.add(loss, logits, b.labels)
		done++
		told(step{number, done, total, sum.loss(), sum.accuracy()})
	}
	if done < total {
		return ctx.Err()
	}
	if loss := sum.loss(); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("the training has diverged: epoch %d's loss is %v; try a lower learning rate", number, loss)
	}
	tested, err := f.keep(sum.loss())
	if err != nil {
		return err
	}
	f.history = append(f.history, report.Epoch{
		Epoch: number, Loss: sum.loss(), Accuracy: sum.accuracy(), TestLoss: tested.loss(), TestAccuracy: tested.accuracy(),
	})
	return nil
}

// learn takes one step on a batch, and returns its loss and logits before the step.
func (f *fit) learn(b batch) (loss float64, logits *tensor.Dense) {
	logits = f.net.Forward(b.x, true)
	loss, grad := nn.CrossEntropy(logits, b.targets)
	f.net.Backward(grad)
	f.adam.Step()
	f.average()
	return loss, logits
}

// average counts the network's state in to the running mean, with the weight
// that makes the mean of n steps what Adam calls bias-corrected: it has forgotten
// the start's zeros (Kingma and Ba, 2015, section 3).
func (f *fit) average() {
	decay := f.experiment.Training.Average
	weight := float32((1 - decay) / (1 - math.Pow(decay, float64(f.adam.Steps()))))
	state := f.net.State()
	for i, mean := range f.mean {
		for j, v := range state[i] {
			mean[j] += weight * (v - mean[j])
		}
	}
}

// keep decides at an epoch's end what the model would be made of, and measures
// on the test pictures the mean or, without one, the state that was reached.
func (f *fit) keep(loss float64) (running, error) {
	if f.mean == nil {
		if loss <= f.keptLoss {
			f.keptLoss, f.kept = loss, snapshot(f.net.State())
		}
		return f.measure(f.test)
	}
	f.kept = snapshot(f.mean)
	reached := snapshot(f.net.State())
	defer restore(f.net.State(), reached)
	restore(f.net.State(), f.kept)
	return f.measure(f.test)
}

// settle ends the training: it puts into the network what the model is made of.
func (f *fit) settle() {
	if f.mean != nil || len(f.history) < f.experiment.Training.Epochs {
		restore(f.net.State(), f.kept)
	}
}

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

// rate is the learning rate of a step: after the warm-up constant, or falling to
// zero as a half cosine (Loshchilov and Hutter, 2017, equation 5, without
// restarts).
func (f *fit) rate(epoch, batch, batches int) float64 {
	t := f.experiment.Training
	step := float64((epoch-1)*batches + batch)
	warmup, all := t.Warmup*float64(batches), float64(t.Epochs*batches)
	switch {
	case step+1 < warmup:
		return t.LearningRate * (step + 1) / warmup
	case t.Schedule == "constant", all <= warmup: // such a training ends with its warm-up
		return t.LearningRate
	}
	return t.LearningRate * (1 + math.Cos(math.Pi*(step-warmup)/(all-warmup))) / 2
}

// measureBatch bounds the memory of a network that only looks.
const measureBatch = 16

// measure runs the network over pictures as the kiosk would see them.
func (f *fit) measure(of []picture.Picture) (running, error) {
	var sum running
	for chosen := range slices.Chunk(of, measureBatch) {
		labels := make([]int, len(chosen))
		for i, p := range chosen {
			labels[i] = p.Label
		}
		x, err := exact(chosen, f.experiment.Input)
		if err != nil {
			return running{}, err
		}
		logits := f.net.Forward(x, false)
		loss, _ := nn.CrossEntropy(logits, nn.Targets(labels, f.classes, 0))
		sum.add(loss, logits, labels)
	}
	return sum, nil
}

// running is the mean loss and the accuracy of what was seen so far.
type running struct {
	lossSum   float64
	n         int
	right     int
	known     int // without the outliers, which have no right answer
	predicted []int
}

func (r *running) add(loss float64, logits *tensor.Dense, labels []int) {
	x := logits.Data().([]float32)
	classes := len(x) / len(labels)
	for i, label := range labels {
		row := x[i*classes : (i+1)*classes]
		says := top(row)
		r.predicted = append(r.predicted, says)
		if says == label {
			r.right++
		}
		if label != dataset.NoMotif {
			r.known++
		}
	}
	r.lossSum += loss * float64(len(labels))
	r.n += len(labels)
}

func (r *running) loss() float64     { return r.lossSum / float64(r.n) }
func (r *running) accuracy() float64 { return float64(r.right) / float64(r.known) }

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

package nn

import (
	"math"

	"gorgonia.org/tensor"
)

const (
	normEpsilon  = 1e-3 // Keras's default
	normMomentum = 0.9  // of the running figures; a few hundred pictures give few steps
)

// BatchNorm normalises each channel over the mini-batch and its pixels, then
// scales and shifts it (Ioffe and Szegedy, 2015, algorithm 1). When not
// training it uses running figures, which export folds into the convolution
// before it.
type BatchNorm struct {
	shape          []int
	Scale, Shift   *Param        // gamma and beta, (channels)
	Mean, Variance *tensor.Dense // running figures, (channels)
	normal         []float32     // (x - mean) / deviation of the last Forward
	deviation      []float64     // of the last Forward, per channel
	y, dx          buffer
}

// NewBatchNorm makes a normalisation for pictures of shape in.
func NewBatchNorm(in []int) *BatchNorm {
	c := in[len(in)-1]
	b := &BatchNorm{
		shape: in, Scale: newParam("scale", false, c), Shift: newParam("shift", false, c),
		Mean: zeros(c), Variance: zeros(c), deviation: make([]float64, c),
	}
	for i := range c {
		floats(b.Scale.Value)[i], floats(b.Variance)[i] = 1, 1
	}
	return b
}

func (b *BatchNorm) Name() string           { return "batch normalisation" }
func (b *BatchNorm) Params() []*Param       { return []*Param{b.Scale, b.Shift} }
func (b *BatchNorm) Shape() []int           { return b.shape }
func (b *BatchNorm) State() []*tensor.Dense { return []*tensor.Dense{b.Mean, b.Variance} }

// Folded is the affine map a*x + c that the layer is when not training.
func (b *BatchNorm) Folded() (a, c []float64) {
	scale, shift, mean, variance := floats(b.Scale.Value), floats(b.Shift.Value), floats(b.Mean), floats(b.Variance)
	a, c = make([]float64, len(scale)), make([]float64, len(scale))
	for i := range scale {
		a[i] = float64(scale[i]) / math.Sqrt(float64(variance[i])+normEpsilon)
		c[i] = float64(shift[i]) - a[i]*float64(mean[i])
	}
	return a, c
}

func (b *BatchNorm) Forward(x *tensor.Dense, train bool) *tensor.Dense {
	y := b.y.get(x.Shape()...)
	in, out := floats(x), floats(y)
	channels := len(b.deviation)
	if !train {
		a, c := b.Folded()
		for i := 0; i < len(in); i += channels {
			for ch := range channels {
				out[i+ch] = float32(a[ch]*float64(in[i+ch]) + c[ch])
			}
		}
		return y
	}
	if len(b.normal) != len(in) {
		b.normal = make([]float32, len(in))
	}
	mean := b.measure(in)
	scale, shift := floats(b.Scale.Value), floats(b.Shift.Value)
	eachShard(len(in)/channels, func(_, lo, hi int) {
		for i := lo * channels; i < hi*channels; i += channels {
			for ch := range channels {
				n := float32((float64(in[i+ch]) - mean[ch]) / b.deviation[ch])
				b.normal[i+ch] = n
				out[i+ch] = scale[ch]*n + shift[ch]
			}
		}
	})
	return y
}

// measure takes the batch's mean and deviation and updates the running ones.
func (b *BatchNorm) measure(in []float32) (mean []float64) {
	channels := len(b.deviation)
	count := float64(len(in) / channels)
	sums := channelSums(in, in, channels)
	mean = make([]float64, channels)
	for ch := range channels {
		mean[ch] = sums[0][ch] / count
		variance := max(sums[1][ch]/count-mean[ch]*mean[ch], 0)
		b.deviation[ch] = math.Sqrt(variance + normEpsilon)
		m, v := &floats(b.Mean)[ch], &floats(b.Variance)[ch]
		*m = float32(normMomentum*float64(*m) + (1-normMomentum)*mean[ch])
		*v = float32(normMomentum*float64(*v) + (1-normMomentum)*variance)
	}
	return mean
}

func (b *BatchNorm) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := b.dx.get(dy.Shape()...)
	g, d := floats(dy), floats(dx)
	channels := len(b.deviation)
	count := float64(len(g) / channels)
	sums := channelSums(g, b.normal, channels)
	scale := floats(b.Scale.Value)
	for ch := range channels {
		floats(b.Shift.Grad)[ch] = float32(sums[0][ch])
		floats(b.Scale.Grad)[ch] = float32(sums[1][ch])
	}
	eachShard(len(g)/channels, func(_, lo, hi int) {
		for i := lo * channels; i < hi*channels; i += channels {
			for ch := range channels {
				centred := float64(g[i+ch]) - sums[0][ch]/count - float64(b.normal[i+ch])*sums[1][ch]/count
				d[i+ch] = float32(float64(scale[ch]) / b.deviation[ch] * centred)
			}
		}
	})
	return dx
}

// channelSums is, per channel, the sum of a and the sum of a*b.
func channelSums(a, b []float32, channels int) [2][]float64 {
	var part [shards][2][]float64
	eachShard(len(a)/channels, func(s, lo, hi int) {
		sum, product := make([]float64, channels), make([]float64, channels)
		for i := lo * channels; i < hi*channels; i += channels {
			for ch := range channels {
				v := float64(a[i+ch])
				sum[ch] += v
				product[ch] += v * float64(b[i+ch])
			}
		}
		part[s] = [2][]float64{sum, product}
	})
	total := [2][]float64{make([]float64, channels), make([]float64, channels)}
	for _, p := range part {
		for k := range p {
			for ch, v := range p[k] {
				total[k][ch] += v
			}
		}
	}
	return total
}

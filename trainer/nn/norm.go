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
	x              *tensor.Dense // of the last Forward while training, with its
	mean, inverse  []float64     // mean and 1 / deviation per channel
	y, dx          buffer
}

// NewBatchNorm makes a normalisation for pictures of shape in.
func NewBatchNorm(in []int) *BatchNorm {
	c := in[len(in)-1]
	b := &BatchNorm{
		shape: in, Scale: newParam("scale", false, c), Shift: newParam("shift", false, c),
		Mean: zeros(c), Variance: zeros(c), mean: make([]float64, c), inverse: make([]float64, c),
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
	a, c := b.Folded()
	if train {
		b.x = x
		b.measure(in)
		scale, shift := floats(b.Scale.Value), floats(b.Shift.Value)
		for ch := range a {
			a[ch] = float64(scale[ch]) * b.inverse[ch]
			c[ch] = float64(shift[ch]) - a[ch]*b.mean[ch]
		}
	}
	a32, c32 := narrow(a), narrow(c)
	eachShard(len(in)/len(a), func(_, lo, hi int) {
		lo, hi = lo*len(a32), hi*len(a32)
		affine(out[lo:hi], in[lo:hi], a32, c32)
	})
	return y
}

// measure takes the batch's figures and updates the running ones.
func (b *BatchNorm) measure(in []float32) {
	count := float64(len(in) / len(b.mean))
	sum, square := channelSums(in, in, len(b.mean))
	for ch := range b.mean {
		b.mean[ch] = sum[ch] / count
		variance := max(square[ch]/count-b.mean[ch]*b.mean[ch], 0)
		b.inverse[ch] = 1 / math.Sqrt(variance+normEpsilon)
		m, v := &floats(b.Mean)[ch], &floats(b.Variance)[ch]
		*m = float32(normMomentum*float64(*m) + (1-normMomentum)*b.mean[ch])
		*v = float32(normMomentum*float64(*v) + (1-normMomentum)*variance)
	}
}

// Backward is a*dy + b*x + c per channel: the gradient of the normalised value,
// less its mean and its part along that value.
func (b *BatchNorm) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := b.dx.get(dy.Shape()...)
	g, in, d := floats(dy), floats(b.x), floats(dx)
	channels := len(b.mean)
	count := float64(len(g) / channels)
	sum, product := channelSums(g, in, channels)
	ofDy, ofX, constant := make([]float32, channels), make([]float32, channels), make([]float32, channels)
	for ch := range channels {
		along := b.inverse[ch] * (product[ch] - b.mean[ch]*sum[ch])
		floats(b.Shift.Grad)[ch], floats(b.Scale.Grad)[ch] = float32(sum[ch]), float32(along)
		a := float64(floats(b.Scale.Value)[ch]) * b.inverse[ch]
		slope := -a * b.inverse[ch] * along / count
		ofDy[ch], ofX[ch] = float32(a), float32(slope)
		constant[ch] = float32(-a*sum[ch]/count - slope*b.mean[ch])
	}
	eachShard(len(g)/channels, func(_, lo, hi int) {
		lo, hi = lo*channels, hi*channels
		affine2(d[lo:hi], g[lo:hi], in[lo:hi], ofDy, ofX, constant)
	})
	return dx
}

// channelSums is, per channel, the sum of a and the sum of a*b.
func channelSums(a, b []float32, channels int) (sum, product []float64) {
	var sums, products [shards][]float64
	eachShard(len(a)/channels, func(s, lo, hi int) {
		sums[s], products[s] = make([]float64, channels), make([]float64, channels)
		addSums(sums[s], products[s], a[lo*channels:hi*channels], b[lo*channels:hi*channels])
	})
	sum, product = make([]float64, channels), make([]float64, channels)
	for s := range shards {
		for ch := range sums[s] {
			sum[ch] += sums[s][ch]
			product[ch] += products[s][ch]
		}
	}
	return sum, product
}

func narrow(v []float64) []float32 {
	n := make([]float32, len(v))
	for i := range v {
		n[i] = float32(v[i])
	}
	return n
}

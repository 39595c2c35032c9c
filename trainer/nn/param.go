package nn

import (
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Param is a trained tensor and the gradient of the loss with respect to it.
type Param struct {
	Name  string
	Value *tensor.Dense
	Grad  *tensor.Dense
	// Decay says whether weight decay applies: to weights, not to biases and
	// not to normalisation's scale and shift.
	Decay bool
	// Rate is the share of the optimiser's learning rate that moves it; 0 keeps
	// it as it is.
	Rate float64
}

func newParam(name string, decay bool, shape ...int) *Param {
	return &Param{Name: name, Value: zeros(shape...), Grad: zeros(shape...), Decay: decay, Rate: 1}
}

// heNormal fills a weight tensor for layers followed by ReLU (He et al., 2015,
// "Delving Deep into Rectifiers", equation 10).
func (p *Param) heNormal(fanIn int, rng *rand.Rand) {
	std := math.Sqrt(2 / float64(fanIn))
	for i, w := 0, floats(p.Value); i < len(w); i++ {
		w[i] = float32(rng.NormFloat64() * std)
	}
}

// setGrad makes the gradient the sum of the shards' parts.
func (p *Param) setGrad(parts *[shards][]float32) {
	g := floats(p.Grad)
	clear(g)
	for _, part := range parts {
		addTo(g, part)
	}
}

func zeros(shape ...int) *tensor.Dense {
	return tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
}

// view is a tensor of the given shape over the same memory.
func view(data []float32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// floats is a contiguous tensor's memory.
func floats(t *tensor.Dense) []float32 { return t.Float32s() }

// buffer keeps a layer's output between mini-batches of one size.
type buffer struct{ t *tensor.Dense }

func (b *buffer) get(shape ...int) *tensor.Dense {
	if b.t == nil || !b.t.Shape().Eq(tensor.Shape(shape)) {
		b.t = zeros(shape...)
	}
	return b.t
}

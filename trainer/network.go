package trainer

import (
	"math/rand/v2"

	"canting/configs"
	"canting/trainer/nn"
)

// Random streams, one a purpose, so that a change in how often one of them is
// asked leaves the others as they were.
const (
	streamWeights = iota + 1
	streamDropout
	streamOrder
	streamVariation
	streamFolds
	streamMix
	streamOutliers
)

func stream(seed int64, purpose uint64, more ...uint64) *rand.Rand {
	for _, m := range more {
		purpose = purpose*0x9E3779B97F4A7C15 + m + 1
	}
	return rand.New(rand.NewPCG(uint64(seed), purpose))
}

// newNetwork takes the experiment's backbone over or lays its stages out as
// layers, and adds the last dense layer, one logit a class.
func newNetwork(e *configs.Experiment, classes int) (*nn.Network, error) {
	b := &networkBuilder{rng: stream(e.Seed, streamWeights), shape: []int{e.Input.Size, e.Input.Size, 3}}
	if e.Backbone.File != "" {
		if err := b.takeOver(e.Backbone); err != nil {
			return nil, err
		}
	}
	for _, s := range e.Network {
		b.stage(s)
	}
	b.add(nn.NewDense(b.shape, classes, b.rng))
	if c, ok := b.layers[0].(*nn.Conv); ok {
		c.InputGradient = false
	}
	return &nn.Network{Layers: b.layers}, nil
}

// networkBuilder grows a network by one stage after the other.
type networkBuilder struct {
	rng    *rand.Rand
	layers []nn.Layer
	shape  []int // of the last layer's output
}

func (b *networkBuilder) add(layers ...nn.Layer) {
	b.layers = append(b.layers, layers...)
	b.shape = layers[len(layers)-1].Shape()
}

func (b *networkBuilder) stage(s configs.Stage) {
	stride := max(s.Stride, 1)
	switch {
	case s.Conv > 0:
		b.add(nn.NewConv(b.shape, s.Conv, s.Kernel, stride, b.rng))
	case s.Depthwise > 0:
		b.add(nn.NewDepthwise(b.shape, s.Depthwise, stride, b.rng))
	case s.Residual > 0:
		b.add(nn.NewResidual(b.shape, s.Residual, stride, b.rng))
	case s.Dense > 0:
		b.add(nn.NewDense(b.shape, s.Dense, b.rng))
	case s.Mean:
		b.add(nn.NewGlobalAverage(b.shape))
	}
	if s.Norm {
		b.add(nn.NewBatchNorm(b.shape))
	}
	if !s.Mean {
		b.add(nn.NewReLU(b.shape))
	}
	if s.Pool {
		b.add(nn.NewMaxPool(b.shape))
	}
	if s.Dropout > 0 {
		b.add(nn.NewDropout(b.shape, s.Dropout))
	}
}

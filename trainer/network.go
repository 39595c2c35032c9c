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
)

func stream(seed int64, purpose uint64, more ...uint64) *rand.Rand {
	for _, m := range more {
		purpose = purpose*0x9E3779B97F4A7C15 + m + 1
	}
	return rand.New(rand.NewPCG(uint64(seed), purpose))
}

// newNetwork lays the experiment's stages out as layers and adds the last
// dense layer, one logit a class.
func newNetwork(e *configs.Experiment, classes int) *nn.Network {
	rng := stream(e.Seed, streamWeights)
	shape := []int{e.Input.Size, e.Input.Size, 3}
	n := &nn.Network{}
	add := func(l nn.Layer) {
		n.Layers = append(n.Layers, l)
		shape = l.Shape()
	}
	for i, s := range e.Network {
		switch {
		case s.Conv > 0:
			c := nn.NewConv(shape, s.Conv, s.Kernel, rng)
			c.InputGradient = i > 0
			add(c)
			if s.Norm {
				add(nn.NewBatchNorm(shape))
			}
			add(nn.NewReLU(shape))
			if s.Pool {
				add(nn.NewMaxPool(shape))
			}
		case s.Dense > 0:
			add(nn.NewDense(shape, s.Dense, rng))
			add(nn.NewReLU(shape))
		case s.Mean:
			add(nn.NewGlobalAverage(shape))
		}
		if s.Dropout > 0 {
			add(nn.NewDropout(shape, s.Dropout))
		}
	}
	add(nn.NewDense(shape, classes, rng))
	return n
}

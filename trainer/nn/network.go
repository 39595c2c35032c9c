package nn

import (
	"iter"
	"slices"

	"gorgonia.org/tensor"
)

// Network is layers one after another, the last of which gives the logits.
type Network struct{ Layers []Layer }

// Forward gives the logits, of shape (batch, classes), for pictures of shape
// (batch, height, width, channels).
func (n *Network) Forward(x *tensor.Dense, train bool) *tensor.Dense {
	return forward(n.Layers, x, train)
}

// Backward fills the gradients of Params from the logits' gradient. It stops
// where nothing before has a learning rate.
func (n *Network) Backward(dy *tensor.Dense) {
	first := slices.IndexFunc(n.Layers, func(l Layer) bool {
		return slices.ContainsFunc(l.Params(), func(p *Param) bool { return p.Rate > 0 })
	})
	backward(n.Layers[max(first, 0):], dy)
}

// All are the network's layers in the order in which they compute, each
// container's children in its place.
func (n *Network) All() iter.Seq[Layer] {
	return func(yield func(Layer) bool) { leaves(n.Layers, yield) }
}

// Params are all layers' parameters.
func (n *Network) Params() []*Param { return params(n.Layers) }

// State is every number that the network's answers depend on, in a fixed
// order: the parameters and the running figures of normalisation.
func (n *Network) State() [][]float32 {
	var s [][]float32
	for l := range n.All() {
		for _, p := range l.Params() {
			s = append(s, floats(p.Value))
		}
		if l, ok := l.(stateful); ok {
			for _, t := range l.State() {
				s = append(s, floats(t))
			}
		}
	}
	return s
}

func forward(layers []Layer, x *tensor.Dense, train bool) *tensor.Dense {
	for _, l := range layers {
		x = l.Forward(x, train)
	}
	return x
}

func backward(layers []Layer, dy *tensor.Dense) *tensor.Dense {
	for i := len(layers) - 1; i >= 0; i-- {
		dy = layers[i].Backward(dy)
	}
	return dy
}

func params(layers []Layer) []*Param {
	var ps []*Param
	for _, l := range layers {
		ps = append(ps, l.Params()...)
	}
	return ps
}

// leaves yields the layers that contain no others, until yield says stop.
func leaves(layers []Layer, yield func(Layer) bool) bool {
	for _, l := range layers {
		if c, ok := l.(Container); ok {
			if !leaves(c.Children(), yield) {
				return false
			}
		} else if !yield(l) {
			return false
		}
	}
	return true
}

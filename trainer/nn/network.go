package nn

import "gorgonia.org/tensor"

// Network is layers one after another, the last of which gives the logits.
type Network struct{ Layers []Layer }

// Forward gives the logits, of shape (batch, classes), for pictures of shape
// (batch, height, width, channels).
func (n *Network) Forward(x *tensor.Dense, train bool) *tensor.Dense {
	for _, l := range n.Layers {
		x = l.Forward(x, train)
	}
	return x
}

// Backward fills the gradients of Params from the logits' gradient.
func (n *Network) Backward(dy *tensor.Dense) {
	for i := len(n.Layers) - 1; i >= 0; i-- {
		dy = n.Layers[i].Backward(dy)
	}
}

// Params are all layers' parameters.
func (n *Network) Params() []*Param {
	var ps []*Param
	for _, l := range n.Layers {
		ps = append(ps, l.Params()...)
	}
	return ps
}

// State is every number that the network's answers depend on, in a fixed
// order: the parameters and the running figures of normalisation.
func (n *Network) State() [][]float32 {
	var s [][]float32
	for _, l := range n.Layers {
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

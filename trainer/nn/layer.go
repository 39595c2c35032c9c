// Package nn is the trainer's layers, loss and optimiser, on gorgonia tensors.
// Pictures are NHWC and convolution weights OHWI, as in a .tflite file, so a
// trained network is exported without moving a number.
package nn

import "gorgonia.org/tensor"

// Layer is one differentiable step over a mini-batch.
//
// Forward's result and Backward's are the layer's own memory, valid until its
// next call. Backward takes the gradient with respect to the last Forward's
// result and returns the one with respect to its argument; it replaces the
// gradients of Params.
type Layer interface {
	// Forward computes the layer for x of shape (batch, ...). train is true
	// while training: dropout drops, normalisation uses the batch's figures.
	Forward(x *tensor.Dense, train bool) *tensor.Dense
	Backward(dy *tensor.Dense) *tensor.Dense
	Params() []*Param
	// Shape is one picture's output shape.
	Shape() []int
	// Name is the layer's kind, for reports.
	Name() string
}

// stateful layers carry numbers besides their Params that a checkpoint needs.
type stateful interface{ State() []*tensor.Dense }

// Container is a layer made of others.
type Container interface {
	Layer
	// Children are the layers in the order in which they compute.
	Children() []Layer
}

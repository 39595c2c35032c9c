package backbone

import (
	"fmt"
	"slices"

	"canting/infer/tflite"
	"canting/trainer/nn"
)

// none stands for no operator and no tensor.
const none = -1

// graph is a model's operators and how its activations lead from one to the
// next.
type graph struct {
	*tflite.Model
	// readers are the operators that read each activation, in the file's order.
	readers [][]int
	// writer is the operator that each tensor comes from, or none.
	writer []int
}

// newGraph refuses operators out of order, so that following the graph ends.
func newGraph(m *tflite.Model) (*graph, error) {
	g := &graph{Model: m, readers: make([][]int, len(m.Tensors)), writer: slices.Repeat([]int{none}, len(m.Tensors))}
	for i, op := range m.Operators {
		if len(op.Inputs) == 0 || op.Inputs[0] == none || len(op.Outputs) != 1 {
			return nil, g.refuse(i, "has %d inputs and %d outputs, which is not supported", len(op.Inputs), len(op.Outputs))
		}
		for _, t := range op.Inputs {
			if t != none && m.Tensors[t].Data == nil {
				g.readers[t] = append(g.readers[t], i)
			}
		}
		out := op.Outputs[0]
		if g.writer[out] != none || len(g.readers[out]) > 0 {
			return nil, g.refuse(i, "writes tensor %d, which was written or read before", out)
		}
		g.writer[out] = i
	}
	return g, nil
}

// refuse names the operator that cannot be taken over, and its place.
func (g *graph) refuse(i int, format string, args ...any) error {
	op := g.Operators[i]
	name := op.Code.String()
	if op.Code == tflite.Custom {
		name = fmt.Sprintf("CUSTOM %q", op.Custom)
	}
	return fmt.Errorf("operator %d (%s) %w", i, name, fmt.Errorf(format, args...))
}

// features is the tensor before the classifier: what the last operator with
// weights reads, or the model's output where that one still works on a picture.
func (g *graph) features() int {
	for _, op := range slices.Backward(g.Operators) {
		switch op.Code {
		case tflite.FullyConnected:
			return op.Inputs[0]
		case tflite.Conv2D, tflite.DepthwiseConv2D:
			if s := g.Tensors[op.Inputs[0]].Shape; len(s) == 4 && s[1] == 1 && s[2] == 1 {
				return op.Inputs[0]
			}
			return g.Outputs[0]
		}
	}
	return g.Outputs[0]
}

// between is the layers that lead from one tensor, of the given shape without
// the batch, to another.
func (g *graph) between(from, to int, shape []int) ([]nn.Layer, error) {
	layers, join, err := g.path(from, to, shape)
	if err == nil && join != none {
		err = g.refuse(join, "has a second input that does not come from the picture, which is not supported")
	}
	return layers, err
}

// path follows the graph from one tensor to another, or up to the ADD where it
// meets another path.
func (g *graph) path(from, to int, shape []int) (layers []nn.Layer, join int, err error) {
	for t := from; t != to; {
		var more []nn.Layer
		switch readers := g.readers[t]; {
		case len(readers) == 0:
			err = fmt.Errorf("tensor %d (%q) leads nowhere, before the classifier is reached", t, g.Tensors[t].Name)
		case len(readers) == 1 && g.Operators[readers[0]].Code == tflite.Add:
			return layers, readers[0], nil
		case len(readers) == 1:
			more, err = g.layers(readers[0], shape)
			t = g.Operators[readers[0]].Outputs[0]
		case len(readers) == 2:
			more, t, err = g.residual(t, to, shape)
		default:
			err = g.refuse(readers[2], "reads tensor %d as %d others do; only chains with residual connections of two paths are supported", t, len(readers)-1)
		}
		if err != nil {
			return nil, none, err
		}
		layers, shape = append(layers, more...), after(more, shape)
	}
	return layers, none, nil
}

// residual takes over the two paths that lead from tensor t to one ADD, and
// returns the tensor behind it.
func (g *graph) residual(t, to int, shape []int) ([]nn.Layer, int, error) {
	first, second := g.readers[t][0], g.readers[t][1]
	body, join, err := g.branch(first, to, shape)
	if err != nil {
		return nil, none, err
	}
	shortcut, other, err := g.branch(second, to, shape)
	if err != nil {
		return nil, none, err
	}
	if len(body) < len(shortcut) {
		body, shortcut = shortcut, body
	}
	switch {
	case join == none || join != other || len(body) == 0:
		return nil, none, g.refuse(second, "is on a path that does not meet operator %d's in one ADD, which is not supported", first)
	case !slices.Equal(after(body, shape), after(shortcut, shape)):
		return nil, none, g.refuse(join, "adds %v to %v, which is not supported", after(body, shape), after(shortcut, shape))
	}
	options, _ := g.Operators[join].Options.(tflite.AddOptions)
	sum := &nn.Residual{Body: body, Shortcut: shortcut}
	layers, err := g.activated(join, sum, options.Activation)
	return layers, g.Operators[join].Outputs[0], err
}

// branch follows one path of a residual connection from its first operator to
// the ADD.
func (g *graph) branch(first, to int, shape []int) (layers []nn.Layer, join int, err error) {
	if g.Operators[first].Code == tflite.Add {
		return nil, first, nil
	}
	if layers, err = g.layers(first, shape); err != nil {
		return nil, none, err
	}
	more, join, err := g.path(g.Operators[first].Outputs[0], to, after(layers, shape))
	return append(layers, more...), join, err
}

// after is the shape behind layers that read the given one.
func after(layers []nn.Layer, shape []int) []int {
	if len(layers) == 0 {
		return shape
	}
	return layers[len(layers)-1].Shape()
}

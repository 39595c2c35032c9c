package infer

import (
	"errors"
	"fmt"
	"slices"

	"canting/infer/kernel"
	"canting/infer/kernel/generic"
	"canting/infer/quant"
	"canting/infer/tflite"
)

// pairwise is a function of two elements, and the operator that computes it for
// two tensors of one shape.
type pairwise struct {
	of      func(a, b int8) int8
	prepare func(kernel.Kernels, generic.Shape) generic.Operator
}

// elementwise plans ADD, SUB and MUL.
func (p *planner) elementwise(op *tflite.Operator, s *step) error {
	a, out, err := p.unary(s)
	if err != nil {
		return err
	}
	b, err := p.activation(s.b)
	if err != nil {
		return err
	}
	f, err := newPairwise(op, a, b, out)
	if err != nil {
		return err
	}
	if shape, err := broadcastShape(a.shape, b.shape); err != nil {
		return err
	} else if !slices.Equal(shape, out.shape) {
		return fmt.Errorf("the shapes %v and %v give %v, the output's is %v", a.shape, b.shape, shape, out.shape)
	}
	// With a constant number it is a function of single elements.
	if c := p.plan.values[s.b].constant; len(c) == 1 {
		s.b = none
		return p.scalar(s, a, out, func(v int8) int8 { return f.of(v, c[0]) })
	}
	if c := p.plan.values[s.a].constant; len(c) == 1 {
		s.a, s.b = s.b, none
		return p.scalar(s, b, out, func(v int8) int8 { return f.of(c[0], v) })
	}
	if s.a, err = p.broadcast(s, s.a, a, out); err != nil {
		return err
	}
	if s.b, err = p.broadcast(s, s.b, b, out); err != nil {
		return err
	}
	shape := out.rows()
	s.Shape = describe(shape, shape)
	s.prepare = func(ks kernel.Kernels) generic.Operator { return f.prepare(ks, shape) }
	return nil
}

func newPairwise(op *tflite.Operator, a, b, out activation) (pairwise, error) {
	output, err := out.output(fusedActivation(op))
	if err != nil {
		return pairwise{}, err
	}
	if op.Code == tflite.Mul {
		product, err := quant.NewProduct(a.scale, a.zero, b.scale, b.zero, out.scale, output)
		return pairwise{product.Of, func(ks kernel.Kernels, s generic.Shape) generic.Operator {
			return ks.Mul(generic.Mul{Shape: s, Product: product})
		}}, err
	}
	newSum := quant.NewSum
	if op.Code == tflite.Sub {
		newSum = quant.NewDifference
	}
	sum, err := newSum(a.scale, a.zero, b.scale, b.zero, out.scale, output)
	return pairwise{sum.Of, func(ks kernel.Kernels, s generic.Shape) generic.Operator {
		return ks.Add(generic.Add{Shape: s, Sum: sum})
	}}, err
}

// fusedActivation is none when the operator's options are left out.
func fusedActivation(op *tflite.Operator) tflite.Activation {
	switch o := op.Options.(type) {
	case tflite.Conv2DOptions:
		return o.Activation
	case tflite.FullyConnectedOptions:
		return o.Activation
	case tflite.AddOptions:
		return o.Activation
	case tflite.SubOptions:
		return o.Activation
	case tflite.MulOptions:
		return o.Activation
	}
	return tflite.ActNone
}

// scalar plans an operator with a constant number.
func (p *planner) scalar(s *step, in, out activation, f func(int8) int8) error {
	if elements(in.shape) != elements(out.shape) {
		return fmt.Errorf("the shape %v can't become %v", in.shape, out.shape)
	}
	p.lookup(s, in, f)
	return nil
}

// broadcastShape is the shape of an elementwise operator's output: missing
// leading dimensions are 1, and dimensions of 1 are repeated.
func broadcastShape(a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		at := len(a) - len(b) + i
		if a[at] != d && a[at] != 1 && d != 1 {
			return nil, fmt.Errorf("the shapes %v and %v do not go together", a, b)
		}
		out[at] = max(a[at], d)
	}
	return out, nil
}

// broadcast returns the operand v of step s, or adds a step that repeats it up
// to the shape of the output and returns that step's value.
func (p *planner) broadcast(s *step, v int, from, to activation) (int, error) {
	if elements(from.shape) == elements(to.shape) {
		return v, nil
	}
	if len(to.shape) > 4 || len(to.shape) == 4 && to.shape[0] != 1 {
		return 0, fmt.Errorf("%v is repeated to %v, which is not one picture", from.shape, to.shape)
	}
	k := generic.Broadcast{In: from.rows(), Out: to.rows()}
	repeated := p.addValue(s.out)
	p.add(step{
		Step: Step{Index: s.Index, Operator: s.Operator + " broadcast", Shape: describe(k.In, k.Out)},
		out:  repeated, a: v, b: none,
		prepare: func(ks kernel.Kernels) generic.Operator { return ks.Broadcast(k) },
	})
	return repeated, nil
}

// concatenation plans CONCATENATION, one step for each input.
func (p *planner) concatenation(op *tflite.Operator, s *step) error {
	o, ok := op.Options.(tflite.ConcatenationOptions)
	if !ok {
		return errors.New("its options are missing")
	}
	if o.Activation != tflite.ActNone {
		return fmt.Errorf("the fused %v is not supported", o.Activation)
	}
	out, err := p.activation(s.out)
	if err != nil {
		return err
	}
	axis := o.Axis
	if axis < 0 {
		axis += len(out.shape)
	}
	if axis < 0 || axis >= len(out.shape) {
		return fmt.Errorf("the axis %d is not one of %v", o.Axis, out.shape)
	}
	if len(op.Inputs) > maxConcatenated {
		return fmt.Errorf("it has %d inputs, more than %d", len(op.Inputs), maxConcatenated)
	}
	inner := elements(out.shape[axis+1:])
	k := generic.Insert{Rows: elements(out.shape[:axis]), Out: out.shape[axis] * inner}
	for i, t := range op.Inputs {
		in, err := p.activation(t)
		if err != nil {
			return err
		}
		if len(in.shape) != len(out.shape) || !slices.Equal(in.shape[:axis], out.shape[:axis]) || !slices.Equal(in.shape[axis+1:], out.shape[axis+1:]) {
			return fmt.Errorf("its input %d has the shape %v, which does not fit %v along dimension %d", i, in.shape, out.shape, axis)
		}
		if in.scale != out.scale || in.zero != out.zero {
			return fmt.Errorf("its input %d and the output differ in quantization, which is not supported", i)
		}
		k.In = in.shape[axis] * inner
		p.insert(s, t, k)
		k.Offset += k.In
	}
	if k.Offset != k.Out {
		return fmt.Errorf("its inputs have %d elements along dimension %d, the output has %d", k.Offset/inner, axis, out.shape[axis])
	}
	return nil
}

// insert adds the step of one of CONCATENATION's inputs.
func (p *planner) insert(s *step, t int, k generic.Insert) {
	next := *s
	next.a, next.b = t, none
	next.Shape = fmt.Sprintf("%dx%d > %dx%d", k.Rows, k.In, k.Rows, k.Out)
	next.prepare = func(ks kernel.Kernels) generic.Operator { return ks.Insert(k) }
	p.add(next)
}

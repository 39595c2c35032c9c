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

// operator checks one operator and adds its step.
func (p *planner) operator(i int, op *tflite.Operator) error {
	build, activations := p.builder(op)
	if build == nil {
		return errors.New("the operator is not supported by this engine")
	}
	if len(op.Inputs) < activations || len(op.Outputs) != 1 {
		return fmt.Errorf("it has %d inputs and %d outputs", len(op.Inputs), len(op.Outputs))
	}
	for _, t := range op.Inputs[:activations] {
		if err := p.reads(t); err != nil {
			return err
		}
	}
	if err := p.writes(op.Outputs[0]); err != nil {
		return err
	}
	s := step{Step: Step{Index: i, Operator: op.Code.String()}, out: op.Outputs[0], a: op.Inputs[0], b: none}
	if activations == 2 {
		s.b = op.Inputs[1]
	}
	if err := build(op, &s); err != nil {
		return err
	}
	if s.prepare != nil {
		p.add(s)
	}
	return nil
}

// builder returns what makes an operator's step, and how many of its inputs are
// activations. A step that is left without prepare needs no work.
func (p *planner) builder(op *tflite.Operator) (build func(*tflite.Operator, *step) error, activations int) {
	switch op.Code {
	case tflite.Conv2D:
		return p.conv2D, 1
	case tflite.DepthwiseConv2D:
		return p.depthwiseConv2D, 1
	case tflite.FullyConnected:
		return p.fullyConnected, 1
	case tflite.MaxPool2D, tflite.AveragePool2D:
		return p.pool2D, 1
	case tflite.Mean:
		return p.mean, 1
	case tflite.Add, tflite.Sub, tflite.Mul:
		return p.elementwise, 2
	case tflite.Concatenation:
		return p.concatenation, max(len(op.Inputs), 1)
	case tflite.Relu, tflite.Relu6:
		return p.relu, 1
	case tflite.Logistic:
		return p.logistic, 1
	case tflite.HardSwish:
		return p.hardSwish, 1
	case tflite.Pad:
		return p.pad, 1
	case tflite.Reshape:
		return p.reshape, 1
	case tflite.Softmax:
		return p.softmax, 1
	case tflite.Quantize:
		return p.quantize, 1
	case tflite.Dequantize:
		return p.dequantize, 1
	}
	return nil, 0
}

// unary describes the activations of an operator with one.
func (p *planner) unary(s *step) (in, out activation, err error) {
	if in, err = p.activation(s.a); err != nil {
		return in, out, err
	}
	out, err = p.activation(s.out)
	return in, out, err
}

func describe(in, out generic.Shape) string {
	return fmt.Sprintf("%dx%dx%d > %dx%dx%d", in.H, in.W, in.C, out.H, out.W, out.C)
}

// relu plans RELU and RELU6.
func (p *planner) relu(op *tflite.Operator, s *step) error {
	f := tflite.ActRelu
	if op.Code == tflite.Relu6 {
		f = tflite.ActRelu6
	}
	return p.rescale(s, f, quant.NewRescale)
}

// rescale plans a function of single elements that changes the scale and clamps.
func (p *planner) rescale(s *step, f tflite.Activation, newRescale func(int32, float32, quant.Output) quant.Rescale) error {
	in, out, err := p.unary(s)
	if err != nil {
		return err
	}
	if !slices.Equal(in.shape, out.shape) {
		return fmt.Errorf("the input's shape is %v, the output's %v", in.shape, out.shape)
	}
	output, err := out.output(f)
	if err != nil {
		return err
	}
	ratio := in.scale / out.scale
	if err := checkScale(ratio); err != nil {
		return fmt.Errorf("between input and output it %w", err)
	}
	r := newRescale(in.zero, ratio, output)
	p.lookup(s, in, r.Of)
	return nil
}

// lookup plans any function of single elements.
func (p *planner) lookup(s *step, in activation, f func(int8) int8) {
	k := generic.Lookup{Shape: in.rows(), Table: table(f)}
	if k.Table == table(func(v int8) int8 { return v }) {
		p.alias(s.out, s.a)
		return
	}
	s.Shape = describe(k.Shape, k.Shape)
	s.prepare = func(ks kernel.Kernels) generic.Operator { return ks.Lookup(k) }
}

// table holds what a function makes of -128, -127, and so on.
func table(f func(int8) int8) (t [256]int8) {
	for i := range t {
		t[i] = f(int8(i - 128))
	}
	return t
}

// logistic plans LOGISTIC.
func (p *planner) logistic(_ *tflite.Operator, s *step) error {
	in, out, err := p.unary(s)
	if err != nil {
		return err
	}
	if err := checkProbabilities(in, out); err != nil {
		return err
	}
	p.lookup(s, in, quant.NewLogistic(in.scale, in.zero, out.scale, out.zero))
	return nil
}

// checkProbabilities asks of the outputs of LOGISTIC and SOFTMAX what LiteRT
// asks.
func checkProbabilities(in, out activation) error {
	if !slices.Equal(in.shape, out.shape) {
		return fmt.Errorf("the input's shape is %v, the output's %v", in.shape, out.shape)
	}
	if !(out.scale > 0.999/256 && out.scale < 1.001/256) || out.zero != quant.Least {
		return fmt.Errorf("its output has the scale %v and zero point %d; probabilities have 1/256 and the least value", out.scale, out.zero)
	}
	return nil
}

// hardSwish plans HARD_SWISH.
func (p *planner) hardSwish(_ *tflite.Operator, s *step) error {
	in, out, err := p.unary(s)
	if err != nil {
		return err
	}
	if !slices.Equal(in.shape, out.shape) {
		return fmt.Errorf("the input's shape is %v, the output's %v", in.shape, out.shape)
	}
	f, err := quant.NewHardSwish(in.scale, in.zero, out.scale, out.zero)
	if err != nil {
		return err
	}
	p.lookup(s, in, f)
	return nil
}

// alias makes a tensor share another's memory.
func (p *planner) alias(t, of int) {
	p.plan.values[t].root = p.plan.values[of].root
	p.plan.values[t].constant = p.plan.values[of].constant
}

// reshape plans RESHAPE: the elements stay where they are.
func (p *planner) reshape(_ *tflite.Operator, s *step) error {
	from, to := &p.m.Tensors[s.a], &p.m.Tensors[s.out]
	in, err := p.shape(s.a)
	if err != nil {
		return err
	}
	n, err := tflite.Elements(in)
	if err != nil {
		return err
	}
	// writes has counted the output's elements already.
	if from.Type != to.Type || n*from.Type.Size() != p.plan.values[s.out].bytes {
		return fmt.Errorf("%v of %s can't become %v of %s", from.Shape, from.Type, to.Shape, to.Type)
	}
	p.alias(s.out, s.a)
	return nil
}

// pad plans PAD of a picture.
func (p *planner) pad(op *tflite.Operator, s *step) error {
	in, out, err := p.unary(s)
	if err != nil {
		return err
	}
	k := generic.Pad{Value: int8(out.zero)}
	if k.In, err = in.image(); err != nil {
		return err
	}
	if k.Out, err = out.image(); err != nil {
		return err
	}
	amounts, err := p.intConstant(op, 1)
	if err != nil {
		return err
	}
	if len(amounts) != 8 {
		return fmt.Errorf("it has %d amounts of padding, 8 are needed", len(amounts))
	}
	for d := range in.shape {
		before, after := amounts[2*d], amounts[2*d+1]
		if before < 0 || after < 0 || int64(in.shape[d])+before+after != int64(out.shape[d]) {
			return fmt.Errorf("%v padded by %v is not %v", in.shape, amounts, out.shape)
		}
	}
	k.Top, k.Left, k.Channels = int(amounts[2]), int(amounts[4]), int(amounts[6])
	s.Shape = describe(k.In, k.Out)
	s.prepare = func(ks kernel.Kernels) generic.Operator { return ks.Pad(k) }
	return nil
}

// softmax plans SOFTMAX over the last dimension.
func (p *planner) softmax(op *tflite.Operator, s *step) error {
	o, ok := op.Options.(tflite.SoftmaxOptions)
	if !ok {
		return errors.New("its options are missing")
	}
	in, out, err := p.unary(s)
	if err != nil {
		return err
	}
	if err := checkProbabilities(in, out); err != nil {
		return err
	}
	if err := checkScale(in.scale * o.Beta); err != nil {
		return fmt.Errorf("with beta %v it %w", o.Beta, err)
	}
	k := generic.Softmax{Shape: in.rows(), Of: quant.NewSoftmax(in.scale, o.Beta, out.scale, out.zero)}
	s.Shape = describe(k.Shape, k.Shape)
	s.prepare = func(ks kernel.Kernels) generic.Operator { return ks.Softmax(k) }
	return nil
}

// quantize plans QUANTIZE, from float32 or between 8-bit scales.
func (p *planner) quantize(_ *tflite.Operator, s *step) error {
	if p.m.Tensors[s.a].Type != tflite.Float32 {
		// LiteRT leaves a change of type to another kernel than one of scale.
		if p.m.Tensors[s.a].Type != p.m.Tensors[s.out].Type {
			return p.rescale(s, tflite.ActNone, quant.NewRescale)
		}
		return p.rescale(s, tflite.ActNone, quant.NewConversion)
	}
	out, err := p.activation(s.out)
	if err != nil {
		return err
	}
	return p.real(s, s.a, out, func(ks kernel.Kernels, r generic.Real) generic.Operator { return ks.Quantize(r) })
}

// dequantize plans DEQUANTIZE to float32.
func (p *planner) dequantize(_ *tflite.Operator, s *step) error {
	if t := p.m.Tensors[s.out].Type; t != tflite.Float32 {
		return fmt.Errorf("its output is %s, expected float32", t)
	}
	in, err := p.activation(s.a)
	if err != nil {
		return err
	}
	return p.real(s, s.out, in, func(ks kernel.Kernels, r generic.Real) generic.Operator { return ks.Dequantize(r) })
}

// real plans a conversion between the float32 tensor t and an 8-bit one.
func (p *planner) real(s *step, t int, q activation, prepare func(kernel.Kernels, generic.Real) generic.Operator) error {
	shape, err := p.shape(t)
	if err != nil {
		return err
	}
	if !slices.Equal(shape, q.shape) {
		return fmt.Errorf("the input's and the output's shapes differ: %v and %v", shape, q.shape)
	}
	k := generic.Real{Shape: q.rows(), Scale: q.scale, ZeroPoint: q.zero}
	s.Shape = describe(k.Shape, k.Shape)
	s.prepare = func(ks kernel.Kernels) generic.Operator { return prepare(ks, k) }
	return nil
}

package infer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"canting/infer/kernel"
	"canting/infer/kernel/generic"
	"canting/infer/tflite"
)

// conv2D plans CONV_2D.
func (p *planner) conv2D(op *tflite.Operator, s *step) error {
	o, ok := op.Options.(tflite.Conv2DOptions)
	if !ok {
		return errors.New("its options are missing")
	}
	k, out, err := p.images(s)
	if err != nil {
		return err
	}
	w, err := p.weights(op, 4)
	if err != nil {
		return err
	}
	k.Window = generic.Window{
		KernelH: w[1], KernelW: w[2], StrideH: o.StrideH, StrideW: o.StrideW, DilationH: o.DilationH, DilationW: o.DilationW,
	}
	if w[0] != k.Out.C || w[3] != k.In.C {
		return fmt.Errorf("weights of shape %v do not fit %d channels in and %d out", w, k.In.C, k.Out.C)
	}
	if err := place(&k.Window, o.Padding, k.In, k.Out); err != nil {
		return err
	}
	return p.convolution(op, s, k, out, o.Activation, 0, kernel.Kernels.Conv2D)
}

// depthwiseConv2D plans DEPTHWISE_CONV_2D.
func (p *planner) depthwiseConv2D(op *tflite.Operator, s *step) error {
	o, ok := op.Options.(tflite.DepthwiseConv2DOptions)
	if !ok {
		return errors.New("its options are missing")
	}
	k, out, err := p.images(s)
	if err != nil {
		return err
	}
	w, err := p.weights(op, 4)
	if err != nil {
		return err
	}
	k.Window = generic.Window{
		KernelH: w[1], KernelW: w[2], StrideH: o.StrideH, StrideW: o.StrideW, DilationH: o.DilationH, DilationW: o.DilationW,
	}
	if w[0] != 1 || w[3] != k.Out.C || k.Out.C%k.In.C != 0 {
		return fmt.Errorf("weights of shape %v do not fit %d channels in and %d out", w, k.In.C, k.Out.C)
	}
	if err := place(&k.Window, o.Padding, k.In, k.Out); err != nil {
		return err
	}
	return p.convolution(op, s, k, out, o.Activation, 3, kernel.Kernels.DepthwiseConv2D)
}

// fullyConnected plans FULLY_CONNECTED as a 1x1 convolution over a picture one
// pixel wide, whose rows are the batch.
func (p *planner) fullyConnected(op *tflite.Operator, s *step) error {
	o, ok := op.Options.(tflite.FullyConnectedOptions)
	if !ok {
		return errors.New("its options are missing")
	}
	if o.WeightsFormat != 0 {
		return fmt.Errorf("the weights format %d is not supported, only the plain one", o.WeightsFormat)
	}
	in, out, err := p.unary(s)
	if err != nil {
		return err
	}
	w, err := p.weights(op, 2)
	if err != nil {
		return err
	}
	inputs, outputs := p.plan.values[s.a].bytes, p.plan.values[s.out].bytes
	if constant := p.plan.values[s.a].constant; constant != nil {
		inputs = len(constant)
	}
	batch := inputs / w[1]
	if batch*w[1] != inputs || batch*w[0] != outputs {
		return fmt.Errorf("weights of shape %v do not fit %v in and %v out", w, in.shape, out.shape)
	}
	k := &generic.Conv{
		In: generic.Shape{H: batch, W: 1, C: w[1]}, Out: generic.Shape{H: batch, W: 1, C: w[0]}, InputZero: in.zero,
		Window: generic.Window{KernelH: 1, KernelW: 1, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1},
	}
	return p.convolution(op, s, k, convOutput{in.scale, out}, o.Activation, 0, kernel.Kernels.Conv2D)
}

// convOutput is what requantization needs to know of a convolution's activations.
type convOutput struct {
	inScale float32
	out     activation
}

// images starts a convolution from its input and output pictures.
func (p *planner) images(s *step) (*generic.Conv, convOutput, error) {
	in, out, err := p.unary(s)
	if err != nil {
		return nil, convOutput{}, err
	}
	k := &generic.Conv{InputZero: in.zero}
	if k.In, err = in.image(); err != nil {
		return nil, convOutput{}, err
	}
	if k.Out, err = out.image(); err != nil {
		return nil, convOutput{}, err
	}
	return k, convOutput{in.scale, out}, nil
}

// weights returns the shape of an operator's second input, checked to be 8-bit
// constants of the given rank.
func (p *planner) weights(op *tflite.Operator, rank int) ([]int, error) {
	if len(op.Inputs) < 2 || op.Inputs[1] == none {
		return nil, errors.New("its weights are left out")
	}
	t := &p.m.Tensors[op.Inputs[1]]
	if t.Data == nil || t.Type != tflite.Int8 && t.Type != tflite.Uint8 {
		return nil, fmt.Errorf("its weights, tensor %d (%q), are not 8-bit constants", op.Inputs[1], t.Name)
	}
	// LiteRT reads such a mixture wrongly instead of refusing it.
	if in := p.m.Tensors[op.Inputs[0]].Type; in != t.Type {
		return nil, fmt.Errorf("its weights are %s, its input is %s", t.Type, in)
	}
	if len(t.Shape) != rank {
		return nil, fmt.Errorf("its weights have the shape %v, %d dimensions are needed", t.Shape, rank)
	}
	return p.shape(op.Inputs[1])
}

// convolution fills in weights, bias and requantization, and adds the step. axis
// is the weights' dimension of output channels.
func (p *planner) convolution(op *tflite.Operator, s *step, k *generic.Conv, io convOutput, f tflite.Activation, axis int,
	prepare func(kernel.Kernels, generic.Conv) generic.Operator,
) error {
	t := &p.m.Tensors[op.Inputs[1]]
	data, err := p.useConstant(op.Inputs[1])
	if err != nil {
		return err
	}
	bias, err := p.bias(op, k.Out.C)
	if err != nil {
		return err
	}
	if k.Output, err = io.out.output(f); err != nil {
		return err
	}
	if k.Scale, err = requantization(t, io, k.Out.C, axis); err != nil {
		return err
	}
	if k.WeightZero, err = weightZero(t); err != nil {
		return err
	}
	p.convolutions[s.out] = k
	depth := int64(len(data) / k.Out.C)
	// A kernel's scratch is at most what one output row sees.
	if depth*int64(k.Out.W) > maxArena {
		return fmt.Errorf("one output row sees %d elements, more than %d", depth*int64(k.Out.W), maxArena)
	}
	s.MACs = depth * int64(k.Out.Len())
	s.Shape = fmt.Sprintf("%s %dx%d/%d", describe(k.In, k.Out), k.KernelH, k.KernelW, k.StrideH)
	constants := func() generic.Conv {
		if k.Weights == nil {
			k.Weights, k.Bias = signed(data, t.Type), bias()
		}
		return *k
	}
	s.prepare = func(ks kernel.Kernels) generic.Operator { return prepare(ks, constants()) }
	if op.Code == tflite.Conv2D {
		s.preparePooled = func(ks kernel.Kernels, pool generic.Pool) (generic.Operator, bool) {
			return ks.Conv2DMaxPool(constants(), pool)
		}
	}
	return nil
}

// requantization returns input scale times weight scale over output scale for
// each output channel, in XNNPACK's order of float32 operations.
func requantization(t *tflite.Tensor, io convOutput, channels, axis int) ([]float32, error) {
	scales := t.Quant.Scale
	if n := len(scales); n != 1 && (n != channels || t.Quant.Axis != axis) {
		return nil, fmt.Errorf("its weights have %d scales for dimension %d, expected 1, or %d for dimension %d", n, t.Quant.Axis, channels, axis)
	}
	out := make([]float32, channels)
	for c := range out {
		w := scales[min(c, len(scales)-1)]
		if err := checkScale(w); err != nil {
			return nil, fmt.Errorf("its weights' channel %d %w", c, err)
		}
		out[c] = float32(io.inScale*w) / io.out.scale
		if !(out[c] <= math.MaxFloat32) {
			return nil, fmt.Errorf("its scales %v, %v and %v of channel %d overflow", io.inScale, w, io.out.scale, c)
		}
	}
	return out, nil
}

// weightZero is the weights' zero point as int8; per channel it must be 0.
func weightZero(t *tflite.Tensor) (int32, error) {
	var shift int64
	if t.Type == tflite.Uint8 {
		shift = 128
	}
	zero := t.Quant.ZeroPoint[0] - shift
	for _, z := range t.Quant.ZeroPoint {
		if z-shift != zero {
			return 0, errors.New("its weights have different zero points for different channels, which is not supported")
		}
	}
	if zero < math.MinInt8 || zero > math.MaxInt8 {
		return 0, fmt.Errorf("its weights have the zero point %d, which no %s holds", zero+shift, t.Type)
	}
	return int32(zero), nil
}

// bias checks the operator's third input, which may be left out, and returns
// what reads it.
func (p *planner) bias(op *tflite.Operator, channels int) (func() []int32, error) {
	if len(op.Inputs) < 3 || op.Inputs[2] == none {
		return func() []int32 { return make([]int32, channels) }, nil
	}
	t := &p.m.Tensors[op.Inputs[2]]
	if t.Type != tflite.Int32 || len(t.Data) != 4*channels {
		return nil, fmt.Errorf("its bias, tensor %d (%q), is not a constant of %d int32", op.Inputs[2], t.Name, channels)
	}
	data, err := p.useConstant(op.Inputs[2])
	if err != nil {
		return nil, err
	}
	return func() []int32 {
		out := make([]int32, channels)
		for i := range out {
			out[i] = int32(binary.LittleEndian.Uint32(data[4*i:]))
		}
		return out
	}, nil
}

// place checks a window against the shapes and sets its padding.
func place(w *generic.Window, padding tflite.Padding, in, out generic.Shape) error {
	for _, v := range []int{w.KernelH, w.KernelW, w.StrideH, w.StrideW, w.DilationH, w.DilationW} {
		if v < 1 || v > maxWindow {
			return fmt.Errorf("its window has a size, stride or dilation of %d, it must be between 1 and %d", v, maxWindow)
		}
	}
	h, top, err := slide(padding, in.H, w.KernelH, w.StrideH, w.DilationH)
	if err != nil {
		return err
	}
	wide, left, err := slide(padding, in.W, w.KernelW, w.StrideW, w.DilationW)
	if err != nil {
		return err
	}
	if h != out.H || wide != out.W {
		return fmt.Errorf("the output is %dx%d, its window gives %dx%d", out.H, out.W, h, wide)
	}
	w.PadTop, w.PadLeft = top, left
	// A single element can't be spread.
	if w.KernelH == 1 {
		w.DilationH = 1
	}
	if w.KernelW == 1 {
		w.DilationW = 1
	}
	return nil
}

// slide returns how often a window fits one dimension, and the padding before it.
func slide(padding tflite.Padding, in, kernel, stride, dilation int) (out, before int, err error) {
	extent := (kernel-1)*dilation + 1
	switch padding {
	case tflite.Same:
		out = (in + stride - 1) / stride
		return out, max((out-1)*stride+extent-in, 0) / 2, nil
	case tflite.Valid:
		if in < extent {
			return 0, 0, fmt.Errorf("a window of %d does not fit into %d", extent, in)
		}
		return (in-extent)/stride + 1, 0, nil
	}
	return 0, 0, fmt.Errorf("padding %d is not known", padding)
}

// pool2D plans MAX_POOL_2D and AVERAGE_POOL_2D.
func (p *planner) pool2D(op *tflite.Operator, s *step) error {
	o, ok := op.Options.(tflite.Pool2DOptions)
	if !ok {
		return errors.New("its options are missing")
	}
	c, io, err := p.images(s)
	if err != nil {
		return err
	}
	k := generic.Pool{In: c.In, Out: c.Out, Window: generic.Window{
		KernelH: o.FilterH, KernelW: o.FilterW, StrideH: o.StrideH, StrideW: o.StrideW, DilationH: 1, DilationW: 1,
	}}
	if k.In.C != k.Out.C || io.inScale != io.out.scale || c.InputZero != io.out.zero {
		return errors.New("its input and output differ in channels or quantization")
	}
	if err := place(&k.Window, o.Padding, k.In, k.Out); err != nil {
		return err
	}
	if k.Output, err = io.out.output(o.Activation); err != nil {
		return err
	}
	if p.m.Tensors[s.a].Type == tflite.Uint8 {
		k.Offset = 128
	}
	// Sums of 8-bit values over such a window fit 32 bits.
	if int64(k.KernelH)*int64(k.KernelW) > 1<<22 {
		return fmt.Errorf("its window of %dx%d is too large", k.KernelH, k.KernelW)
	}
	s.Shape = fmt.Sprintf("%s %dx%d/%d", describe(k.In, k.Out), k.KernelH, k.KernelW, k.StrideH)
	if op.Code == tflite.AveragePool2D {
		s.prepare = func(ks kernel.Kernels) generic.Operator { return ks.AveragePool2D(k) }
		return nil
	}
	s.pool = &k
	s.prepare = func(ks kernel.Kernels) generic.Operator { return ks.MaxPool2D(k) }
	return nil
}

// mean plans MEAN over height and width.
func (p *planner) mean(op *tflite.Operator, s *step) error {
	in, out, err := p.unary(s)
	if err != nil {
		return err
	}
	k := generic.Mean{InputZero: in.zero}
	if k.In, err = in.image(); err != nil {
		return err
	}
	axes, err := p.intConstant(op, 1)
	if err != nil {
		return err
	}
	if len(axes) != 2 || (axes[0]+4)%4+(axes[1]+4)%4 != 3 || (axes[0]+4)%4*((axes[1]+4)%4) != 2 {
		return fmt.Errorf("it is over the dimensions %v, supported are height and width, 1 and 2", axes)
	}
	if p.plan.values[s.out].bytes != k.In.C {
		return fmt.Errorf("the mean of %v over height and width is not %v", in.shape, out.shape)
	}
	pixels := k.In.H * k.In.W
	if pixels > 1<<23 {
		return fmt.Errorf("the mean of %d pixels may overflow", pixels)
	}
	if k.Output, err = out.output(tflite.ActNone); err != nil {
		return err
	}
	k.Scale = in.scale / float32(out.scale*float32(pixels))
	if err := checkScale(k.Scale); err != nil {
		return fmt.Errorf("between input and output it %w", err)
	}
	s.Shape = describe(k.In, generic.Shape{H: 1, W: 1, C: k.In.C})
	s.prepare = func(ks kernel.Kernels) generic.Operator { return ks.Mean(k) }
	return nil
}

// intConstant reads an input of few integers, such as axes.
func (p *planner) intConstant(op *tflite.Operator, input int) ([]int64, error) {
	if len(op.Inputs) <= input || op.Inputs[input] == none {
		return nil, fmt.Errorf("its input %d is left out", input)
	}
	t := &p.m.Tensors[op.Inputs[input]]
	size := t.Type.Size()
	if t.Data == nil || len(t.Data) > 64 || t.Type != tflite.Int32 && t.Type != tflite.Int64 {
		return nil, fmt.Errorf("its input %d, tensor %d (%q), is not a constant of a few int32", input, op.Inputs[input], t.Name)
	}
	var out []int64
	for at := 0; at < len(t.Data); at += size {
		if t.Type == tflite.Int32 {
			out = append(out, int64(int32(binary.LittleEndian.Uint32(t.Data[at:]))))
		} else {
			out = append(out, int64(binary.LittleEndian.Uint64(t.Data[at:])))
		}
	}
	return out, nil
}

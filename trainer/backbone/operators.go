package backbone

import (
	"math/rand/v2"
	"slices"

	"canting/infer/tflite"
	"canting/trainer/nn"
)

// layers is what one operator does to an input of the given shape: none where
// the numbers stay what and where they are.
func (g *graph) layers(i int, in []int) ([]nn.Layer, error) {
	op := &g.Operators[i]
	flat := len(in) == 1
	switch options := op.Options.(type) {
	case tflite.Conv2DOptions:
		if flat && op.Code == tflite.Conv2D {
			return g.dense(i, in, options.Activation)
		}
		if op.Code == tflite.Conv2D {
			return g.convolution(i, in, options)
		}
	case tflite.DepthwiseConv2DOptions:
		if !flat && op.Code == tflite.DepthwiseConv2D {
			return g.depthwise(i, in, options)
		}
	case tflite.FullyConnectedOptions:
		if options.WeightsFormat == 0 && op.Code == tflite.FullyConnected {
			return g.dense(i, in, options.Activation)
		}
	case tflite.Pool2DOptions:
		if !flat {
			return g.pool(i, in, options)
		}
	}
	switch op.Code {
	case tflite.Relu:
		return []nn.Layer{nn.NewReLU(in)}, nil
	case tflite.Relu6:
		return []nn.Layer{nn.NewReLU6(in)}, nil
	case tflite.Mean:
		return g.mean(i, in)
	case tflite.Pad:
		return nil, g.padded(i)
	case tflite.Reshape:
		return nil, g.flattens(i, in)
	case tflite.Quantize, tflite.Dequantize:
		return nil, nil
	}
	return nil, g.refuse(i, "cannot be trained: convolutions, dense layers, ReLU, pools and residual connections can")
}

// discarded gives a layer the weights that it starts with; the file's replace
// them.
func discarded() *rand.Rand { return rand.New(rand.NewPCG(0, 0)) }

func (g *graph) convolution(i int, in []int, o tflite.Conv2DOptions) ([]nn.Layer, error) {
	w, err := g.weights(i)
	if err != nil {
		return nil, err
	}
	s := w.shape
	if len(s) != 4 || s[1] != s[2] || s[3] != in[2] || o.DilationW != 1 || o.DilationH != 1 {
		return nil, g.refuse(i, "has weights %v and dilations %d and %d on pictures %v; only square kernels without dilation or groups are supported", s, o.DilationH, o.DilationW, in)
	}
	if err := g.sameWindow(i, in, s[1], o.StrideH, o.StrideW, o.Padding); err != nil {
		return nil, err
	}
	l := nn.NewConv(in, s[0], s[1], o.StrideH, discarded())
	if err := w.fill(l.Weight, l.Bias); err != nil {
		return nil, g.refuse(i, "%w", err)
	}
	return g.activated(i, l, o.Activation)
}

func (g *graph) depthwise(i int, in []int, o tflite.DepthwiseConv2DOptions) ([]nn.Layer, error) {
	w, err := g.weights(i)
	if err != nil {
		return nil, err
	}
	s := w.shape
	if len(s) != 4 || s[0] != 1 || s[1] != s[2] || s[3] != in[2] || o.DilationW != 1 || o.DilationH != 1 {
		return nil, g.refuse(i, "has weights %v and dilations %d and %d on pictures %v; only one square kernel a channel without dilation is supported", s, o.DilationH, o.DilationW, in)
	}
	if err := g.sameWindow(i, in, s[1], o.StrideH, o.StrideW, o.Padding); err != nil {
		return nil, err
	}
	l := nn.NewDepthwise(in, s[1], o.StrideH, discarded())
	if err := w.fill(l.Weight, l.Bias); err != nil {
		return nil, g.refuse(i, "%w", err)
	}
	return g.activated(i, l, o.Activation)
}

// dense takes over a fully connected layer, or a 1x1 convolution of what is no
// picture any more, which is the same.
func (g *graph) dense(i int, in []int, a tflite.Activation) ([]nn.Layer, error) {
	w, err := g.weights(i)
	if err != nil {
		return nil, err
	}
	l := nn.NewDense(in, w.shape[0], discarded())
	if err := w.fill(l.Weight, l.Bias); err != nil {
		return nil, g.refuse(i, "%w", err)
	}
	return g.activated(i, l, a)
}

// activated puts an operator's fused activation behind its layer.
func (g *graph) activated(i int, l nn.Layer, a tflite.Activation) ([]nn.Layer, error) {
	switch a {
	case tflite.ActNone:
		return []nn.Layer{l}, nil
	case tflite.ActRelu:
		return []nn.Layer{l, nn.NewReLU(l.Shape())}, nil
	case tflite.ActRelu6:
		return []nn.Layer{l, nn.NewReLU6(l.Shape())}, nil
	}
	return nil, g.refuse(i, "has the activation %s, which is not supported", a)
}

// pool takes over a 2x2 maximum and an average of the whole picture.
func (g *graph) pool(i int, in []int, o tflite.Pool2DOptions) ([]nn.Layer, error) {
	op := &g.Operators[i]
	whole := o.FilterH == in[0] && o.FilterW == in[1] && g.pixels(op.Outputs[0]) == 1
	halves := o.FilterH == 2 && o.FilterW == 2 && o.StrideH == 2 && o.StrideW == 2 &&
		(o.Padding == tflite.Valid || in[0]%2 == 0 && in[1]%2 == 0)
	switch {
	case op.Code == tflite.AveragePool2D && whole:
		return g.activated(i, nn.NewGlobalAverage(in), o.Activation)
	case op.Code == tflite.MaxPool2D && halves:
		return g.activated(i, nn.NewMaxPool(in), o.Activation)
	}
	return nil, g.refuse(i, "pools %v by %dx%d; an average of the whole picture and a 2x2 maximum are supported", in, o.FilterH, o.FilterW)
}

// pixels is how many pixels a tensor of pictures has, 0 where it is none.
func (g *graph) pixels(t int) int {
	if s := g.Tensors[t].Shape; len(s) == 4 {
		return s[1] * s[2]
	}
	return 0
}

func (g *graph) mean(i int, in []int) ([]nn.Layer, error) {
	axes, err := g.integers(i, 1)
	if err != nil {
		return nil, err
	}
	slices.Sort(axes)
	if len(in) != 3 || !slices.Equal(axes, []int{1, 2}) {
		return nil, g.refuse(i, "averages %v over %v; only the mean over height and width is supported", in, axes)
	}
	return []nn.Layer{nn.NewGlobalAverage(in)}, nil
}

// flattens refuses a reshape that does more than to make a row of a picture.
// Layers keep what it reads as it is: a dense layer reads a picture as a row.
func (g *graph) flattens(i int, in []int) error {
	out := g.Tensors[g.Operators[i].Outputs[0]].Shape
	if n := len(out); n == 0 || out[n-1] != elements(in) {
		return g.refuse(i, "makes %v of %v; only flattening is supported", out, in)
	}
	return nil
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

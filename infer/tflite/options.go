package tflite

// The union tags of the schema's BuiltinOptions.
const (
	tagNone            = 0
	tagConv2D          = 1
	tagDepthwiseConv2D = 2
	tagPool2D          = 5
	tagFullyConnected  = 8
	tagSoftmax         = 9
	tagConcatenation   = 10
	tagAdd             = 11
	tagReshape         = 17
	tagMul             = 21
	tagReducer         = 27
	tagSub             = 28
)

// Conv2DOptions belong to CONV_2D. Strides and dilations are at least 1.
type Conv2DOptions struct {
	Padding              Padding
	StrideW, StrideH     int
	DilationW, DilationH int
	Activation           Activation
}

// DepthwiseConv2DOptions belong to DEPTHWISE_CONV_2D. Output channels are input
// channels times DepthMultiplier.
type DepthwiseConv2DOptions struct {
	Padding              Padding
	StrideW, StrideH     int
	DilationW, DilationH int
	DepthMultiplier      int
	Activation           Activation
}

// Pool2DOptions belong to MAX_POOL_2D and AVERAGE_POOL_2D.
type Pool2DOptions struct {
	Padding          Padding
	StrideW, StrideH int
	FilterW, FilterH int
	Activation       Activation
}

// FullyConnectedOptions belong to FULLY_CONNECTED.
type FullyConnectedOptions struct {
	Activation Activation
	// WeightsFormat is 0 for the plain row-major one; others are shuffled.
	WeightsFormat int
	// KeepDims keeps the input's leading dimensions in the output.
	KeepDims bool
}

// SoftmaxOptions belong to SOFTMAX. The inputs are multiplied by Beta.
type SoftmaxOptions struct{ Beta float32 }

// ConcatenationOptions belong to CONCATENATION.
type ConcatenationOptions struct {
	Axis       int
	Activation Activation
}

// AddOptions belong to ADD.
type AddOptions struct{ Activation Activation }

// SubOptions belong to SUB.
type SubOptions struct{ Activation Activation }

// MulOptions belong to MUL.
type MulOptions struct{ Activation Activation }

// ReshapeOptions belong to RESHAPE, whose second input overrides them.
type ReshapeOptions struct{ NewShape []int }

// ReducerOptions belong to MEAN.
type ReducerOptions struct{ KeepDims bool }

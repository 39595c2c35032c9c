package tflite

import "fmt"

// Type is a tensor's element type, numbered as the schema's TensorType.
type Type uint8

// The element types that this project computes with or passes through.
const (
	Float32 Type = 0
	Int32   Type = 2
	Uint8   Type = 3
	Int64   Type = 4
	Bool    Type = 6
	Int16   Type = 7
	Int8    Type = 9
)

var typeNames = map[Type]string{
	Float32: "float32", Int32: "int32", Uint8: "uint8", Int64: "int64", Bool: "bool", Int16: "int16", Int8: "int8",
}

func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Size is the number of bytes of one element, 0 for a type that is not named
// in this package.
func (t Type) Size() int {
	switch t {
	case Uint8, Int8, Bool:
		return 1
	case Int16:
		return 2
	case Float32, Int32:
		return 4
	case Int64:
		return 8
	}
	return 0
}

// Code is an operator, numbered as the schema's BuiltinOperator.
type Code int32

// The operators that this project knows.
const (
	Add             Code = 0
	AveragePool2D   Code = 1
	Concatenation   Code = 2
	Conv2D          Code = 3
	DepthwiseConv2D Code = 4
	Dequantize      Code = 6
	FullyConnected  Code = 9
	Logistic        Code = 14
	MaxPool2D       Code = 17
	Mul             Code = 18
	Relu            Code = 19
	Relu6           Code = 21
	Reshape         Code = 22
	Softmax         Code = 25
	Custom          Code = 32
	Pad             Code = 34
	Mean            Code = 40
	Sub             Code = 41
	Quantize        Code = 114
	HardSwish       Code = 117
)

var codeNames = map[Code]string{
	Add: "ADD", AveragePool2D: "AVERAGE_POOL_2D", Concatenation: "CONCATENATION", Conv2D: "CONV_2D",
	DepthwiseConv2D: "DEPTHWISE_CONV_2D", Dequantize: "DEQUANTIZE", FullyConnected: "FULLY_CONNECTED",
	Logistic: "LOGISTIC", MaxPool2D: "MAX_POOL_2D", Mul: "MUL", Relu: "RELU", Relu6: "RELU6", Reshape: "RESHAPE",
	Softmax: "SOFTMAX", Custom: "CUSTOM", Pad: "PAD", Mean: "MEAN", Sub: "SUB", Quantize: "QUANTIZE", HardSwish: "HARD_SWISH",
}

func (c Code) String() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return fmt.Sprintf("builtin operator %d", int32(c))
}

// Padding is how a window operator treats the picture's border.
type Padding uint8

// Same pads so that the output is ceil(input/stride) wide, the odd pixel at the
// bottom right; Valid does not pad.
const (
	Same  Padding = 0
	Valid Padding = 1
)

// Activation is the function fused behind an operator.
type Activation uint8

// The fused activations; ActRelu1 clamps to -1..1.
const (
	ActNone  Activation = 0
	ActRelu  Activation = 1
	ActRelu1 Activation = 2
	ActRelu6 Activation = 3
)

func (a Activation) String() string {
	switch a {
	case ActNone:
		return "NONE"
	case ActRelu:
		return "RELU"
	case ActRelu1:
		return "RELU_N1_TO_1"
	case ActRelu6:
		return "RELU6"
	}
	return fmt.Sprintf("activation %d", uint8(a))
}

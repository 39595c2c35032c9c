// Package generic holds the kernels in plain Go: the specification that the
// kernels of every instruction set agree with bit for bit, and the ones that
// run where there are none.
//
// Tensors are int8, NHWC, of batch 1. Lengths, shapes and parameters are
// validated by whoever builds the plan; kernels do not check them again.
package generic

// Operator is one prepared operator: its weights are packed and its geometry is
// fixed. It is read-only when it runs, so that several threads may each compute
// some rows of one output.
type Operator interface {
	// Rows is the number of output rows, the grain of splitting work.
	Rows() int
	// Scratch is how many bytes each running thread needs for itself.
	Scratch() int
	// Run computes output rows [from, to). out, a and b are whole tensors; b
	// is nil for operators with one input. scratch starts at a multiple of 64
	// bytes.
	Run(out, a, b, scratch []int8, from, to int)
}

// Kernels makes operators. The package of an instruction set embeds it and
// overrides what it does better.
type Kernels struct{}

// Shape is height, width and channels.
type Shape struct{ H, W, C int }

// Len is the number of elements.
func (s Shape) Len() int { return s.H * s.W * s.C }

// Window is how a kernel slides over a picture. PadTop and PadLeft are the rows
// and columns before the picture; those after it follow from the output shape.
// Where the kernel has one row or column the dilation is 1.
type Window struct {
	KernelH, KernelW     int
	StrideH, StrideW     int
	DilationH, DilationW int
	PadTop, PadLeft      int
}

package neon

import (
	"unsafe"

	"canting/infer/kernel/generic"
)

// block is the number of elements of a vector of int8; fewer are left to plain Go.
const block = 16

type addArgs struct {
	out, a, b  unsafe.Pointer
	n          int
	multiplier [2]int32
	bias       int32
	shift      int32 // to the left
	outputArgs
}

//go:noescape
func addRows(args *addArgs)

type add struct {
	generic.Add
	plain generic.Operator
}

// Add prepares ADD.
func (k Kernels) Add(a generic.Add) generic.Operator {
	return &add{a, k.Kernels.Add(a)}
}

func (k *add) Rows() int    { return k.Shape.H }
func (k *add) Scratch() int { return 0 }

func (k *add) Run(out, a, b, scratch []int8, from, to int) {
	row := k.Shape.W * k.Shape.C
	n := (to - from) * row
	if n < block {
		k.plain.Run(out, a, b, scratch, from, to)
		return
	}
	s := &k.Sum
	addRows(&addArgs{
		out: first(out[from*row : to*row]), a: first(a[from*row : to*row]), b: first(b[from*row : to*row]), n: n,
		multiplier: [2]int32{s.A, s.B}, bias: s.Bias, shift: -int32(s.Shift), outputArgs: newOutputArgs(&s.Output),
	})
}

type windowArgs struct {
	out, in       unsafe.Pointer
	rows, columns int
	stride        int // bytes from row to row
	channels      int
	outputArgs
}

//go:noescape
func windowMax(args *windowArgs)

//go:noescape
func windowSum(args *windowArgs)

// newWindowArgs is for the part inside the picture of the window at output pixel (y, x).
func newWindowArgs(p *generic.Pool, in []int8, y, x int) windowArgs {
	top, left := y*p.StrideH-p.PadTop, x*p.StrideW-p.PadLeft
	bottom, right := min(top+p.KernelH, p.In.H), min(left+p.KernelW, p.In.W)
	top, left = max(top, 0), max(left, 0)
	return windowArgs{
		in: first(in[(top*p.In.W+left)*p.In.C:]), rows: bottom - top, columns: right - left,
		stride: p.In.W * p.In.C, channels: p.In.C, outputArgs: newOutputArgs(&p.Output),
	}
}

type maxPool struct{ generic.Pool }

// MaxPool2D prepares MAX_POOL_2D.
func (k Kernels) MaxPool2D(p generic.Pool) generic.Operator {
	if p.In.C < block {
		return k.Kernels.MaxPool2D(p)
	}
	return &maxPool{p}
}

func (k *maxPool) Rows() int    { return k.Out.H }
func (k *maxPool) Scratch() int { return 0 }

func (k *maxPool) Run(out, in, _, _ []int8, from, to int) {
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			args := newWindowArgs(&k.Pool, in, y, x)
			args.out = first(out[(y*k.Out.W+x)*k.Out.C:][:k.Out.C])
			windowMax(&args)
		}
	}
}

type averagePool struct{ generic.Pool }

// AveragePool2D prepares AVERAGE_POOL_2D.
func (k Kernels) AveragePool2D(p generic.Pool) generic.Operator {
	if p.In.C < block {
		return k.Kernels.AveragePool2D(p)
	}
	return &averagePool{p}
}

func (k *averagePool) Rows() int { return k.Out.H }

// Scratch holds one pixel's sums.
func (k *averagePool) Scratch() int { return 4 * k.Out.C }

func (k *averagePool) Run(out, in, _, scratch []int8, from, to int) {
	sums := int32s(scratch, k.Out.C)
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			args := newWindowArgs(&k.Pool, in, y, x)
			args.out = first(sums)
			windowSum(&args)
			k.Average(out[(y*k.Out.W+x)*k.Out.C:][:len(sums)], sums, int32(args.rows*args.columns))
		}
	}
}

// int32s is scratch as n int32.
func int32s(scratch []int8, n int) []int32 {
	return unsafe.Slice((*int32)(first(scratch[:4*n])), n)
}

type mean struct{ generic.Mean }

// Mean prepares MEAN over height and width.
func (k Kernels) Mean(m generic.Mean) generic.Operator {
	if m.In.C < block {
		return k.Kernels.Mean(m)
	}
	return &mean{m}
}

func (k *mean) Rows() int { return 1 }

// Scratch holds the channels' sums.
func (k *mean) Scratch() int { return 4 * k.In.C }

func (k *mean) Run(out, in, _, scratch []int8, _, _ int) {
	sums := int32s(scratch, k.In.C)
	pixels := k.In.H * k.In.W
	windowSum(&windowArgs{
		out: first(sums), in: first(in[:k.In.Len()]), rows: 1, columns: pixels, channels: k.In.C,
	})
	for i, s := range sums {
		out[i] = k.Output.Requantize(s-k.InputZero*int32(pixels), k.Scale)
	}
}

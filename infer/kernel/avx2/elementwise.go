//go:build amd64

package avx2

import (
	"unsafe"

	"canting/infer/kernel/generic"
)

// sumOf is quant.Sum as the assembly reads it.
type sumOf struct {
	a, b, bias     int32
	shift          uint32
	zero, min, max int32
}

type add struct {
	generic.Operator
	row    int
	params sumOf
}

// Add prepares ADD.
func (k Kernels) Add(a generic.Add) generic.Operator {
	s := &a.Sum
	return &add{k.Kernels.Add(a), a.Shape.W * a.Shape.C, sumOf{s.A, s.B, s.Bias, uint32(s.Shift), s.Output.ZeroPoint, s.Output.Min, s.Output.Max}}
}

// least is the fewest elements that the vector loops take; they compute the last
// elements of more than that twice.
const least = 32

func (k *add) Run(out, a, b, scratch []int8, from, to int) {
	n := (to - from) * k.row
	if n < least {
		k.Operator.Run(out, a, b, scratch, from, to)
		return
	}
	i := from * k.row
	addVectors(&out[i], &a[i], &b[i], n, &k.params)
}

// flip is a Lookup that changes the sign bit: from uint8 to int8 or back.
type flip struct {
	generic.Operator
	row int
}

// Lookup prepares an operator that maps elements one by one.
func (k Kernels) Lookup(l generic.Lookup) generic.Operator {
	o := k.Kernels.Lookup(l)
	for i, v := range l.Table {
		if v != int8(i) {
			return o
		}
	}
	return &flip{o, l.Shape.W * l.Shape.C}
}

func (k *flip) Run(out, a, b, scratch []int8, from, to int) {
	n := (to - from) * k.row
	if n < least {
		k.Operator.Run(out, a, b, scratch, from, to)
		return
	}
	flipVectors(&out[from*k.row], &a[from*k.row], n)
}

// window is part of a picture: rows and columns of pixels.
type window struct {
	src                 *int8
	rows, columns       int
	nextRow, nextColumn int // distances in bytes
	channels            int
}

// view is the window of pixel (y, x) of a pool's output.
func view(p *generic.Pool, in []int8, y, x int) window {
	top, left := y*p.StrideH-p.PadTop, x*p.StrideW-p.PadLeft
	bottom, right := min(top+p.KernelH, p.In.H), min(left+p.KernelW, p.In.W)
	top, left = max(top, 0), max(left, 0)
	return window{&in[(top*p.In.W+left)*p.In.C], bottom - top, right - left, p.In.W * p.In.C, p.In.C, p.In.C}
}

type maxPool struct{ generic.Pool }

// leastMax is the fewest channels that maxVectors takes, and leastSums that
// sumVectors takes.
const (
	leastMax  = 16
	leastSums = 8
)

// MaxPool2D prepares MAX_POOL_2D.
func (k Kernels) MaxPool2D(p generic.Pool) generic.Operator {
	if p.Out.C < leastMax {
		return k.Kernels.MaxPool2D(p)
	}
	return &maxPool{p}
}

func (k *maxPool) Rows() int    { return k.Out.H }
func (k *maxPool) Scratch() int { return 0 }

func (k *maxPool) Run(out, in, _, _ []int8, from, to int) {
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			w := view(&k.Pool, in, y, x)
			maxVectors(&out[(y*k.Out.W+x)*k.Out.C], &w, int8(k.Output.Min), int8(k.Output.Max))
		}
	}
}

type averagePool struct{ generic.Pool }

// AveragePool2D prepares AVERAGE_POOL_2D.
func (k Kernels) AveragePool2D(p generic.Pool) generic.Operator {
	if p.Out.C < leastSums {
		return k.Kernels.AveragePool2D(p)
	}
	return &averagePool{p}
}

func (k *averagePool) Rows() int    { return k.Out.H }
func (k *averagePool) Scratch() int { return 4 * k.Out.C }

func (k *averagePool) Run(out, in, _, scratch []int8, from, to int) {
	sums := int32s(scratch, k.Out.C)
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			w := view(&k.Pool, in, y, x)
			sumVectors(&sums[0], &w)
			k.Average(out[(y*k.Out.W+x)*k.Out.C:][:len(sums)], sums, int32(w.rows*w.columns))
		}
	}
}

// int32s is the scratch's beginning as n int32.
func int32s(scratch []int8, n int) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(scratch))), n)
}

type mean struct{ generic.Mean }

// Mean prepares MEAN over height and width.
func (k Kernels) Mean(m generic.Mean) generic.Operator {
	if m.In.C < leastSums {
		return k.Kernels.Mean(m)
	}
	return &mean{m}
}

func (k *mean) Rows() int    { return 1 }
func (k *mean) Scratch() int { return 4 * k.In.C }

func (k *mean) Run(out, in, _, scratch []int8, _, _ int) {
	pixels := k.In.H * k.In.W
	sums := int32s(scratch, k.In.C)
	sumVectors(&sums[0], &window{&in[0], 1, pixels, 0, k.In.C, k.In.C})
	for c, s := range sums {
		out[c] = k.Output.Requantize(s-k.InputZero*int32(pixels), k.Scale)
	}
}

package nn

// #cgo CFLAGS: -O3
// #cgo noescape nn_clamp
// #cgo nocallback nn_clamp
// #cgo noescape nn_clamp_back
// #cgo nocallback nn_clamp_back
// #cgo noescape nn_add
// #cgo nocallback nn_add
// #cgo noescape nn_affine
// #cgo nocallback nn_affine
// #cgo noescape nn_affine2
// #cgo nocallback nn_affine2
// #cgo noescape nn_channel_sums
// #cgo nocallback nn_channel_sums
// #cgo noescape nn_multiply_add
// #cgo nocallback nn_multiply_add
// #cgo noescape nn_pool
// #cgo nocallback nn_pool
// #cgo noescape nn_gather
// #cgo nocallback nn_gather
// #cgo noescape nn_scatter_add
// #cgo nocallback nn_scatter_add
// #include "elementwise.h"
import "C"

import "unsafe"

// The functions below call those of elementwise.h with slices whose lengths they
// have made sure of: an index outside panics here and not there.

func first(v []float32) *C.float { return (*C.float)(unsafe.SliceData(v)) }

// clamp writes x, no less than 0 and no more than limit, to y.
func clamp(y, x []float32, limit float32) {
	C.nn_clamp(first(y), first(x[:len(y)]), C.long(len(y)), C.float(limit))
}

// clampBack writes dy to dx where y is above 0 and below limit, else 0.
func clampBack(dx, dy, y []float32, limit float32) {
	C.nn_clamp_back(first(dx), first(dy[:len(dx)]), first(y[:len(dx)]), C.long(len(dx)), C.float(limit))
}

// sum writes a + b to y.
func sum(y, a, b []float32) {
	C.nn_add(first(y), first(a[:len(y)]), first(b[:len(y)]), C.long(len(y)))
}

// affine writes a*x + c to y, pixel by pixel, a and c per channel.
func affine(y, x, a, c []float32) {
	channels := len(a)
	C.nn_affine(first(y), first(x[:len(y)]), first(a), first(c[:channels]), C.long(len(y)/channels), C.long(channels))
}

// affine2 writes a*u + b*v + c to y, pixel by pixel, a, b and c per channel.
func affine2(y, u, v, a, b, c []float32) {
	channels := len(a)
	C.nn_affine2(first(y), first(u[:len(y)]), first(v[:len(y)]), first(a), first(b[:channels]), first(c[:channels]), C.long(len(y)/channels), C.long(channels))
}

// addSums adds the sum of a and of a*b to sum and product, per channel.
func addSums(sum, product []float64, a, b []float32) {
	channels := len(sum)
	C.nn_channel_sums((*C.double)(unsafe.SliceData(sum)), (*C.double)(unsafe.SliceData(product[:channels])),
		first(a), first(b[:len(a)]), C.long(len(a)/channels), C.long(channels))
}

// walk is runs of numbers in memory: where the first starts, and how far it is to
// the next.
type walk struct {
	v    []float32
	step int
}

// from is the first of so many runs of n numbers, at least one.
func (w walk) from(runs, n int) *C.float { return first(w.v[:(runs-1)*w.step+n]) }

// multiplyAdd adds a*b to y for all channels of some pixels, at least one.
func multiplyAdd(y, a, b walk, pixels, channels int) {
	C.nn_multiply_add(y.from(pixels, channels), a.from(pixels, channels), b.from(pixels, channels),
		C.long(pixels), C.long(channels), C.long(y.step), C.long(a.step), C.long(b.step))
}

// gather copies runs of n numbers, at least one run.
func gather(to, from walk, runs, n int) {
	C.nn_gather(to.from(runs, n), from.from(runs, n), C.long(runs), C.long(n), C.long(to.step), C.long(from.step))
}

// scatterAdd adds runs of n numbers to others, at least one run.
func scatterAdd(to, from walk, runs, n int) {
	C.nn_scatter_add(to.from(runs, n), from.from(runs, n), C.long(runs), C.long(n), C.long(to.step), C.long(from.step))
}

// poolLine writes the largest of each 2x2 pixels of the two lines at the start of
// x, and where in x it is, to y and from.
func poolLine(y []float32, from []int32, x []float32, pixels, channels, line int) {
	C.nn_pool(first(y[:pixels*channels]), (*C.int)(unsafe.SliceData(from[:pixels*channels])), first(x[:2*line]),
		C.long(pixels), C.long(channels), C.long(line))
}

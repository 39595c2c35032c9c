package tiles

import (
	"unsafe"

	"canting/infer/kernel/generic"
)

// rows lays out what the pixels of an output row see: the input rows with their
// padding around them or, where windows are spread or far apart, each window by
// itself.
type rows struct {
	isa *ISA
	in  generic.Shape
	generic.Window
	width int // of the output
	zero  int8
	// gathered tells that each window is by itself.
	gathered bool
	// flat tells that windows are single pixels, as in the input, so that rows
	// lie end to end without anything between them.
	flat bool
	// pixel is the distance in bytes of neighbouring windows and row that of
	// laid out rows.
	pixel, row int
}

func newRows(isa *ISA, c *generic.Conv) rows {
	r := rows{isa: isa, in: c.In, Window: c.Window, width: c.Out.W, zero: int8(c.InputZero), flat: c.Pointwise()}
	r.gathered = r.DilationH > 1 || r.DilationW > 1 || r.StrideH > r.KernelH || r.StrideW > r.KernelW
	if r.gathered {
		r.pixel = roundUp(r.KernelW*r.in.C*isa.Element, 4)
		r.row = r.width * r.pixel
		return r
	}
	r.pixel = r.StrideW * r.in.C * isa.Element
	r.row = r.span() * r.in.C * isa.Element
	if !r.flat {
		r.row = roundUp(r.row, 64)
	}
	return r
}

// span is the number of input pixels in a row with its padding.
func (r *rows) span() int { return (r.width-1)*r.StrideW + r.KernelW }

// bytes is what n output rows see.
func (r *rows) bytes(n int) int { return r.count(n) * r.row }

func (r *rows) count(n int) int {
	if r.gathered {
		return n * r.KernelH
	}
	return (n-1)*r.StrideH + r.KernelH
}

// start is where output row i begins among those laid out at once.
func (r *rows) start(i int) int {
	if r.gathered {
		return i * r.KernelH * r.row
	}
	return i * r.StrideH * r.row
}

// fill lays out what output rows [y, y+n) see.
func (r *rows) fill(dst, in []int8, y, n int) {
	if r.flat {
		first := y * r.in.W * r.in.C
		r.isa.Copy(unsafe.Pointer(&dst[0]), &in[first], n*r.in.W*r.in.C)
		return
	}
	for i := range r.count(n) {
		line := dst[i*r.row:]
		if !r.gathered {
			r.padded(line, in, y*r.StrideH-r.PadTop+i)
			continue
		}
		r.windows(line, in, (y+i/r.KernelH)*r.StrideH-r.PadTop+i%r.KernelH*r.DilationH)
	}
}

// padded lays out input row iy with its padding.
func (r *rows) padded(dst, in []int8, iy int) {
	c, e := r.in.C, r.isa.Element
	if iy < 0 || iy >= r.in.H {
		r.isa.Fill(unsafe.Pointer(&dst[0]), r.zero, r.span()*c)
		return
	}
	left := min(r.PadLeft, r.span())
	n := min(r.in.W, r.span()-left)
	if left > 0 {
		r.isa.Fill(unsafe.Pointer(&dst[0]), r.zero, left*c)
	}
	if n > 0 {
		r.isa.Copy(unsafe.Pointer(&dst[left*c*e]), &in[iy*r.in.W*c], n*c)
	}
	if right := r.span() - left - n; right > 0 {
		r.isa.Fill(unsafe.Pointer(&dst[(left+n)*c*e]), r.zero, right*c)
	}
}

// windows lays out one row of every window from input row iy.
func (r *rows) windows(dst, in []int8, iy int) {
	c, e := r.in.C, r.isa.Element
	if iy < 0 || iy >= r.in.H {
		r.isa.Fill(unsafe.Pointer(&dst[0]), r.zero, r.row/e)
		return
	}
	row := in[iy*r.in.W*c : (iy+1)*r.in.W*c]
	for x := 0; x < r.width; x++ {
		left := x*r.StrideW - r.PadLeft
		if r.DilationW == 1 && left >= 0 && left+r.KernelW <= r.in.W {
			n := min(r.width-x, (r.in.W-r.KernelW-left)/r.StrideW+1)
			r.isa.Pixels(unsafe.Pointer(&dst[x*r.pixel]), &row[left*c], n, r.KernelW*c, r.pixel, r.StrideW*c)
			x += n - 1
			continue
		}
		for kx := range r.KernelW {
			at := unsafe.Pointer(&dst[x*r.pixel+kx*c*e])
			if ix := left + kx*r.DilationW; ix < 0 || ix >= r.in.W {
				r.isa.Fill(at, r.zero, c)
			} else {
				r.isa.Copy(at, &row[ix*c], c)
			}
		}
	}
}

package nn

import "gorgonia.org/tensor"

// window is how a square kernel slides over pictures, with "same" padding as
// TensorFlow defines it: every Stride-th pixel has an output, and where the
// padding is odd, the bottom and the right have more of it.
type window struct {
	InH, InW, InC       int
	Kernel, Stride      int
	outH, outW          int
	padAbove, padBefore int
	// The output columns [innerLo, innerHi) see no padding.
	innerLo, innerHi int
}

func newWindow(in []int, kernel, stride int) window {
	w := window{InH: in[0], InW: in[1], InC: in[2], Kernel: kernel, Stride: stride}
	w.outH, w.padAbove = same(w.InH, kernel, stride)
	w.outW, w.padBefore = same(w.InW, kernel, stride)
	w.innerLo = (w.padBefore + stride - 1) / stride
	w.innerHi = min(w.outW, (w.InW+w.padBefore-kernel+stride)/stride)
	return w
}

// same is the number of outputs along one side, and the padding before it.
func same(in, kernel, stride int) (out, before int) {
	out = (in + stride - 1) / stride
	return out, max((out-1)*stride+kernel-in, 0) / 2
}

// patch is how many numbers one output pixel sees, pix how many output pixels
// a picture has.
func (w *window) patch() int { return w.Kernel * w.Kernel * w.InC }
func (w *window) pix() int   { return w.outH * w.outW }

// identity tells that each output pixel sees the input pixel in its place.
func (w *window) identity() bool { return w.Kernel == 1 && w.Stride == 1 }

// Patches are what each output pixel of one picture sees: a matrix of (pixels,
// Kernel x Kernel x InC).
func (w *window) Patches(picture []float32) *tensor.Dense {
	patches := zeros(w.pix(), w.patch())
	w.im2col(floats(patches), picture, 0, w.outH)
	return patches
}

// im2col writes what the output pixels of rows [lo, hi) see, a patch of
// Kernel x Kernel x InC each, zero outside the picture. Rows are numbered
// through the batch x.
func (w *window) im2col(patches, x []float32, lo, hi int) {
	size, n := w.patch(), w.Kernel*w.InC
	w.eachLine(lo, hi, func(r, ky, at int) {
		row := w.row(x, r, ky)
		for column := 0; column < w.outW; column++ {
			patch := patches[at+column*size:][:n]
			from, to, before := w.columns(column)
			switch {
			case row == nil:
				clear(patch)
			case column == w.innerLo && w.inner() > 0:
				gather(walk{patches[at+column*size:], size}, walk{row[from:], w.Stride * w.InC}, w.inner(), n)
				column = w.innerHi - 1
			default:
				clear(patch[:before])
				clear(patch[before+copy(patch[before:], row[from:to]):])
			}
		}
	})
}

// col2im adds the patches' gradients to dx where the patches came from.
func (w *window) col2im(dx, patches []float32, lo, hi int) {
	size, n := w.patch(), w.Kernel*w.InC
	w.eachLine(lo, hi, func(r, ky, at int) {
		row := w.row(dx, r, ky)
		if row == nil {
			return
		}
		for column := 0; column < w.outW; column++ {
			from, to, before := w.columns(column)
			if column == w.innerLo && w.inner() > 0 {
				scatterAdd(walk{row[from:], w.Stride * w.InC}, walk{patches[at+column*size:], size}, w.inner(), n)
				column = w.innerHi - 1
				continue
			}
			addTo(row[from:to], patches[at+column*size+before:])
		}
	})
}

// eachLine calls f for each output row r in [lo, hi) and each row ky of the
// kernel: the patches' rows ky start at `at`.
func (w *window) eachLine(lo, hi int, f func(r, ky, at int)) {
	for r := lo; r < hi; r++ {
		for ky := range w.Kernel {
			f(r, ky, (r-lo)*w.outW*w.patch()+ky*w.Kernel*w.InC)
		}
	}
}

// inner is the number of output columns that see no padding.
func (w *window) inner() int { return w.innerHi - w.innerLo }

// row is the line of pixels of a batch that row ky of the kernel sees from
// output row r, nil outside the picture.
func (w *window) row(x []float32, r, ky int) []float32 {
	y := r%w.outH*w.Stride - w.padAbove + ky
	if y < 0 || y >= w.InH {
		return nil
	}
	line := w.InW * w.InC
	return x[(r/w.outH*w.InH+y)*line:][:line]
}

// columns is which numbers [from, to) of a line of pixels the kernel sees from
// an output column, after how many of its own that see padding.
func (w *window) columns(column int) (from, to, before int) {
	start := column*w.Stride - w.padBefore
	left, right := max(start, 0), min(start+w.Kernel, w.InW)
	return left * w.InC, right * w.InC, (left - start) * w.InC
}

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
}

func newWindow(in []int, kernel, stride int) window {
	w := window{InH: in[0], InW: in[1], InC: in[2], Kernel: kernel, Stride: stride}
	w.outH, w.padAbove = same(w.InH, kernel, stride)
	w.outW, w.padBefore = same(w.InW, kernel, stride)
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
	w.eachRun(lo, hi, func(patch, pixel, n int) {
		copy(patches[patch:patch+n], x[pixel:pixel+n])
	}, func(patch, n int) { clear(patches[patch : patch+n]) })
}

// col2im adds the patches' gradients to dx where the patches came from.
func (w *window) col2im(dx, patches []float32, lo, hi int) {
	w.eachRun(lo, hi, func(patch, pixel, n int) {
		addTo(dx[pixel:pixel+n], patches[patch:patch+n])
	}, func(int, int) {})
}

// eachRun walks the patches of output rows [lo, hi): inside is called for each
// run of n numbers that lies in a picture, at offset pixel of the batch, and in
// the patches, at offset patch; outside for each run that lies in the padding.
func (w *window) eachRun(lo, hi int, inside func(patch, pixel, n int), outside func(patch, n int)) {
	row, at := w.Kernel*w.InC, 0
	for r := lo; r < hi; r++ {
		picture, top := r/w.outH*w.InH, r%w.outH*w.Stride-w.padAbove
		for x := range w.outW {
			start := x*w.Stride - w.padBefore
			left, right := max(start, 0), min(start+w.Kernel, w.InW)
			before, n := (left-start)*w.InC, (right-left)*w.InC
			for sy := top; sy < top+w.Kernel; sy++ {
				if sy < 0 || sy >= w.InH {
					outside(at, row)
				} else {
					outside(at, before)
					inside(at+before, ((picture+sy)*w.InW+left)*w.InC, n)
					outside(at+before+n, row-before-n)
				}
				at += row
			}
		}
	}
}

func addTo(dst, src []float32) {
	for i, v := range src {
		dst[i] += v
	}
}

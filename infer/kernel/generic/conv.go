package generic

import "canting/infer/quant"

// Conv is a convolution or, with 1x1 everything, a fully connected layer.
type Conv struct {
	In, Out Shape
	Window
	InputZero int32
	// Weights are Out.C x KernelH x KernelW x In.C for CONV_2D and KernelH x
	// KernelW x Out.C for DEPTHWISE_CONV_2D. WeightZero is not 0 in files of
	// the legacy uint8 scheme only.
	Weights    []int8
	WeightZero int32
	// Bias and Scale have Out.C elements; Scale requantizes a channel's sum.
	Bias   []int32
	Scale  []float32
	Output quant.Output
}

// Pointwise reports whether each output pixel sees only the input pixel at its
// own place, so that input rows can be used as they lie.
func (c *Conv) Pointwise() bool {
	return c.KernelH == 1 && c.KernelW == 1 && c.StrideH == 1 && c.StrideW == 1 && c.PadTop == 0 && c.PadLeft == 0
}

type conv struct {
	Conv
	// bias holds also what the zero points of input and weights add to every sum.
	bias []int32
	// depth is the number of weights of one output channel.
	depth int
}

// Conv2D prepares CONV_2D and FULLY_CONNECTED.
func (Kernels) Conv2D(c Conv) Operator {
	k := &conv{Conv: c, bias: make([]int32, c.Out.C), depth: c.KernelH * c.KernelW * c.In.C}
	for o := range k.bias {
		k.bias[o] = c.Bias[o] - c.InputZero*(sum(k.filter(o))-c.WeightZero*int32(k.depth))
	}
	return k
}

// Conv2DMaxPool leaves convolution and pool apart.
func (Kernels) Conv2DMaxPool(Conv, Pool) (Operator, bool) { return nil, false }

// filter is the weights of output channel o.
func (k *conv) filter(o int) []int8 { return k.Weights[o*k.depth : (o+1)*k.depth] }

func sum(v []int8) int32 {
	var s int32
	for _, x := range v {
		s += int32(x)
	}
	return s
}

func (k *conv) Rows() int { return k.Out.H }

// Scratch holds the patches of one output row (im2col).
func (k *conv) Scratch() int {
	if k.Pointwise() {
		return 0
	}
	return k.Out.W * k.depth
}

func (k *conv) Run(out, in, _, scratch []int8, from, to int) {
	stride := k.Out.W * k.Out.C
	for y := from; y < to; y++ {
		patches := scratch
		if k.Pointwise() {
			patches = in[y*k.In.W*k.In.C:]
		} else {
			k.gather(scratch, in, y)
		}
		k.row(out[y*stride:(y+1)*stride], patches[:k.Out.W*k.depth])
	}
}

// gather copies what each pixel of output row y sees, side by side; outside the
// picture it sees the zero point.
func (k *conv) gather(patches, in []int8, y int) {
	rowLen := k.KernelW * k.In.C
	zero := int8(k.InputZero)
	for x := range k.Out.W {
		left := x*k.StrideW - k.PadLeft
		for ky := range k.KernelH {
			dst := patches[:rowLen]
			patches = patches[rowLen:]
			iy := y*k.StrideH - k.PadTop + ky*k.DilationH
			if iy < 0 || iy >= k.In.H {
				fill(dst, zero)
				continue
			}
			row := in[iy*k.In.W*k.In.C : (iy+1)*k.In.W*k.In.C]
			if k.DilationW == 1 && left >= 0 && left+k.KernelW <= k.In.W {
				copy(dst, row[left*k.In.C:])
				continue
			}
			k.gatherEdge(dst, row, left)
		}
	}
}

func (k *conv) gatherEdge(dst, row []int8, left int) {
	for kx := range k.KernelW {
		pixel := dst[kx*k.In.C : (kx+1)*k.In.C]
		if ix := left + kx*k.DilationW; ix < 0 || ix >= k.In.W {
			fill(pixel, int8(k.InputZero))
		} else {
			copy(pixel, row[ix*k.In.C:])
		}
	}
}

func fill(s []int8, v int8) {
	for i := range s {
		s[i] = v
	}
}

// row computes one output row, 4 channels at a time: their filters stay in the
// first-level cache while all the row's patches pass.
func (k *conv) row(out, patches []int8) {
	channels := k.Out.C
	for o := 0; o < channels; o += 4 {
		// Past the last channel the last one is computed again.
		last := channels - 1
		f0, f1, f2, f3 := k.filter(o), k.filter(min(o+1, last)), k.filter(min(o+2, last)), k.filter(min(o+3, last))
		n := min(4, channels-o)
		bias, scale := k.bias[o:o+n], k.Scale[o:o+n]
		for x := range k.Out.W {
			patch := patches[x*k.depth : (x+1)*k.depth]
			var sums [4]int32
			sums[0], sums[1], sums[2], sums[3] = dot4(patch, f0, f1, f2, f3)
			if k.WeightZero != 0 {
				correction := k.WeightZero * sum(patch)
				for i := range sums {
					sums[i] -= correction
				}
			}
			for i, b := range bias {
				out[x*channels+o+i] = k.Output.Requantize(sums[i]+b, scale[i])
			}
		}
	}
}

// dot4 is the products of a patch with 4 filters of the same length.
func dot4(patch, f0, f1, f2, f3 []int8) (s0, s1, s2, s3 int32) {
	n := len(patch)
	f0, f1, f2, f3 = f0[:n], f1[:n], f2[:n], f3[:n]
	for i, v := range patch {
		x := int32(v)
		s0 += x * int32(f0[i])
		s1 += x * int32(f1[i])
		s2 += x * int32(f2[i])
		s3 += x * int32(f3[i])
	}
	return s0, s1, s2, s3
}

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

// lanes is how many output channels are summed at once.
const lanes = 4

type conv struct {
	Conv
	// weights are less their zero point, and interleaved: for each group of 4
	// output channels, for each of the depth kernel elements, the 4 channels'.
	weights []int16
	// bias holds also what the input's zero point adds to every sum.
	bias  []int32
	depth int
}

// Conv2D prepares CONV_2D and FULLY_CONNECTED.
func (Kernels) Conv2D(c Conv) Operator {
	k := &conv{Conv: c, depth: c.KernelH * c.KernelW * c.In.C}
	groups := (c.Out.C + lanes - 1) / lanes
	k.weights = make([]int16, groups*lanes*k.depth)
	k.bias = make([]int32, groups*lanes)
	k.Scale = make([]float32, groups*lanes)
	copy(k.Scale, c.Scale)
	for o := range c.Out.C {
		group := k.weights[o/lanes*lanes*k.depth:]
		var sum int32
		for i, w := range c.Weights[o*k.depth : (o+1)*k.depth] {
			v := int32(w) - c.WeightZero
			group[i*lanes+o%lanes] = int16(v)
			sum += v
		}
		k.bias[o] = c.Bias[o] - c.InputZero*sum
	}
	k.Weights, k.Conv.Bias = nil, nil
	return k
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

// row computes one output row. A group's weights stay in the first-level cache
// while all the row's patches pass.
func (k *conv) row(out, patches []int8) {
	channels, depth := k.Out.C, k.depth
	for o := 0; o < channels; o += lanes {
		w := k.weights[o*depth : (o+lanes)*depth]
		bias, scale := (*[lanes]int32)(k.bias[o:]), (*[lanes]float32)(k.Scale[o:])
		n := min(lanes, channels-o)
		for x := range k.Out.W {
			sums := dot4(patches[x*depth:(x+1)*depth], w)
			dst := out[x*channels+o:][:n]
			for i := range dst {
				dst[i] = k.Output.Requantize(sums[i]+bias[i], scale[i])
			}
		}
	}
}

// dot4 is the product of a patch with 4 interleaved vectors of weights.
func dot4(patch []int8, weights []int16) [lanes]int32 {
	var s0, s1, s2, s3 int32
	for _, v := range patch {
		w := (*[lanes]int16)(weights)
		weights = weights[lanes:]
		x := int32(v)
		s0 += x * int32(w[0])
		s1 += x * int32(w[1])
		s2 += x * int32(w[2])
		s3 += x * int32(w[3])
	}
	return [lanes]int32{s0, s1, s2, s3}
}

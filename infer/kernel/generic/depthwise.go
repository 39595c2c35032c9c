package generic

type depthwise struct {
	Conv
	// weights are less their zero point, KernelH x KernelW x Out.C.
	weights []int16
	// multiplier is how many output channels each input channel has.
	multiplier int
}

// DepthwiseConv2D prepares DEPTHWISE_CONV_2D; Out.C is a multiple of In.C.
func (Kernels) DepthwiseConv2D(c Conv) Operator {
	k := &depthwise{Conv: c, weights: make([]int16, len(c.Weights)), multiplier: c.Out.C / c.In.C}
	for i, w := range c.Weights {
		k.weights[i] = int16(int32(w) - c.WeightZero)
	}
	k.Weights = nil
	return k
}

func (k *depthwise) Rows() int    { return k.Out.H }
func (k *depthwise) Scratch() int { return 0 }

// block is how many channels' sums are kept while the window is walked.
const block = 16

func (k *depthwise) Run(out, in, _, _ []int8, from, to int) {
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			pixel := out[(y*k.Out.W+x)*k.Out.C:][:k.Out.C]
			for c := 0; c < k.Out.C; c += block {
				k.channels(pixel[c:min(c+block, k.Out.C)], in, y, x, c)
			}
		}
	}
}

// channels computes channels c, c+1, ... of output pixel (y, x).
func (k *depthwise) channels(out, in []int8, y, x, c int) {
	var buffer [block]int32
	sums := buffer[:len(out)]
	copy(sums, k.Bias[c:])
	for ky := range k.KernelH {
		iy := y*k.StrideH - k.PadTop + ky*k.DilationH
		if iy < 0 || iy >= k.In.H {
			continue
		}
		for kx := range k.KernelW {
			ix := x*k.StrideW - k.PadLeft + kx*k.DilationW
			if ix < 0 || ix >= k.In.W {
				continue
			}
			w := k.weights[(ky*k.KernelW+kx)*k.Out.C+c:]
			k.accumulate(sums, in[(iy*k.In.W+ix)*k.In.C:][:k.In.C], w, c)
		}
	}
	for i, s := range sums {
		out[i] = k.Output.Requantize(s, k.Scale[c+i])
	}
}

// accumulate adds one element of the window for channels c, c+1, ...
func (k *depthwise) accumulate(sums []int32, pixel []int8, w []int16, c int) {
	w = w[:len(sums)]
	if k.multiplier > 1 {
		for i := range sums {
			sums[i] += (int32(pixel[(c+i)/k.multiplier]) - k.InputZero) * int32(w[i])
		}
		return
	}
	pixel = pixel[c:][:len(sums)]
	for i := range sums {
		sums[i] += (int32(pixel[i]) - k.InputZero) * int32(w[i])
	}
}

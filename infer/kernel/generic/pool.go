package generic

import "canting/infer/quant"

// Pool is a pooling window; dilations are not used. Input and output share
// their scale and zero point; Output's range is the fused activation's.
type Pool struct {
	In, Out Shape
	Window
	Output quant.Output
	// Offset makes an average round as if all values were so much larger: 128
	// for the legacy uint8, whose ties go up where those of int8 go away from 0.
	Offset int32
}

// span is the part of the window of output pixel (y, x) inside the picture.
func (p *Pool) span(y, x int) (top, bottom, left, right int) {
	top, left = y*p.StrideH-p.PadTop, x*p.StrideW-p.PadLeft
	bottom, right = min(top+p.KernelH, p.In.H), min(left+p.KernelW, p.In.W)
	return max(top, 0), bottom, max(left, 0), right
}

type maxPool struct{ Pool }

// MaxPool2D prepares MAX_POOL_2D.
func (Kernels) MaxPool2D(p Pool) Operator { return &maxPool{p} }

func (k *maxPool) Rows() int    { return k.Out.H }
func (k *maxPool) Scratch() int { return 0 }

func (k *maxPool) Run(out, in, _, _ []int8, from, to int) {
	c := k.Out.C
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			dst := out[(y*k.Out.W+x)*c:][:c]
			fill(dst, int8(k.Output.Min))
			top, bottom, left, right := k.span(y, x)
			for iy := top; iy < bottom; iy++ {
				for ix := left; ix < right; ix++ {
					src := in[(iy*k.In.W+ix)*c:][:len(dst)]
					for i, v := range src {
						dst[i] = max(dst[i], v)
					}
				}
			}
			for i, v := range dst {
				dst[i] = min(v, int8(k.Output.Max))
			}
		}
	}
}

type averagePool struct{ Pool }

// AveragePool2D prepares AVERAGE_POOL_2D: the mean over the part of the window
// inside the picture, rounded half away from zero.
func (Kernels) AveragePool2D(p Pool) Operator { return &averagePool{p} }

func (k *averagePool) Rows() int    { return k.Out.H }
func (k *averagePool) Scratch() int { return 0 }

func (k *averagePool) Run(out, in, _, _ []int8, from, to int) {
	c := k.Out.C
	for y := from; y < to; y++ {
		for x := range k.Out.W {
			dst := out[(y*k.Out.W+x)*c:][:c]
			for first := 0; first < c; first += block {
				k.channels(dst[first:min(first+block, c)], in, y, x, first)
			}
		}
	}
}

func (k *averagePool) channels(out, in []int8, y, x, first int) {
	var buffer [block]int32
	sums := buffer[:len(out)]
	top, bottom, left, right := k.span(y, x)
	for iy := top; iy < bottom; iy++ {
		for ix := left; ix < right; ix++ {
			src := in[(iy*k.In.W+ix)*k.In.C+first:][:len(sums)]
			for i, v := range src {
				sums[i] += int32(v)
			}
		}
	}
	k.Average(out, sums, int32((bottom-top)*(right-left)))
}

// Average writes the means of sums over count values each, rounded half away
// from zero. out is as long as sums.
func (p *Pool) Average(out []int8, sums []int32, count int32) {
	for i, s := range sums {
		out[i] = int8(min(max(quant.DivideHalfAway(s+p.Offset*count, count)-p.Offset, p.Output.Min), p.Output.Max))
	}
}

// Mean is the mean over height and width: one pixel. Scale is input scale over
// output scale and the number of pixels.
type Mean struct {
	In        Shape
	InputZero int32
	Scale     float32
	Output    quant.Output
}

type mean struct{ Mean }

// Mean prepares MEAN over height and width.
func (Kernels) Mean(m Mean) Operator { return &mean{m} }

func (k *mean) Rows() int    { return 1 }
func (k *mean) Scratch() int { return 0 }

func (k *mean) Run(out, in, _, _ []int8, _, _ int) {
	pixels := k.In.H * k.In.W
	for c := range k.In.C {
		sum := -k.InputZero * int32(pixels)
		for i := c; i < pixels*k.In.C; i += k.In.C {
			sum += int32(in[i])
		}
		out[c] = k.Output.Requantize(sum, k.Scale)
	}
}

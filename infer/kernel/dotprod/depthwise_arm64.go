package dotprod

import (
	"encoding/binary"
	"math"
	"unsafe"

	"canting/infer/kernel/generic"
)

//go:noescape
func interleave(dst, row0, row1, row2, row3 *int8, columns, channels, left, right, pad int)

//go:noescape
func depthwisePair(columns, out *int8, weights *byte, lower, pixels, stride, channels int, to *outputRange, width int)

//go:noescape
func depthwiseRow(columns, out *int8, weights *byte, move, pixels, stride, channels int, to *outputRange, width int)

//go:noescape
func depthwiseRowLegacy(columns, out *int8, weights *byte, move, pixels, stride, channels int, to *outputRange, width int)

// window is the height and width of depthwise's windows, and rowsLaid how many
// rows of input lie interleaved.
const (
	window   = 3
	rowsLaid = 4
)

// depthwise is a depthwise convolution of 3x3.
type depthwise struct {
	generic.Conv
	// weights are laid out by blocks of 8 channels.
	weights []byte
	// pair means that two output rows are computed at once.
	pair bool
	// left and right are the columns beside the picture that the windows see,
	// and columns those of the picture.
	left, columns, right int
	// outside is a row of zero points.
	outside []int8
	to      outputRange
}

// DepthwiseConv2D prepares DEPTHWISE_CONV_2D: windows of 3x3 without dilation or
// channel multiplier, of a multiple of 8 channels, here, others are neon's.
func (k Kernels) DepthwiseConv2D(c generic.Conv) generic.Operator {
	if c.KernelH != window || c.KernelW != window || c.DilationH != 1 || c.DilationW != 1 ||
		c.In.C != c.Out.C || c.In.C%channelBlock != 0 {
		return k.Kernels.DepthwiseConv2D(c)
	}
	return newDepthwise(c)
}

func newDepthwise(c generic.Conv) *depthwise {
	k := &depthwise{Conv: c, to: newOutputRange(&c.Output, c.WeightZero)}
	k.pair = c.StrideH == 1 && c.StrideW == 1 && c.WeightZero == 0
	width := (c.Out.W-1)*c.StrideW + window
	k.left = c.PadLeft
	k.columns = min(c.In.W, width-k.left)
	k.right = width - k.left - k.columns
	k.outside = make([]int8, c.In.W*c.In.C)
	for i := range k.outside {
		k.outside[i] = int8(c.InputZero)
	}
	for at := 0; at < c.Out.C; at += channelBlock {
		k.packBlock(at)
	}
	k.Weights, k.Bias, k.Scale = nil, nil, nil
	return k
}

// packBlock appends what the assembly needs of channels from, from+1, ...
func (k *depthwise) packBlock(from int) {
	weight := func(ky, kx, o int) int8 {
		if ky < 0 || ky >= window {
			return 0
		}
		return k.Weights[(ky*window+kx)*k.Out.C+o]
	}
	for o := from; o < from+channelBlock; o++ {
		var sum int32
		for at := o; at < len(k.Weights); at += k.Out.C {
			sum += int32(k.Weights[at])
		}
		k.weights = binary.LittleEndian.AppendUint32(k.weights, uint32(k.Bias[o]-k.InputZero*(sum-window*window*k.WeightZero)))
	}
	for o := from; o < from+channelBlock; o++ {
		k.weights = binary.LittleEndian.AppendUint32(k.weights, math.Float32bits(k.Scale[o]))
	}
	outputRows := 1
	if k.pair {
		outputRows = 2
	}
	for kx := range window {
		for outputRow := range outputRows {
			for o := from; o < from+channelBlock; o++ {
				for row := range rowsLaid {
					k.weights = append(k.weights, byte(weight(row-outputRow, kx, o)))
				}
			}
		}
	}
}

func (k *depthwise) Rows() int { return k.Out.H }

// Scratch holds the interleaved rows, and what the last pixel reads when it is
// taken for two.
func (k *depthwise) Scratch() int {
	return (k.left+k.columns+k.right)*k.In.C*rowsLaid + (k.StrideW+window)*rowsLaid*2*channelBlock
}

func (k *depthwise) Run(out, in, _, scratch []int8, from, to int) {
	stride := k.Out.W * k.Out.C
	for y := from; y < to; y++ {
		top := y*k.StrideH - k.PadTop
		interleave(first(scratch), k.row(in, top), k.row(in, top+1), k.row(in, top+2), k.row(in, top+3),
			k.columns, k.In.C, k.left, k.right, int(k.InputZero))
		columns, row, weights := first(scratch), &out[y*stride], unsafe.SliceData(k.weights)
		width := k.left + k.columns + k.right
		switch {
		case k.pair:
			lower := stride
			if y+1 == to {
				lower = 0
			}
			depthwisePair(columns, row, weights, lower, k.Out.W, k.Out.C, k.Out.C, &k.to, width)
			y++
		case k.to.weightZero != 0:
			depthwiseRowLegacy(columns, row, weights, k.StrideW, k.Out.W, k.Out.C, k.Out.C, &k.to, width)
		default:
			depthwiseRow(columns, row, weights, k.StrideW, k.Out.W, k.Out.C, k.Out.C, &k.to, width)
		}
	}
}

// row is where a row of the input begins, or the one of zero points.
func (k *depthwise) row(in []int8, y int) *int8 {
	if y < 0 || y >= k.In.H {
		return first(k.outside)
	}
	return &in[y*k.In.W*k.In.C]
}

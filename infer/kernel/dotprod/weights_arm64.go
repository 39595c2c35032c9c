package dotprod

import (
	"encoding/binary"
	"math"

	"canting/infer/kernel/generic"
)

const (
	// channelBlock is how many output channels gemm computes side by side.
	channelBlock = 8
	// stepBytes is how many bytes of a patch SDOT multiplies at once.
	stepBytes = 4
)

// packBlock appends the weights of output channels from, from+1, ...; those past
// the last one are 0.
func (k *conv) packBlock(c *generic.Conv, from int) {
	depth := c.KernelH * c.KernelW * c.In.C
	channels := min(channelBlock, c.Out.C)
	for i := range channelBlock {
		var bias int32
		if i < channels {
			o := from + i
			bias = c.Bias[o] - c.InputZero*(sum(c.Weights[o*depth:(o+1)*depth])-c.WeightZero*int32(depth))
		}
		k.weights = binary.LittleEndian.AppendUint32(k.weights, uint32(bias))
	}
	for i := range channelBlock {
		var scale float32
		if i < channels {
			scale = c.Scale[from+i]
		}
		k.weights = binary.LittleEndian.AppendUint32(k.weights, math.Float32bits(scale))
	}
	for step := range k.steps {
		for i := range channelBlock {
			for b := range stepBytes {
				var w int8
				if at := k.source(step*stepBytes + b); at >= 0 && i < channels {
					w = c.Weights[(from+i)*depth+at]
				}
				k.weights = append(k.weights, byte(w))
			}
		}
	}
}

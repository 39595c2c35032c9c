// Package dotprod holds the kernels for arm64 with dot products (FEAT_DotProd):
// Cortex-A76 of the Raspberry Pi 5. SDOT multiplies 16 pairs of int8 and adds
// them, by fours, to 4 int32.
//
// The assembly is written for binutils in the .asm files, which say what lies in
// which register; scripts/armasm makes Go's out of them.
package dotprod

import (
	"unsafe"

	"canting/infer/kernel/neon"
	"canting/infer/quant"
)

// Kernels makes the operators of this set. What dot products do not serve is
// neon's.
type Kernels struct{ neon.Kernels }

// roundMagic is 1.5*2^23; see requantize.inc.
const roundMagic = 12582912

// outputRange is a quant.Output as the assembly reads it.
type outputRange struct {
	// The range less the zero point.
	least, most float32
	magic       float32
	zeroPoint   int8
	weightZero  int32 // of legacy weights
}

func newOutputRange(o *quant.Output, weightZero int32) outputRange {
	return outputRange{
		float32(o.Min - o.ZeroPoint), float32(o.Max - o.ZeroPoint), roundMagic, int8(o.ZeroPoint), weightZero,
	}
}

// align is what pieces of the scratch start at multiples of.
const align = 64

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

func first(s []int8) *int8 { return unsafe.SliceData(s) }

// int32s is n int32 at the start of aligned bytes.
func int32s(s []int8, n int) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(s))), n)
}

func sum(v []int8) int32 {
	var s int32
	for _, x := range v {
		s += int32(x)
	}
	return s
}

// Package neon holds the kernels for arm64 without dot products: Cortex-A53
// (Raspberry Pi 3, Zero 2 W) and Cortex-A72 (Raspberry Pi 4).
//
// The assembly is written for binutils in the .asm files, which say what lies in
// which register; scripts/armasm makes Go's out of them.
package neon

import (
	"unsafe"

	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// Kernels makes the operators of this set; what it has no better kernel for is
// generic's.
type Kernels struct{ generic.Kernels }

// outputArgs ends the arguments of most kernels.
type outputArgs struct {
	zeroPoint   int16
	least, most int8
}

func newOutputArgs(o *quant.Output) outputArgs {
	return outputArgs{int16(o.ZeroPoint), int8(o.Min), int8(o.Max)}
}

// first is where a slice's elements start.
func first[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

func sum(v []int8) int32 {
	var s int32
	for _, x := range v {
		s += int32(x)
	}
	return s
}

func fill(s []int8, v int8) {
	for i := range s {
		s[i] = v
	}
}

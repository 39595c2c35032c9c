//go:build amd64

// Package avx2 has the kernels for processors with AVX2.
package avx2

import (
	"canting/infer/kernel/generic"

	"golang.org/x/sys/cpu"
)

// Supported tells whether this processor has the instructions.
func Supported() bool { return cpu.X86.HasAVX2 && cpu.X86.HasBMI2 }

// Kernels leave to plain Go what this package has not.
type Kernels struct{ generic.Kernels }

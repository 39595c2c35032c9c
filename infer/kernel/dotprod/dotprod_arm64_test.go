package dotprod_test

import (
	"testing"

	"golang.org/x/sys/cpu"

	"canting/infer/kernel/dotprod"
	"canting/infer/kernel/kerneltest"
)

func TestKernels(t *testing.T) {
	if !cpu.ARM64.HasASIMDDP {
		t.Skip("this processor has no dot products")
	}
	kerneltest.Run(t, dotprod.Kernels{})
}

//go:build amd64

package avx2_test

import (
	"testing"

	"canting/infer/kernel/avx2"
	"canting/infer/kernel/kerneltest"
)

func TestKernels(t *testing.T) {
	if !avx2.Supported() {
		t.Skip("this processor lacks AVX2")
	}
	kerneltest.Run(t, avx2.Kernels{})
}

func FuzzKernels(f *testing.F) {
	if !avx2.Supported() {
		f.Skip("this processor lacks AVX2")
	}
	kerneltest.Fuzz(f, avx2.Kernels{})
}

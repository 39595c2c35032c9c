//go:build amd64

package vnni_test

import (
	"testing"

	"canting/infer/kernel/kerneltest"
	"canting/infer/kernel/vnni"
)

func TestKernels(t *testing.T) {
	if !vnni.Supported() {
		t.Skip("this processor lacks AVX-512 VNNI")
	}
	kerneltest.Run(t, vnni.Kernels{})
}

func FuzzKernels(f *testing.F) {
	if !vnni.Supported() {
		f.Skip("this processor lacks AVX-512 VNNI")
	}
	kerneltest.Fuzz(f, vnni.Kernels{})
}

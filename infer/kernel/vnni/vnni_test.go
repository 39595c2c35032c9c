//go:build amd64

package vnni

import (
	"testing"

	"canting/infer/kernel/kerneltest"
)

func TestKernels(t *testing.T) {
	if !Supported() {
		t.Skip("this processor lacks AVX-512 VNNI")
	}
	kerneltest.Run(t, Kernels{})
}

package neon_test

import (
	"testing"

	"canting/infer/kernel/kerneltest"
	"canting/infer/kernel/neon"
)

func TestKernels(t *testing.T) { kerneltest.Run(t, neon.Kernels{}) }

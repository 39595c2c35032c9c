package nn

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/netlib/blas/netlib"
	"gorgonia.org/tensor"
)

// BenchmarkBLAS times the matrix products of the paper's network, forward, one
// picture, with OpenBLAS and with the tensors' default.
func BenchmarkBLAS(b *testing.B) {
	defer tensor.Use(netlib.Implementation{})
	for _, blas := range []struct {
		name string
		use  tensor.BLAS
	}{{"openblas", netlib.Implementation{}}, {"gonum", gonum.Implementation{}}} {
		for _, s := range [][3]int{{96 * 96, 27, 16}, {48 * 48, 144, 32}, {24 * 24, 288, 64}, {12 * 12, 576, 64}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", blas.name, s[0], s[1], s[2]), func(b *testing.B) {
				tensor.Use(blas.use)
				x, w, y := zeros(s[0], s[1]), zeros(s[2], s[1]), zeros(s[0], s[2])
				wt := transposed(floats(w), s[2], s[1])
				for b.Loop() {
					matmul(y, x, wt)
				}
				b.ReportMetric(2*float64(s[0]*s[1]*s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

// BenchmarkStep times a training step of one convolution on a batch of 16.
func BenchmarkStep(b *testing.B) {
	c := NewConv([]int{48, 48, 16}, 32, 3, testRand())
	x := zeros(16, 48, 48, 16)
	for b.Loop() {
		c.Backward(c.Forward(x, true))
	}
}

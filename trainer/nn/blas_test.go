package nn

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/netlib/blas/netlib"
)

// BenchmarkBLAS times the matrix products of the paper's network, forward, one
// picture, with OpenBLAS and with gonum's own, which the tensors take.
func BenchmarkBLAS(b *testing.B) {
	for _, library := range []struct {
		name string
		blas blas.Float32Level3
	}{{"openblas", netlib.Implementation{}}, {"gonum", gonum.Implementation{}}} {
		for _, s := range [][3]int{{96 * 96, 27, 16}, {48 * 48, 144, 32}, {24 * 24, 288, 64}, {12 * 12, 576, 64}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", library.name, s[0], s[1], s[2]), func(b *testing.B) {
				x, w, y := make([]float32, s[0]*s[1]), make([]float32, s[2]*s[1]), make([]float32, s[0]*s[2])
				for b.Loop() {
					library.blas.Sgemm(plain, across, s[0], s[2], s[1], 1, x, s[1], w, s[1], 0, y, s[2])
				}
				b.ReportMetric(2*float64(s[0]*s[1]*s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

// BenchmarkStep times a training step of one convolution on a batch of 16.
func BenchmarkStep(b *testing.B) {
	c := NewConv([]int{48, 48, 16}, 32, 3, 1, testRand())
	x := zeros(16, 48, 48, 16)
	for b.Loop() {
		c.Backward(c.Forward(x, true))
	}
}

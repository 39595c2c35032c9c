package nn

// #cgo LDFLAGS: -lopenblas
// void openblas_set_num_threads(int threads);
// char *openblas_get_config(void);
import "C"

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/netlib/blas/netlib"
	"gorgonia.org/tensor"
)

// The layers run one matrix product a picture on both cores at once, so each
// product stays on the core that asked for it. It also fixes the order of
// OpenBLAS's sums, which the same seed giving the same model depends on.
func init() {
	C.openblas_set_num_threads(1)
	tensor.Use(netlib.Implementation{})
}

// BLAS names the library of the matrix products, with its version and the
// processor that it found.
func BLAS() string { return C.GoString(C.openblas_get_config()) }

// How a matrix lies in memory: as it is multiplied, or transposed.
const (
	plain  = blas.NoTrans
	across = blas.Trans
)

// gemm writes beta*c + a*b to c, which is (m, n); a is (m, k) and b (k, n),
// after the transposition where it is called for.
func gemm(aLies, bLies blas.Transpose, m, n, k int, a, b []float32, beta float32, c []float32) {
	lda, ldb := k, n
	if aLies == across {
		lda = m
	}
	if bLies == across {
		ldb = k
	}
	netlib.Implementation{}.Sgemm(aLies, bLies, m, n, k, 1, a, lda, b, ldb, beta, c, n)
}

// addColumns adds up the rows of a matrix that has as many columns as dst.
func addColumns(dst, rows []float32) {
	n := len(rows) / len(dst)
	for at := 0; at < n; at += len(ones) {
		m := min(n-at, len(ones))
		netlib.Implementation{}.Sgemv(across, m, len(dst), 1, rows[at*len(dst):], len(dst), ones[:m], 1, 1, dst, 1)
	}
}

var ones = func() (v [4096]float32) {
	repeat(v[:], []float32{1})
	return v
}()

// addTo adds the first numbers of src to dst, four at a time.
func addTo(dst, src []float32) {
	gonum.Implementation{}.Saxpy(len(dst), 1, src, 1, dst, 1)
}

// repeat fills dst with copies of row.
func repeat(dst, row []float32) {
	for n := copy(dst, row); n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

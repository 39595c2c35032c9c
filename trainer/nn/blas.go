package nn

// #cgo LDFLAGS: -lopenblas
// void openblas_set_num_threads(int threads);
import "C"

import (
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

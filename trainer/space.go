package trainer

import (
	"fmt"

	"canting/infer/metadata"

	"gonum.org/v1/gonum/mat"
)

// maxFeatures bounds the matrix that a space is.
const maxFeatures = 512

// newSpace measures in which directions, and how far, features of one class are
// spread: axes along which they are spread evenly, and each class's mean there.
// features has a row a picture, the same length for all. It is nil for more than
// maxFeatures features.
//
// The spread is the classes' common covariance, drawn towards a ball by as much as
// so few pictures ask for: oracle approximating shrinkage (Chen, Wiesel, Eldar and
// Hero, 2010, "Shrinkage Algorithms for MMSE Covariance Estimation", equation 23).
func newSpace(features [][]float32, labels []int, classes int) (*metadata.Doubt, error) {
	n, p := len(features), len(features[0])
	if p > maxFeatures {
		return nil, nil
	}
	means := classMeans(features, labels, classes)
	spread := mat.NewSymDense(p, nil)
	for i, row := range features {
		gap := mat.NewVecDense(p, nil)
		for j, v := range row {
			gap.SetVec(j, float64(v)-means.At(labels[i], j))
		}
		spread.SymRankOne(spread, 1/float64(n), gap)
	}
	shrink(spread, n)
	var root mat.Cholesky
	if !root.Factorize(spread) {
		return nil, fmt.Errorf("the spread of %d features over %d pictures has no root: the network's features are no numbers", p, n)
	}
	var lower, axes mat.TriDense
	root.LTo(&lower)
	if err := axes.InverseTri(&lower); err != nil {
		return nil, fmt.Errorf("turn %d features into even ones: %w", p, err)
	}
	var centres mat.Dense
	centres.Mul(means, axes.T())
	return &metadata.Doubt{Axes: matrix(&axes), Means: matrix(&centres)}, nil
}

// classMeans has a row a class; a class without pictures is at 0.
func classMeans(features [][]float32, labels []int, classes int) *mat.Dense {
	means := mat.NewDense(classes, len(features[0]), nil)
	counts := make([]float64, classes)
	for i, row := range features {
		label := labels[i]
		counts[label]++
		for j, v := range row {
			m := means.At(label, j)
			means.Set(label, j, m+(float64(v)-m)/counts[label])
		}
	}
	return means
}

// shrink draws a covariance estimated from n samples towards a ball.
func shrink(s *mat.SymDense, n int) {
	p := float64(s.SymmetricDim())
	trace, norm := mat.Trace(s), mat.Norm(s, 2) // Frobenius
	squares := norm * norm
	share := 1.0
	if rest := (float64(n) + 1 - 2/p) * (squares - trace*trace/p); rest > 0 {
		share = min(1, ((1-2/p)*squares+trace*trace)/rest)
	}
	// Features that never change have no spread at all.
	const least = 1e-12
	for i := range s.SymmetricDim() {
		for j := i; j < s.SymmetricDim(); j++ {
			v := (1 - share) * s.At(i, j)
			if i == j {
				v += share*trace/p + least
			}
			s.SetSym(i, j, v)
		}
	}
}

func matrix(m mat.Matrix) metadata.Matrix {
	rows, columns := m.Dims()
	out := metadata.Matrix{Columns: columns, Numbers: make([]float32, 0, rows*columns)}
	for i := range rows {
		for j := range columns {
			out.Numbers = append(out.Numbers, float32(m.At(i, j)))
		}
	}
	return out
}

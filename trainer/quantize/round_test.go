package quantize

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestRoundingWithInputsLosesLess than rounding each weight alone, measured on
// the outputs that the inputs make, with one moment for all output channels and
// with one for each.
func TestRoundingWithInputsLosesLess(t *testing.T) {
	const fan, channels, samples = 9, 8, 400
	rng := rand.New(rand.NewPCG(5, 6))
	for _, moments := range []int{1, channels} {
		weights, scales := make([]float32, channels*fan), make([]float32, channels)
		for i := range weights {
			weights[i] = float32(rng.NormFloat64())
		}
		var inputs []*mat.SymDense
		var seen []*mat.Dense
		for range moments {
			x := mat.NewDense(samples, fan, nil)
			for i := range samples {
				common := rng.NormFloat64()
				for j := range fan {
					x.Set(i, j, common+0.3*rng.NormFloat64())
				}
			}
			var moment mat.SymDense
			moment.SymOuterK(1, x.T())
			seen, inputs = append(seen, x), append(inputs, &moment)
		}
		for c := range scales {
			scales[c] = 0.1
		}
		lost := func(inputs []*mat.SymDense) float64 {
			q, err := round(weights, scales, inputs)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for c := range channels {
				wrong := mat.NewVecDense(fan, nil)
				for i := range fan {
					wrong.SetVec(i, float64(q[c*fan+i])*0.1-float64(weights[c*fan+i]))
				}
				var out mat.VecDense
				out.MulVec(seen[c*moments/channels], wrong)
				sum += mat.Dot(&out, &out)
			}
			return sum
		}
		if alone, together := lost(nil), lost(inputs); together > alone/2 {
			t.Errorf("%d moments: squared error %.3g, with each weight alone %.3g", moments, together, alone)
		}
	}
}

package report

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCalibrationErrorByHand(t *testing.T) {
	answers := []Answer{
		{0.9, true}, {0.92, false}, // 0.91 sure, half of them right
		{0.5, true}, // 0.5 sure, right
		{1, true}, {1, true},
	}
	if got, want := CalibrationError(answers), (2*0.41+1*0.5+0)/5; math.Abs(got-want) > 1e-12 {
		t.Errorf("the error is %v, want %v", got, want)
	}
	if got := CalibrationError(nil); !math.IsNaN(got) {
		t.Errorf("without answers the error is %v", got)
	}
}

// Answers that are right as often as they are sure have the error that chance gives.
func TestChanceCalibrationError(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 20, 400} {
		answers := make([]Answer, n)
		const rounds = 2000
		sum, said := 0.0, 0.0
		for range rounds {
			for i := range answers {
				sure := 0.25 + 0.75*float64((i+1)*(i+1))/float64((n+1)*(n+1))
				answers[i] = Answer{sure, rng.Float64() < sure}
			}
			sum += CalibrationError(answers)
			said = ChanceCalibrationError(answers)
		}
		if mean := sum / rounds; math.Abs(mean-said) > 0.03*said+0.002 {
			t.Errorf("%d answers: the mean error is %.4f, chance is said to give %.4f", n, mean, said)
		}
	}
	for _, sure := range []float64{0, 1} {
		if got := ChanceCalibrationError([]Answer{{sure, sure == 1}}); got != 0 {
			t.Errorf("of what is certain chance is said to give %v", got)
		}
	}
}

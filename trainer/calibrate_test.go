package trainer

import (
	"math"
	"math/rand/v2"
	"testing"

	"canting/trainer/nn"
)

// drawFold is the answers to pictures whose labels are drawn with the chances that
// logits give, which are then multiplied by a factor.
func drawFold(rng *rand.Rand, n, fold int, factor float32) []Held {
	held := make([]Held, n)
	for i := range held {
		logits := make([]float32, 3)
		for c := range logits {
			logits[c] = float32(2 * rng.NormFloat64())
		}
		drawn, label := rng.Float64(), 0
		for p := nn.Softmax(logits); label < 2 && drawn > p[label]; label++ {
			drawn -= p[label]
		}
		for c := range logits {
			logits[c] *= factor
		}
		held[i] = Held{Label: label, Views: [][]float32{logits}, Seed: 1, Fold: fold}
	}
	return held
}

func TestCalibrationIsMeasuredAcrossFolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var all []Held
	for fold := range 3 {
		all = append(all, drawFold(rng, 2000, fold, 4)...)
	}
	got, err := (&CrossvalResult{Held: all}).calibration()
	if err != nil || got.Error > 0.03 || math.Abs(got.Temperature/4-1) > 0.1 || !(got.ByChance > 0 && got.ByChance < 0.03) {
		t.Errorf("logits four times too large are calibrated to %+v, %v", got, err)
	}
}

// A fold that differs from the others is measured at their temperature, not at the
// one that would suit it.
func TestCalibrationIsNotFittedToWhatItMeasures(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	all := append(drawFold(rng, 3000, 0, 1), drawFold(rng, 3000, 1, 8)...)
	got, err := (&CrossvalResult{Held: all}).calibration()
	if err != nil || got.Error < 0.15 {
		t.Errorf("folds that ask for temperatures of 1 and 8 and are measured at the other's are off by %+v, %v", got, err)
	}
	// Another seed is another cross-validation.
	for i := range all {
		if all[i].Fold == 1 {
			all[i].Seed = 2
		}
		all[i].Fold = i / 1500 % 2
	}
	if got, err = (&CrossvalResult{Held: all}).calibration(); err != nil || got.Error > 0.03 {
		t.Errorf("two seeds whose folds ask for the same are off by %+v, %v", got, err)
	}
}

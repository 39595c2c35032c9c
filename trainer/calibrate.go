package trainer

import (
	"fmt"
	"maps"
	"slices"

	"canting/trainer/report"
)

// calibration measures how far the int8 model's confidence in a press is to be trusted.
// A fold's pictures are asked at the temperature that the seed's other folds ask for, so
// that no picture is measured with what it was fitted to. Its figures are means over the
// seeds, whose folds are measured as one.
func (r *CrossvalResult) calibration() (report.Calibration, error) {
	seeds := map[int64][][]Held{}
	for held := range r.folds() {
		seeds[held[0].Seed] = append(seeds[held[0].Seed], held)
	}
	var mean report.Calibration
	for _, seed := range slices.Sorted(maps.Keys(seeds)) {
		var answers []report.Answer
		share := 1 / float64(len(seeds))
		for fold, held := range seeds[seed] {
			others := slices.Concat(slices.Delete(slices.Clone(seeds[seed]), fold, fold+1)...)
			t, err := temperature(sighted(others))
			if err != nil {
				return mean, fmt.Errorf("seed %d without fold %d: %w", seed, fold+1, err)
			}
			mean.Temperature += share * t / float64(len(seeds[seed]))
			for _, s := range sighted(held) {
				answers = append(answers, s.answer(t))
			}
		}
		mean.Error += share * report.CalibrationError(answers)
		mean.ByChance += share * report.ChanceCalibrationError(answers)
	}
	return mean, nil
}

func sighted(held []Held) []sighting {
	seen := make([]sighting, len(held))
	for i, h := range held {
		seen[i] = sighting{label: h.Label, logits: h.press()}
	}
	return seen
}

func (s sighting) answer(temperature float64) report.Answer {
	return report.Answer{Confidence: slices.Max(s.probabilities(temperature)), Right: top(s.logits) == s.label}
}

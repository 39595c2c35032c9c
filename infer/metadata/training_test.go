package metadata

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
)

func TestTrainingCounts(t *testing.T) {
	training := NewTraining()
	training.Add(0, true, 0)
	training.Add(0.0999, true, 15.9)
	training.Add(0.1, false, 16)
	training.Add(1, false, 255)
	training.Add(math.Inf(1), false, -1)
	if !slices.Equal(training.Confidence, []int{2, 1, 0, 0, 0, 0, 0, 0, 0, 2}) ||
		training.Brightness[0] != 3 || training.Brightness[1] != 1 || training.Brightness[15] != 1 ||
		training.Unknown != 2 || training.Pictures() != 5 {
		t.Errorf("the counts are %+v", training)
	}
	about := Default()
	about.Training = training
	b, err := json.Marshal(about)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(b)
	if err != nil || !slices.Equal(back.Training.Confidence, training.Confidence) || back.Training.Unknown != 2 {
		t.Errorf("read back: %+v, %v", back.Training, err)
	}
}

func TestImpossibleTrainingIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Training){
		"too few steps":    func(t *Training) { t.Confidence = t.Confidence[1:] },
		"no brightness":    func(t *Training) { t.Brightness = nil },
		"a negative count": func(t *Training) { t.Confidence[0], t.Confidence[1] = -1, 2 },
		"an absurd count":  func(t *Training) { t.Confidence[0], t.Brightness[0] = maxPictures+1, maxPictures+1 },
		"an absurd sum": func(t *Training) {
			for i := range t.Confidence {
				t.Confidence[i], t.Brightness[i] = maxPictures/2, maxPictures/2
			}
		},
		"other pictures":          func(t *Training) { t.Brightness[3]++ },
		"more unknown than there": func(t *Training) { t.Unknown = 2 },
		"no picture":              func(t *Training) { *t = *NewTraining() },
	} {
		about := Default()
		about.Training = NewTraining()
		about.Training.Add(0.5, false, 100)
		spoil(about.Training)
		b, err := json.Marshal(about)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

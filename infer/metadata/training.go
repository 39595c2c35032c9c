package metadata

import "fmt"

// Training is how the model itself, as it is in the file, answered the pictures
// held out of its training: what a kiosk compares the visitors' pictures with.
// Both histograms count the same pictures.
type Training struct {
	// Confidence counts the pictures by the probability of the likeliest label,
	// in ConfidenceSteps equal steps from 0 to 1.
	Confidence []int `json:"confidence"`
	// Brightness counts them by the mean luma of the guide box, in
	// BrightnessSteps equal steps from 0 to 255.
	Brightness []int `json:"brightness"`
	// Unknown is how many of them were named unknown.
	Unknown int `json:"unknown"`
}

// The numbers of steps of a Training's histograms.
const (
	ConfidenceSteps = 10
	BrightnessSteps = 16
)

// maxPictures bounds a Training. A sum of its counts, and a hundred times that,
// fit into 32 bits.
const maxPictures = 1 << 24

// NewTraining counts nothing yet.
func NewTraining() *Training {
	return &Training{Confidence: make([]int, ConfidenceSteps), Brightness: make([]int, BrightnessSteps)}
}

// Add counts one picture: its confidence, 0 to 1, whether it was named unknown,
// and its brightness, 0 to 255. Values outside count as the nearest.
func (t *Training) Add(confidence float64, unknown bool, brightness float64) {
	t.Confidence[step(confidence, ConfidenceSteps)]++
	t.Brightness[step(brightness/255, BrightnessSteps)]++
	if unknown {
		t.Unknown++
	}
}

// step is where a share from 0 to 1 lies among n equal steps.
func step(share float64, n int) int {
	return min(max(int(min(share, 1)*float64(n)), 0), n-1)
}

// Pictures is how many were counted.
func (t *Training) Pictures() int {
	n := 0
	for _, count := range t.Confidence {
		n += count
	}
	return n
}

func (t *Training) check() error {
	if len(t.Confidence) != ConfidenceSteps || len(t.Brightness) != BrightnessSteps {
		return fmt.Errorf("training: the histograms have %d and %d steps, they must have %d and %d",
			len(t.Confidence), len(t.Brightness), ConfidenceSteps, BrightnessSteps)
	}
	var sums [2]int
	for i, histogram := range [][]int{t.Confidence, t.Brightness} {
		for _, count := range histogram {
			if count < 0 || count > maxPictures {
				return fmt.Errorf("training: a histogram counts %d pictures, it must be from 0 to %d", count, maxPictures)
			}
			sums[i] += count
		}
	}
	if sums[0] < 1 || sums[0] > maxPictures || sums[0] != sums[1] || t.Unknown < 0 || t.Unknown > sums[0] {
		return fmt.Errorf("training: %d pictures by confidence, %d by brightness and %d unknown do not fit together", sums[0], sums[1], t.Unknown)
	}
	return nil
}

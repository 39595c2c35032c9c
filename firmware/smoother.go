package firmware

import (
	"math"
	"time"
)

// smoother is an exponential moving average of the probabilities, whose weight
// depends on the time between frames and not on their number, so that a label
// settles as fast at 5 frames a second as at 50.
type smoother struct {
	constant time.Duration
	at       time.Time
	mean     []float32
}

// add takes one frame's probabilities and returns the average, which is valid
// until the next call.
func (s *smoother) add(at time.Time, probabilities []float32) []float32 {
	elapsed := at.Sub(s.at)
	if s.constant <= 0 || len(s.mean) != len(probabilities) || elapsed > 10*s.constant {
		s.mean = append(s.mean[:0], probabilities...)
		s.at = at
		return s.mean
	}
	weight := float32(1 - math.Exp(-max(elapsed, 0).Seconds()/s.constant.Seconds()))
	for i, p := range probabilities {
		s.mean[i] += weight * (p - s.mean[i])
	}
	s.at = at
	return s.mean
}

// forget makes the next frame start a new average.
func (s *smoother) forget() { s.mean = s.mean[:0] }

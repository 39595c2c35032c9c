package firmware

import (
	"math"
	"slices"
	"time"

	"canting/capture"
)

const (
	// clearLead is by how much another label, or another flaw, must lead what
	// is shown to take its place.
	clearLead = 0.2
	// doubt is how far about its threshold the confidence may stray before a
	// named motif becomes unknown or an unknown one is named, as a share of
	// the room on the threshold's narrower side.
	doubt = 0.2
)

// smoother makes one calm opinion of the live picture's frames. What is shown
// gives way only to what leads it clearly, and the confidence has a higher
// threshold to rise above than to fall below (hysteresis: Schmitt, 1938, "A
// thermionic trigger"), so that a cloth between two motifs does not flicker.
type smoother struct {
	constant time.Duration // of both averages; 0 takes each frame by itself

	flaws         average // of what each frame has, in the order of flaws
	flaw          int
	probabilities average // of the frames without a flaw
	label         int
	unknown       bool
}

// add takes the flaw and the probabilities of one frame and returns what to
// show. threshold is the model's.
func (s *smoother) add(at time.Time, flaw capture.Flaw, probabilities []float32, threshold float64) opinion {
	share := make([]float32, len(flaws))
	share[slices.Index(flaws, flaw)] = 1
	fresh := s.flaws.add(at, s.constant, share)
	s.flaw = follow(s.flaws.mean, s.flaw, fresh)
	if flaw == "" {
		s.settle(s.probabilities.add(at, s.constant, probabilities), threshold)
	}
	switch {
	case s.flaw > 0:
		return opinion{advice: string(flaws[s.flaw])}
	case s.unknown:
		return opinion{label: s.label, advice: adviceUnknown, probabilities: s.probabilities.mean}
	default:
		return opinion{label: s.label, probabilities: s.probabilities.mean}
	}
}

func (s *smoother) settle(fresh bool, threshold float64) {
	mean, margin := s.probabilities.mean, doubt*min(threshold, 1-threshold)
	switch {
	case fresh:
		margin = 0
	case s.unknown:
		fresh, margin = true, -margin // nothing is named that could flicker
	}
	s.label = follow(mean, s.label, fresh)
	s.unknown = float64(mean[s.label]) < threshold-margin
}

// forget makes the next frame start anew.
func (s *smoother) forget() { s.flaws.mean, s.probabilities.mean = nil, nil }

// follow returns the index of the largest value, or shown unless that is clearly
// behind it.
func follow(mean []float32, shown int, fresh bool) int {
	best := slices.Index(mean, slices.Max(mean))
	if fresh || mean[best]-mean[shown] > clearLead {
		return best
	}
	return shown
}

// average is an exponential moving average whose weight depends on the time
// between values and not on their number, so that a label settles as fast at 5
// frames a second as at 50.
type average struct {
	at   time.Time
	mean []float32
}

// add averages values in, or starts anew with them where the last ones are too
// old to count.
func (a *average) add(at time.Time, constant time.Duration, values []float32) (fresh bool) {
	elapsed := at.Sub(a.at)
	a.at = at
	if constant <= 0 || len(a.mean) != len(values) || elapsed > 10*constant {
		a.mean = append(a.mean[:0], values...)
		return true
	}
	weight := float32(1 - math.Exp(-max(elapsed, 0).Seconds()/constant.Seconds()))
	for i, v := range values {
		a.mean[i] += weight * (v - a.mean[i])
	}
	return false
}

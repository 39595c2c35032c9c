package firmware

import (
	"math"
	"slices"
	"time"

	"canting/capture"
)

const (
	// clearLead is by how much another label, or another flaw, must lead what
	// has long been shown to take its place; unrest is how much more it must
	// lead what has only just come, and rest the time constant with which that
	// wears off.
	clearLead = 0.2
	unrest    = 0.5
	rest      = 5 * time.Second
)

// rule is when a model names nothing: when the familiarity, by infer's
// Model.Familiarity, is below the threshold.
type rule struct {
	familiarity func(probability, evidence float32) float64
	threshold   float64
}

// smoother makes one calm opinion of the live picture's frames. What is shown
// gives way only to what leads it clearly, the more so the newer it is, and the
// familiarity has a higher threshold to rise above than to fall below (hysteresis:
// Schmitt, 1938, "A thermionic trigger"), so that a cloth between two motifs does
// not flicker.
type smoother struct {
	constant time.Duration // of both averages; 0 takes each frame by itself

	flaws         average // of what each frame has, in the order of flaws
	flaw          int
	probabilities average // of the frames without a flaw
	evidence      average // of the same, a single value
	label         int
	unknown       bool

	shown   opinion
	changed time.Time
}

// add takes the flaw of one frame and what the model saw in it, and returns what
// to show.
func (s *smoother) add(at time.Time, flaw capture.Flaw, seen sight, by rule) opinion {
	lead := s.lead(at)
	share := make([]float32, len(flaws))
	share[slices.Index(flaws, flaw)] = 1
	if s.flaws.add(at, s.constant, share) {
		lead = 0
	}
	s.flaw = follow(s.flaws.mean, s.flaw, lead)
	if flaw == "" {
		if s.probabilities.add(at, s.constant, seen.probabilities) {
			s.unknown, lead = false, 0
		}
		s.evidence.add(at, s.constant, []float32{seen.evidence})
		s.settle(by, lead)
	}
	now := s.opinion()
	if !now.reads(s.shown) {
		s.changed = at
	}
	s.shown = now
	return now
}

func (s *smoother) opinion() opinion {
	switch {
	case s.flaw > 0:
		return opinion{advice: string(flaws[s.flaw])}
	case s.unknown:
		return opinion{advice: adviceUnknown, label: s.label, probabilities: s.probabilities.mean}
	default:
		return opinion{label: s.label, probabilities: s.probabilities.mean}
	}
}

// lead is by how much something else must lead what is shown.
func (s *smoother) lead(at time.Time) float64 {
	return clearLead + unrest*math.Exp(-at.Sub(s.changed).Seconds()/rest.Seconds())
}

// settle gives the threshold a margin on either side, as a share of the room on
// its narrower side.
func (s *smoother) settle(by rule, lead float64) {
	mean, room := s.probabilities.mean, min(by.threshold, 1-by.threshold)
	margin := lead * room
	if s.unknown { // nothing is named that could flicker
		lead, margin = 0, -clearLead*room
	}
	s.label = follow(mean, s.label, lead)
	s.unknown = by.familiarity(mean[s.label], s.evidence.mean[0]) < by.threshold-margin
}

// forget makes the next frame start anew.
func (s *smoother) forget() { s.flaws.mean, s.probabilities.mean, s.evidence.mean = nil, nil, nil }

// follow returns the index of the largest value if it leads the one shown by
// more than lead, or if there is no lead to ask for.
func follow(mean []float32, shown int, lead float64) int {
	best := slices.Index(mean, slices.Max(mean))
	if lead == 0 || float64(mean[best]-mean[shown]) > lead {
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

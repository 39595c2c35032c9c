package firmware

import (
	"cmp"
	"slices"
	"time"

	"canting/capture"
	"canting/configs"
	"canting/infer"
)

// steadiness is the least sharpness of a frame that counts, as a share of the
// sharpest's of the same burst: below it the camera or the cloth has moved.
const steadiness = 0.7

// sight is what a model sees in a picture, or on average in several.
type sight struct {
	probabilities []float32 // one a label
	evidence      float32   // infer.Session.Evidence
}

// include makes of what n-1 sights say together what n do.
func (s *sight) include(m *infer.Model, other sight, n int) {
	m.Pool(s.probabilities, other.probabilities, n)
	s.evidence += (other.evidence - s.evidence) / float32(n)
}

// shot is one frame and what was seen in it.
type shot struct {
	frame   capture.Frame
	quality capture.Quality
	by      *classifier
	sight   // averaged over the views
	// confidence and unknown are of the guide box alone, as in training.
	confidence float32
	unknown    bool
	views      int
	took       timing // of all views
	examined   time.Duration
}

// see looks at the guide box of a frame.
func see(c *classifier, frame capture.Frame) (*shot, error) {
	s := &shot{frame: frame, by: c, sight: sight{probabilities: make([]float32, len(c.labels))}}
	if err := s.widen(capture.View{}); err != nil {
		return nil, err
	}
	alone := c.model.Decide(s.probabilities, s.evidence)
	s.confidence, s.unknown = alone.Confidence, alone.Unknown
	began := time.Now()
	s.quality = c.examine(frame)
	s.examined = time.Since(began)
	return s, nil
}

// widen averages in what the model says of another view.
func (s *shot) widen(v capture.View) error {
	seen, took, err := s.by.classifyView(s.frame, v)
	if err != nil {
		return err
	}
	s.views++
	s.include(s.by.model, seen, s.views)
	s.took.prepare += took.prepare
	s.took.inference += took.inference
	return nil
}

// step is the time that one view takes.
func (s *shot) step() time.Duration {
	return (s.took.prepare + s.took.inference) / time.Duration(s.views)
}

// burst is the frames that answer one press.
type burst struct {
	pressed time.Time
	shutter configs.Shutter
	shots   []shot
}

// only forgets the frames that another model judged: it was taken back since.
func (b *burst) only(by *classifier) {
	b.shots = slices.DeleteFunc(b.shots, func(s shot) bool { return s.by != by })
}

// room tells whether the budget leaves time for one view more, and for the heat
// map after it, which takes as long.
func (b *burst) room(now time.Time, step time.Duration) bool {
	return now.Add(2 * step).Before(b.pressed.Add(b.shutter.Budget))
}

// done tells whether to answer with the frames that have come. Only the first
// is waited for beyond the budget.
func (b *burst) done(now time.Time) bool {
	n := len(b.shots)
	if n == 0 {
		return now.After(b.pressed.Add(b.shutter.Timeout))
	}
	return n >= b.shutter.Frames || !b.room(now, b.shots[n-1].step())
}

// steady returns the frames that count, those without a flaw and nearly as sharp
// as the sharpest of them, and that one. Where none counts, it is the sharpest of
// all.
func (b *burst) steady() (counted []shot, sharpest shot) {
	for _, s := range b.shots {
		if s.quality.Flaw() == "" {
			counted = append(counted, s)
		}
	}
	if len(counted) == 0 {
		return nil, sharpestOf(b.shots)
	}
	sharpest = sharpestOf(counted)
	least := steadiness * sharpest.quality.Sharpness
	return slices.DeleteFunc(counted, func(s shot) bool { return s.quality.Sharpness < least }), sharpest
}

func sharpestOf(shots []shot) shot {
	return slices.MaxFunc(shots, func(a, b shot) int { return cmp.Compare(a.quality.Sharpness, b.quality.Sharpness) })
}

// meanOf returns what is seen in the frames on average, nothing in none.
func meanOf(shots []shot) (mean sight) {
	for i, s := range shots {
		if i == 0 {
			mean.probabilities = make([]float32, len(s.probabilities))
		}
		mean.include(s.by.model, s.sight, i+1)
	}
	return mean
}

// stages sums up what the frames took, those left out too.
func (b *burst) stages() (sum stages) {
	for _, s := range b.shots {
		sum.Quality += milliseconds(s.examined)
		sum.Prepare += milliseconds(s.took.prepare)
		sum.Inference += milliseconds(s.took.inference)
	}
	return sum
}

package firmware

import (
	"math"
	"testing"
	"time"

	"canting/capture"
	"canting/infer/metadata"
)

// confident is the rule of a model that has its confidence alone to go by.
func confident(threshold float64) rule {
	return rule{func(probability, _ float32) float64 { return float64(probability) }, threshold}
}

func seeing(probabilities ...float32) sight { return sight{probabilities: probabilities} }

// After one time constant, 1-1/e of a step has been followed, whatever the
// frame rate.
func TestAverageFollowsTimeNotFrames(t *testing.T) {
	start := time.Now()
	for _, fps := range []int{5, 25, 100} {
		var a average
		a.add(start, time.Second, []float32{1, 0})
		for i := 1; i <= fps; i++ {
			a.add(start.Add(time.Duration(i)*time.Second/time.Duration(fps)), time.Second, []float32{0, 1})
		}
		if got, want := float64(a.mean[1]), 1-1/math.E; math.Abs(got-want) > 1e-4 {
			t.Errorf("at %d frames a second %.4f of the step is followed, want %.4f", fps, got, want)
		}
	}
}

func TestSmootherStartsAnew(t *testing.T) {
	now := time.Now()
	s := smoother{constant: 400 * time.Millisecond}
	s.add(now, "", seeing(1, 0), confident(0))
	s.forget()
	if got := s.add(now.Add(time.Millisecond), "", seeing(0, 1), confident(0)); got.label != 1 {
		t.Errorf("after forget the opinion is %+v", got)
	}
	if got := s.add(now.Add(time.Minute), "", seeing(1, 0), confident(0)); got.label != 0 {
		t.Errorf("after a minute without frames the opinion is %+v", got)
	}
	off := smoother{}
	off.add(now, "", seeing(1, 0), confident(0))
	if got := off.add(now, "", seeing(0.49, 0.51), confident(0.5)); got.label != 1 || got.advice != "" {
		t.Errorf("without smoothing the opinion is %+v", got)
	}
}

// What is shown stays until something else leads it clearly, and the threshold
// has a margin on either side.
func TestSmootherHasHysteresis(t *testing.T) {
	const threshold = 0.5
	s := smoother{constant: 3 * time.Second}
	now := time.Now()
	for i, c := range []struct {
		first, second float32
		want          int
		advice        string
	}{
		{0.55, 0.40, 0, ""},
		{0.44, 0.54, 0, ""}, // 0.10 ahead is not clearly ahead
		{0.36, 0.60, 1, ""},
		{0.48, 0.50, 1, ""},
		{0.42, 0.42, 1, ""},            // within the threshold's margin of 0.1
		{0.35, 0.35, 1, adviceUnknown}, // below it
		{0.55, 0.30, 0, adviceUnknown}, // not above it
		{0.63, 0.30, 0, ""},            //
		{0.10, 0.20, 0, adviceUnknown}, //
		{0.20, 0.65, 1, ""},            //
		{0.00, 1.00, 1, ""},
		{0.90, 0.05, 0, ""}, // a cut
		{0.00, 0.00, 0, adviceUnknown},
		{0, 0.7, 1, ""}, // unknown, then another
	} {
		now = now.Add(24 * time.Second) // all but 0.03 % of the average is the newest frame
		if got := s.add(now, "", seeing(c.first, c.second), confident(threshold)); got.label != c.want || got.advice != c.advice {
			t.Errorf("step %d, %v and %v: label %d, advice %q; want %d, %q", i, c.first, c.second, got.label, got.advice, c.want, c.advice)
		}
	}
}

// What has only just come must be led by far; after a while it need not.
func TestNewLabelIsHeld(t *testing.T) {
	at := time.Now()
	s := smoother{constant: 400 * time.Millisecond}
	show := func(p []float32, d time.Duration) (label int) {
		for ; d > 0; d -= stillStep {
			at = at.Add(stillStep)
			label = s.add(at, "", seeing(p...), confident(0)).label
		}
		return label
	}
	show([]float32{0.9, 0.1}, 20*time.Second)
	if show([]float32{0.1, 0.9}, time.Second) != 1 {
		t.Fatal("a change is not followed")
	}
	if show([]float32{0.7, 0.3}, time.Second) != 1 {
		t.Error("a label gives way in the second after it has come to what leads it by 0.4")
	}
	if show([]float32{0.7, 0.3}, 10*time.Second) != 0 {
		t.Error("a label does not give way in 10 s to what leads it by 0.4")
	}
}

// A cloth that is exchanged for another is followed as fast as the average
// allows, whatever the two are.
func TestCutIsFollowed(t *testing.T) {
	c := demoClassifier(t)
	var seen []shot
	for _, one := range demoCloths(t) {
		s, err := see(c, one.frame(t))
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, *s)
	}
	var slowest time.Duration
	for _, before := range seen {
		for _, after := range seen {
			s := smoother{constant: 400 * time.Millisecond}
			at := time.Now()
			for range 250 {
				at = at.Add(stillStep)
				s.add(at, "", before.sight, c.rule())
			}
			cut := at
			for want := c.judge("", after.sight); ; {
				at = at.Add(stillStep)
				if s.add(at, "", after.sight, c.rule()).reads(want) {
					break
				}
				if at.Sub(cut) > time.Second {
					t.Fatal("a cut is not followed within a second")
				}
			}
			slowest = max(slowest, at.Sub(cut))
		}
	}
	t.Logf("the slowest of %d cuts is followed in %v", len(seen)*len(seen), slowest)
	if slowest > 600*time.Millisecond {
		t.Errorf("a cut is followed in %v", slowest)
	}
}

// With a threshold of 0 everything is named, whatever the confidence, and with
// 1 nothing but certainty.
func TestSmootherAtTheThresholdsEnds(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		threshold float64
		p         float32
		advice    string
	}{{0, 0.001, ""}, {1, 0.999, adviceUnknown}, {1, 1, ""}} {
		s := smoother{constant: time.Second}
		for i := range 100 {
			got := s.add(now.Add(time.Duration(i)*40*time.Millisecond), "", seeing(c.p, 0), confident(c.threshold))
			if got.advice != c.advice {
				t.Fatalf("threshold %v, confidence %v, frame %d: %q, want %q", c.threshold, c.p, i, got.advice, c.advice)
			}
		}
	}
}

// One blurred frame changes neither the text nor the average; a hand that keeps
// shaking is told, and so is the label once it rests.
func TestSingleFlawedFrameDoesNotFlipTheText(t *testing.T) {
	const frame = 40 * time.Millisecond
	at := time.Now()
	s := smoother{constant: 400 * time.Millisecond}
	add := func(flaw capture.Flaw, p ...float32) opinion {
		at = at.Add(frame)
		return s.add(at, flaw, seeing(p...), confident(0.5))
	}
	for range 50 {
		add("", 0.9, 0.1)
	}
	if got := add(capture.Blurred, 0, 1); got.advice != "" || got.label != 0 || got.probabilities[0] < 0.89 {
		t.Errorf("one blurred frame makes it %+v", got)
	}
	frames := 0
	for add(capture.Blurred, 0, 1).advice != string(capture.Blurred) {
		if frames++; frames > 25 {
			t.Fatal("a second of blurred frames is not told")
		}
	}
	for frames = 0; ; frames++ {
		got := add("", 0.9, 0.1)
		if got.advice == "" && got.label == 0 {
			break
		}
		if frames > 25 {
			t.Fatalf("a second after the last blurred frame it is %+v", got)
		}
	}
	if got := add(capture.Dark, 0, 1); got.advice != "" {
		t.Errorf("one dark frame makes it %+v", got)
	}
}

// A cloth that nothing speaks for is unknown however sure the model is of its label,
// and one strange frame does not make it so.
func TestWithoutEvidenceItIsUnknown(t *testing.T) {
	s := smoother{constant: 400 * time.Millisecond}
	by := rule{func(_, evidence float32) float64 { return metadata.Familiarity(evidence) }, 0.5}
	at := time.Now()
	add := func(evidence float32) opinion {
		at = at.Add(40 * time.Millisecond)
		return s.add(at, "", sight{[]float32{1, 0}, evidence}, by)
	}
	if got := add(-3); got.advice != adviceUnknown {
		t.Errorf("a strange cloth is %+v", got)
	}
	for range 100 {
		add(4)
	}
	if got := add(-3); got.advice != "" || got.label != 0 {
		t.Errorf("after one strange frame a known cloth is %+v", got)
	}
	for range 100 {
		add(-3)
	}
	if got := add(-3); got.advice != adviceUnknown {
		t.Errorf("a strange cloth in the place of a known one is %+v", got)
	}
}

// A camera that opens on the dark says so at once, and names nothing.
func TestFirstFrameWithAFlaw(t *testing.T) {
	s := smoother{constant: 400 * time.Millisecond}
	at := time.Now()
	if got := s.add(at, capture.Dark, seeing(1, 0), confident(0.5)); got.advice != string(capture.Dark) || got.probabilities != nil {
		t.Errorf("the first frame is dark, and it is %+v", got)
	}
}

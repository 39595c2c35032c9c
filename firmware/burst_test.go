package firmware

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"canting/capture"
	"canting/configs"
	"canting/firmware/demo"
)

// reel is a camera that shows one frame after the other, the next one whenever
// it is asked, each taken when it is shown. After the last the camera is lost.
type reel struct {
	frames []capture.Frame
	before func(seq uint64) // is told of each frame that comes next; may be nil
	shown  uint64
}

func (r *reel) Latest(after uint64) (capture.Frame, bool) {
	if after >= uint64(len(r.frames)) {
		return capture.Frame{}, false
	}
	if r.before != nil {
		r.before(after + 1)
	}
	if after >= uint64(len(r.frames)) { // just now
		return capture.Frame{}, false
	}
	r.shown = after + 1
	f := r.frames[after]
	f.Seq = after + 1
	if f.At.IsZero() {
		f.At = time.Now()
	}
	return f, true
}

func (r *reel) Status() capture.Status {
	if r.shown == uint64(len(r.frames)) {
		return capture.Status{State: capture.Lost}
	}
	return capture.Status{State: capture.Live}
}

// newReel is a kiosk with the demonstration's model before a reel, which stays
// live for one frame more than it is given.
func newReel(t testing.TB, shutter configs.Shutter, frames ...capture.Frame) (*kiosk, *reel) {
	t.Helper()
	r := &reel{frames: append(slices.Clone(frames), capture.Frame{})}
	config := configs.DefaultKiosk()
	config.Shutter = shutter
	k := newKiosk(settings{config, configs.DefaultMotifs()}, r, demoClassifier(t), newMetrics(r), slog.New(slog.DiscardHandler))
	return k, r
}

func demoClassifier(t testing.TB) *classifier {
	t.Helper()
	c, err := newClassifier(demo.Model(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func (c cloth) frame(t testing.TB) capture.Frame {
	t.Helper()
	f, err := capture.Decode(c.file)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// each makes a frame by telling every pixel.
func each(f capture.Frame, pixel func(x, y, channel int) float64) capture.Frame {
	out := capture.Frame{Width: f.Width, Height: f.Height, BGR: make([]byte, len(f.BGR))}
	for i := range out.BGR {
		v := pixel(i/3%f.Width, i/3/f.Width, i%3)
		out.BGR[i] = byte(math.Round(min(max(v, 0), 255)))
	}
	return out
}

func value(f capture.Frame, x, y, channel int) float64 {
	x, y = min(max(x, 0), f.Width-1), min(max(y, 0), f.Height-1)
	return float64(f.BGR[(y*f.Width+x)*3+channel])
}

// smeared is a frame whose camera moved sideways by so many pixels.
func smeared(f capture.Frame, pixels int) capture.Frame {
	var sum [3]float64 // of the pixels about x, which each goes through from left to right
	return each(f, func(x, y, c int) float64 {
		left := x - pixels/2
		if x > 0 {
			sum[c] += value(f, left+pixels-1, y, c) - value(f, left-1, y, c)
			return sum[c] / float64(pixels)
		}
		sum[c] = 0
		for d := range pixels {
			sum[c] += value(f, left+d, y, c)
		}
		return sum[c] / float64(pixels)
	})
}

// lit is a frame with so much of its light.
func lit(f capture.Frame, gain float64) capture.Frame {
	return each(f, func(x, y, c int) float64 { return gain * value(f, x, y, c) })
}

// away is a frame whose cloth fills a share of the height, before a grey wall.
func away(f capture.Frame, share float64) capture.Frame {
	return each(f, func(x, y, c int) float64 {
		fx, fy := (float64(x)-float64(f.Width)/2)/share+float64(f.Width)/2, (float64(y)-float64(f.Height)/2)/share+float64(f.Height)/2
		if fx < 0 || fy < 0 || fx >= float64(f.Width) || fy >= float64(f.Height) {
			return 150
		}
		return value(f, int(fx), int(fy), c)
	})
}

var patient = configs.Shutter{Frames: 5, Budget: time.Minute, Timeout: time.Minute, Hold: time.Minute}

// Of a burst in which the hand moved, the steady frames alone are averaged, and
// the sharpest is the verdict's picture.
func TestBlurredFramesOfABurstAreLeftOut(t *testing.T) {
	for _, c := range demoCloths(t) {
		sharp := c.frame(t)
		moved, softer := smeared(sharp, 15), smeared(sharp, 4)
		k, _ := newReel(t, patient, moved, softer, moved, sharp, moved)
		sharpest, frame := sharp, uint64(4)
		if judge := k.serving.Load(); judge.examine(softer).Sharpness >= judge.examine(sharp).Sharpness {
			sharpest, frame = softer, 2 // four pixels of a broad ornament
		}
		v, err := k.shoot(t.Context(), press{at: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		if v.Label != c.motif || v.Advice != "" || v.Frames != 2 || v.Dropped != 3 || v.Views != 2 || v.Frame != frame || v.Story.EN == "" {
			t.Errorf("%s: the verdict is %s", c.name, short(v))
		}
		want, err := capture.EncodeJPEG(sharpest, jpegQuality)
		if err != nil {
			t.Fatal(err)
		}
		if held, _ := k.picture.get(); !bytes.Equal(held.jpeg, want) || held.id != v.ID {
			t.Errorf("%s: the verdict's picture is not the sharpest frame", c.name)
		}
		if h := v.Heat; h == nil || h.Rows < 2 || len(h.Values) != h.Rows*h.Columns || slices.Max(h.Values) != 1 {
			t.Errorf("%s: the heat map is %+v", c.name, h)
		}
		judge := k.serving.Load()
		shots := []shot{allViews(t, judge, softer), allViews(t, judge, sharp)}
		if p := judge.judge("", meanOf(shots)); v.Confidence != p.probabilities[p.label] {
			t.Errorf("%s: the confidence is %v, that of the two steady frames is %v", c.name, v.Confidence, p.probabilities[p.label])
		}
	}
}

// short leaves the stories out.
func short(v verdict) string {
	return fmt.Sprintf("%q, advice %q, confidence %v, scores %v, %d frames, %d dropped, %d views, picture of frame %d, model %.8s, heat %v",
		v.Label, v.Advice, v.Confidence, len(v.Scores), v.Frames, v.Dropped, v.Views, v.Frame, v.Model, v.Heat)
}

// allViews is what a press without hurry sees in a frame.
func allViews(t testing.TB, c *classifier, f capture.Frame) shot {
	t.Helper()
	s, err := see(c, f)
	for _, v := range c.preprocessor.Views()[1:] {
		if err == nil {
			err = s.widen(v)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

// flawed is a frame with a flaw.
type flawed struct {
	flaw  capture.Flaw
	frame capture.Frame
}

// flawsOf are all the flaws, done to a good frame.
func flawsOf(f capture.Frame) []flawed {
	wall := each(f, func(x, y, _ int) float64 { return 150 + float64((x*7+y*13)%5) - 2 + 0.02*float64(x) })
	return []flawed{
		{capture.Dark, lit(f, 0.12)},
		{capture.Bright, lit(f, 25)},
		{capture.Blurred, smeared(f, 61)},
		{capture.Far, away(f, 0.3)},
		{capture.Empty, wall},
	}
}

// What cannot be judged is never named, neither live nor by a press.
func TestFlawedFramesAreNeverNamed(t *testing.T) {
	for _, c := range demoCloths(t)[:4] { // one of each motif
		for _, flawed := range flawsOf(c.frame(t)) {
			k, _ := newReel(t, patient, slices.Repeat([]capture.Frame{flawed.frame}, 5)...)
			v, err := k.shoot(t.Context(), press{at: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			if v.Advice != string(flawed.flaw) {
				t.Errorf("%s, %s: the advice is %q (%+v)", c.name, flawed.flaw, v.Advice, k.serving.Load().examine(flawed.frame))
				continue
			}
			live, _ := k.state.get()
			for what, a := range map[string]answer{"verdict": v.answer, "live answer": *live.Answer} {
				if !a.Unknown || a.Label != "" || a.Name != (configs.Text{}) || a.Confidence != 0 || a.Scores == nil || len(a.Scores) > 0 {
					t.Errorf("%s, %s: the %s is %+v", c.name, flawed.flaw, what, a)
				}
			}
			if v.Story != (configs.Text{}) || v.Heat != nil || v.Frames != 0 || v.Dropped != 5 || v.Picture == "" {
				t.Errorf("%s, %s: the verdict is %s", c.name, flawed.flaw, short(v))
			}
		}
	}
}

// A motif that the model doubts is not told either, and nothing is guessed.
func TestUnknownMotifIsNotGuessed(t *testing.T) {
	c := demoCloths(t)[0]
	k, _ := newReel(t, patient, slices.Repeat([]capture.Frame{c.frame(t)}, 5)...)
	doubting, err := newClassifier(readFile(t, testModelThatDoubts(t, 1, nil)), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(doubting.close)
	k.serving.Store(doubting)
	v, err := k.shoot(t.Context(), press{at: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if v.Advice != adviceUnknown || !v.Unknown || v.Label != "" || len(v.Scores) > 0 || v.Story != (configs.Text{}) || v.Heat != nil || v.Frames != 5 {
		t.Errorf("the verdict is %s", short(v))
	}
}

// A press counts no frame that was taken before it, and all that were taken
// after it, though another cloth was shown a moment before.
func TestPressAroundAChangeOfCloth(t *testing.T) {
	cloths := demoCloths(t)
	before, after := cloths[0], cloths[1]
	if before.motif == after.motif {
		t.Fatal("the cloths show one motif")
	}
	old, fresh := before.frame(t), after.frame(t)
	old.At = time.Now().Add(-time.Millisecond)
	k, _ := newReel(t, patient, old, old, old, fresh, fresh, fresh, fresh, fresh)
	v, err := k.shoot(t.Context(), press{at: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if v.Label != after.motif || v.Frames != 5 || v.Frame < 4 {
		t.Errorf("just after the change the verdict is %s", short(v))
	}
	old.At = time.Time{}
	k, _ = newReel(t, patient, old, old, old, old, old, fresh)
	if v, err = k.shoot(t.Context(), press{at: time.Now()}); err != nil || v.Label != before.motif || v.Frames != 5 {
		t.Errorf("just before the change the verdict is %s, %v", short(v), err)
	}
}

// A camera that is lost after some frames of a burst has its answer from those;
// one that is lost before has none.
func TestCameraLostDuringABurst(t *testing.T) {
	c := demoCloths(t)[0]
	hurried := patient
	hurried.Budget = 3 * time.Second // for two frames, on a busy machine
	k, r := newReel(t, hurried, c.frame(t), c.frame(t))
	r.before = func(seq uint64) {
		if seq == 3 {
			r.frames = r.frames[:2] // the cable is pulled
		}
	}
	v, err := k.shoot(t.Context(), press{at: time.Now()})
	if err != nil || v.Label != c.motif || v.Frames != 2 {
		t.Errorf("with two frames the verdict is %s, %v", short(v), err)
	}
	hurried.Timeout = 50 * time.Millisecond
	k, _ = newReel(t, hurried)
	if v, err = k.shoot(t.Context(), press{at: time.Now()}); !errors.Is(err, errNoFrame) {
		t.Errorf("without a frame the verdict is %s, %v", short(v), err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err = k.shoot(ctx, press{at: time.Now()}); !errors.Is(err, context.Canceled) {
		t.Errorf("a kiosk that stops answers a press with %v", err)
	}
}

// A model that panics in the midst of a burst gives way to the one before it,
// which alone answers.
func TestModelPanicsDuringABurst(t *testing.T) {
	c := demoCloths(t)[0]
	k, r := newReel(t, patient, slices.Repeat([]capture.Frame{c.frame(t)}, 7)...)
	previous := k.serving.Load()
	failing, err := newClassifier(readFile(t, testModelOf(t, misnamed(t), 0.4, nil)), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(failing.close)
	k.exchange(failing)
	r.before = func(seq uint64) {
		if seq == 3 {
			failing.preprocessor = nil // every use of it panics
		}
	}
	v, err := k.shoot(t.Context(), press{at: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if v.Model != previous.model.Digest() || v.Label != c.motif || v.Frames != 5 {
		t.Errorf("the verdict is %s", short(v))
	}
	select {
	case gone := <-k.gaveUp:
		if gone.model != failing {
			t.Error("another model was taken back")
		}
	default:
		t.Error("no model was taken back")
	}
}

// However slow the camera and the model, a burst ends within its budget if the
// first frame comes within it, and at the first frame if not.
func TestBurstKeepsItsBudget(t *testing.T) {
	shutter := configs.Shutter{Frames: 5, Budget: 400 * time.Millisecond, Timeout: 3 * time.Second}
	const ms = time.Millisecond
	for _, c := range []struct {
		fps    float64
		view   time.Duration // of classification
		frames int
		ends   time.Duration // at the latest
	}{
		{200, 5 * ms, 5, 400 * ms},
		{30, 12 * ms, 5, 400 * ms},
		{15, 12 * ms, 5, 400 * ms},
		{10, 12 * ms, 3, 400 * ms},
		{30, 80 * ms, 2, 400 * ms},
		{1, 12 * ms, 1, 1100 * ms},
		{1, 300 * ms, 1, 1700 * ms},
	} {
		pressed := time.Now()
		now := pressed
		b := burst{pressed: pressed, shutter: shutter}
		interval := time.Duration(float64(time.Second) / c.fps)
		for next := pressed.Add(interval); !b.done(now); now = now.Add(poll) {
			if now.Before(next) {
				continue
			}
			for !next.After(now) {
				next = next.Add(interval)
			}
			s := shot{}
			for range 2 { // a press looks at the guide box and at its middle
				if s.views > 0 && !b.room(now, s.step()) {
					break
				}
				now = now.Add(c.view)
				s.views++
				s.took.inference += c.view
			}
			b.shots = append(b.shots, s)
		}
		now = now.Add(c.view) // the heat map
		if got := now.Sub(pressed); len(b.shots) != c.frames || got > c.ends {
			t.Errorf("at %v frames a second and %v a view: %d frames, %v after the press; want %d and at most %v", c.fps, c.view, len(b.shots), got, c.frames, c.ends)
		}
	}
	silent := burst{pressed: time.Now(), shutter: shutter}
	if silent.done(silent.pressed.Add(2900*ms)) || !silent.done(silent.pressed.Add(3001*ms)) {
		t.Error("a press without a frame does not end at its timeout")
	}
}

// A budget longer than the timeout is waited for.
func TestPressWaitsForItsBudget(t *testing.T) {
	c := demoCloths(t)[0]
	k, r := newReel(t, configs.Shutter{Frames: 3, Budget: 10 * time.Second, Timeout: 100 * time.Millisecond, Hold: time.Minute}, slices.Repeat([]capture.Frame{c.frame(t)}, 8)...)
	r.before = func(seq uint64) {
		if seq == 2 {
			time.Sleep(300 * time.Millisecond)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() {
		for k.looking.Load() == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		k.run(ctx)
	})
	if v, err := k.press(ctx); err != nil || v.Frames < 2 {
		t.Errorf("the verdict is %s, %v", short(v), err)
	}
}

package firmware

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"canting/capture"
)

// errNoFrame is a press that no frame answered.
var errNoFrame = errors.New("the camera gave no picture after the press: wait until the live picture is back and press again")

// jpegQuality of the live picture and the verdict's.
const jpegQuality = 80

// press is one press of the shutter on its way to the loop.
type press struct {
	at     time.Time
	answer chan<- pressed
}

type pressed struct {
	verdict verdict
	err     error
}

// verdictPicture is the frame that a verdict was given on.
type verdictPicture struct {
	id   uint64
	jpeg []byte
}

// stages is where a press's time went, in milliseconds.
type stages struct {
	Wait      float64 `json:"wait"` // for frames, and for the turns of the live loop
	Quality   float64 `json:"quality"`
	Prepare   float64 `json:"prepare"` // all views of all frames
	Inference float64 `json:"inference"`
	Heat      float64 `json:"heat"`
	JPEG      float64 `json:"jpeg"`
}

// rest makes of the whole what the stages leave the time of waiting.
func (s *stages) rest(whole float64) {
	s.Wait = whole - s.Quality - s.Prepare - s.Inference - s.Heat - s.JPEG
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// press asks for a verdict on frames that begin now, and waits for it.
func (k *kiosk) press(ctx context.Context) (verdict, error) {
	k.looking.Add(1)
	defer k.looking.Add(-1)
	at, shutter := time.Now(), k.settings.Load().config.Shutter
	// Another press may come before this one.
	ctx, cancel := context.WithTimeout(ctx, 2*max(shutter.Timeout, shutter.Budget))
	defer cancel()
	answer := make(chan pressed, 1)
	select {
	case k.presses <- press{at, answer}:
	case <-ctx.Done():
		return verdict{}, fmt.Errorf("the shutter is busy: %w", ctx.Err())
	}
	select {
	case got := <-answer:
		return got.verdict, got.err
	case <-ctx.Done():
		return verdict{}, fmt.Errorf("the shutter got no answer: %w", ctx.Err())
	}
}

// shoot answers a press, while the live label goes on.
func (k *kiosk) shoot(ctx context.Context, p press) (verdict, error) {
	b := burst{pressed: p.at, shutter: k.settings.Load().config.Shutter}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for !b.done(time.Now()) {
		select {
		case <-ctx.Done():
			return verdict{}, fmt.Errorf("the kiosk is stopping: %w", ctx.Err())
		case <-tick.C:
		}
		if s := k.turn(); s != nil && s.frame.At.After(p.at) {
			k.take(s, &b)
		}
		b.only(k.serving.Load())
	}
	if len(b.shots) == 0 {
		return verdict{}, errNoFrame
	}
	return k.decide(&b)
}

// take adds a frame to a burst, with as many views of it as there is time for.
func (k *kiosk) take(s *shot, b *burst) {
	for _, v := range s.by.preprocessor.Views()[1:] {
		if s.quality.Flaw() != "" || !b.room(time.Now(), s.step()) {
			break
		}
		if err := s.widen(v); err != nil {
			k.distrust(s.frame, err)
			return
		}
	}
	b.shots = append(b.shots, *s)
}

// decide makes the verdict, puts it on the screen and counts it.
func (k *kiosk) decide(b *burst) (verdict, error) {
	counted, best := b.steady()
	v := verdict{Frames: len(counted), Dropped: len(b.shots) - len(counted), Pressed: b.pressed, Stages: b.stages()}
	found := best.by.judge(best.quality.Flaw(), meanOf(counted))
	for _, s := range counted {
		v.Views = max(v.Views, s.views)
	}
	began := time.Now()
	if found.advice == "" {
		v.Heat = k.heat(best, found.label)
	}
	v.Stages.Heat = milliseconds(time.Since(began))
	began = time.Now()
	jpeg, err := capture.EncodeJPEG(best.frame, jpegQuality)
	if err != nil {
		return verdict{}, fmt.Errorf("keep the verdict's picture: %w", err)
	}
	v.Stages.JPEG = milliseconds(time.Since(began))
	v.answer = newAnswer(best.by, k.settings.Load().motifs, best.frame.Seq, found)
	k.drift.press(best)
	k.show(&v, best.frame, jpeg)
	return v, nil
}

// heat is decoration: a verdict does without rather than fail.
func (k *kiosk) heat(s shot, label int) *heat {
	h, err := s.by.heat(s.frame, label)
	if err != nil {
		k.log.Error("there is no heat map", "frame", s.frame.Seq, "error", err)
	}
	return h
}

// show puts a verdict on the screen, counts it, and keeps its picture if the
// curator wants it and it shows anything.
func (k *kiosk) show(v *verdict, frame capture.Frame, jpeg []byte) {
	now, with := time.Now(), k.settings.Load()
	v.ID = uint64(now.UnixMicro()) // differs across restarts, so a page never shows another verdict's picture
	v.Picture = fmt.Sprintf("/api/v1/verdicts/%d/picture.jpg", v.ID)
	v.Until = now.Add(with.config.Shutter.Hold)
	v.TookMS = milliseconds(now.Sub(v.Pressed))
	v.Stages.rest(v.TookMS)
	if !v.Unknown {
		motif, _ := with.motifs.Find(v.Label)
		v.Story = motif.Story
	}
	label := cmp.Or(v.Label, unknownLabel)
	k.metrics.verdicts.WithLabelValues(label).Inc()
	if v.Advice != "" {
		k.metrics.advice.WithLabelValues(v.Advice).Inc()
	}
	if v.Advice == "" || v.Advice == adviceUnknown {
		k.collect.offer(collected{to: with.config.Collect, label: label, frame: frame})
	}
	k.log.Info("verdict", "label", v.Label, "advice", v.Advice, "confidence", v.Confidence, "frames", v.Frames, "dropped", v.Dropped, "took_ms", v.TookMS)
	k.picture.set(verdictPicture{v.ID, jpeg})
	k.verdict = v
	k.publish(now)
}

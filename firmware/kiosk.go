// Package firmware is the kiosk: what runs on the gallery's Raspberry Pi. It
// classifies the camera's newest frames, answers the shutter, and serves the
// page.
package firmware

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"canting/capture"
	"canting/configs"
	"canting/firmware/store"
)

// camera is where the kiosk's frames come from.
type camera interface {
	// Latest returns the newest frame if its Seq is above after.
	Latest(after uint64) (capture.Frame, bool)
	Status() capture.Status
}

// state is everything that the page shows, and the body of /api/v1/state.
type state struct {
	At       time.Time `json:"at"`
	Language string    `json:"language"`
	// AttractAfterMS is how long the page goes untouched before it shows the
	// attract screen, 0 for never.
	AttractAfterMS int64 `json:"attract_after_ms"`
	// Demo says that the cloths or the model are the demonstration's.
	Demo bool `json:"demo"`
	// Collecting says that the verdicts' pictures are kept.
	Collecting bool        `json:"collecting"`
	Camera     cameraState `json:"camera"`
	Model      modelState  `json:"model"`
	// Answer is the smoothed label of the live picture, null while there is
	// no live picture.
	Answer *answer `json:"answer"`
	// Verdict is the last press's, null once it has been held long enough.
	Verdict *verdict `json:"verdict"`
}

type cameraState struct {
	Source   string    `json:"source"` // of the configuration: v4l2, demo, ...
	State    string    `json:"state"`  // starting, live or lost
	Since    time.Time `json:"since"`
	Reason   string    `json:"reason"`
	Restarts int       `json:"restarts"`
	FPS      float64   `json:"fps"`
	Width    int       `json:"width"` // of the frames, in pixels; 0 before the first
	Height   int       `json:"height"`
	// Crop is the guide box's side as a fraction of the frame's shorter side.
	Crop float64 `json:"crop"`
}

type modelState struct {
	SHA256  string `json:"sha256"`
	Source  string `json:"source"` // demonstration, file, slot or active
	Signed  bool   `json:"signed"`
	Version uint64 `json:"version"` // the signature's, 0 without one
	// AllowUnsigned says that models without a signature are taken.
	AllowUnsigned bool `json:"allow_unsigned"`
	// Untold says that some of the model's motifs have no story.
	Untold bool `json:"untold"`
	// Problem is why the last change was refused or taken back, null when it
	// was not.
	Problem *problem `json:"problem"`
}

// problem is a change that the kiosk did not make, or took back.
type problem struct {
	Reason store.Reason `json:"reason"`
	What   string       `json:"what"` // in English, for the staff
	At     time.Time    `json:"at"`
	// asked is the configuration that it arose from, nil if it could not be read.
	asked *configs.Kiosk
}

// errNoFrame is a press that no frame answered.
var errNoFrame = errors.New("the camera gave no picture after the press: wait until the live picture is back and press again")

const (
	// poll is how often the loop looks for a newer frame: at most this much
	// is added to a label's age.
	poll = 4 * time.Millisecond
	// heartbeat is the longest time between two states, by which a viewer
	// knows that the kiosk lives.
	heartbeat = time.Second
	// stale is the age at which a frame's label is taken off the screen, even
	// if the camera still claims to be live.
	stale = 1500 * time.Millisecond
	// jpegQuality of the live picture and the verdict's.
	jpegQuality = 80
)

// settings are what a reload may change.
type settings struct {
	config *configs.Kiosk
	motifs *configs.Motifs
}

// kiosk owns the live loop. Only run touches the fields below the line, and
// only run stores what is atomic and exchanged.
type kiosk struct {
	camera  camera
	metrics *metrics
	log     *slog.Logger

	state   *latest[state]
	picture *latest[verdictPicture]
	presses chan press
	collect *collector
	between chan func()
	// gaveUp tells of a model that failed and was taken back.
	gaveUp chan giveUp
	alive  atomic.Int64 // Unix nanoseconds of the loop's last turn
	// looking counts the presses under way.
	looking atomic.Int64

	settings atomic.Pointer[settings]
	serving  atomic.Pointer[classifier]
	problem  atomic.Pointer[problem] // stored by the swapper

	// ---
	previous  *classifier // takes over while serving is on trial, else nil
	smoother  smoother
	frame     capture.Frame
	framed    time.Time // when frame arrived
	answer    *answer
	verdict   *verdict
	published time.Time
	wasLive   bool
}

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

func newKiosk(now settings, cam camera, c *classifier, m *metrics, log *slog.Logger) *kiosk {
	k := &kiosk{
		camera:   cam,
		metrics:  m,
		log:      log,
		picture:  newLatest(verdictPicture{}),
		collect:  newCollector(m, log),
		presses:  make(chan press),
		between:  make(chan func()),
		gaveUp:   make(chan giveUp, 2),
		smoother: smoother{constant: now.config.Live.Smoothing},
	}
	k.settings.Store(&now)
	k.serving.Store(c)
	k.state = newLatest(k.currentState(time.Now()))
	return k
}

// run classifies until ctx ends.
func (k *kiosk) run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-k.presses:
			v, err := k.burst(ctx, p)
			p.answer <- pressed{v, err}
		case f := <-k.between:
			f()
		case <-tick.C:
			k.turn()
		}
	}
}

// betweenFrames calls f in the live loop, where no frame is being classified
// and no burst is under way, and waits for it. f is not called if ctx ends
// first.
func (k *kiosk) betweenFrames(ctx context.Context, f func()) {
	done := make(chan struct{})
	select {
	case k.between <- func() { f(); close(done) }:
		<-done
	case <-ctx.Done():
	}
}

// exchange makes next the model that serves and keeps the one before it at
// hand. It returns the one that was at hand until now.
func (k *kiosk) exchange(next *classifier) (retired *classifier) {
	retired, k.previous = k.previous, k.serving.Swap(next)
	k.smoother.forget()
	return retired
}

// takeBack makes the previous model serve again.
func (k *kiosk) takeBack(why error) *classifier {
	gone := k.serving.Swap(k.previous)
	k.previous = nil
	k.smoother.forget()
	select {
	case k.gaveUp <- giveUp{gone, why}:
	default:
		k.log.Error("a model failed and was taken back", "sha256", gone.model.Digest(), "error", why)
	}
	return k.serving.Load()
}

// close lets go of the models once the loop has ended.
func (k *kiosk) close() {
	k.serving.Load().close()
	if k.previous != nil {
		k.previous.close()
	}
}

// press asks for a verdict on frames that begin now, and waits for it.
func (k *kiosk) press(ctx context.Context) (verdict, error) {
	k.looking.Add(1)
	defer k.looking.Add(-1)
	at := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 2*k.settings.Load().config.Shutter.Timeout)
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

// turn is one look at the camera: it classifies a new frame, takes an old
// label off the screen, and publishes what changed. It returns the new frame's
// probabilities, nil when there is none.
func (k *kiosk) turn() []float32 {
	now := time.Now()
	k.alive.Store(now.UnixNano())
	live := k.camera.Status().State == capture.Live
	var probabilities []float32
	if frame, ok := k.camera.Latest(k.frame.Seq); ok && live {
		probabilities = k.look(frame, now)
	}
	gone := k.answer != nil && (!live || now.Sub(k.framed) > stale)
	if gone {
		k.answer = nil
		k.smoother.forget()
	}
	over := k.verdict != nil && now.After(k.verdict.Until)
	if over {
		k.verdict = nil
		k.picture.set(verdictPicture{})
	}
	if probabilities != nil || gone || over || live != k.wasLive || now.Sub(k.published) > heartbeat {
		k.publish(now)
	}
	if probabilities != nil {
		k.metrics.labelAge.Observe(time.Since(k.frame.At).Seconds())
	}
	k.wasLive = live
	return probabilities
}

// look classifies a frame and updates the smoothed answer.
func (k *kiosk) look(frame capture.Frame, now time.Time) []float32 {
	k.frame, k.framed = frame, now
	c := k.serving.Load()
	probabilities, took, err := c.classify(frame)
	if err != nil && k.previous != nil {
		c = k.takeBack(err)
		probabilities, took, err = c.classify(frame)
	}
	if err != nil {
		k.log.Error("a frame could not be classified", "frame", frame.Seq, "error", err)
		k.answer = nil
		return nil
	}
	k.metrics.frames.Inc()
	k.metrics.inference.Observe(took.Seconds())
	a := newAnswer(c, k.settings.Load().motifs, frame, k.smoother.add(now, probabilities))
	k.answer = &a
	return probabilities
}

// burst averages the probabilities of frames taken after the press. It makes
// do with fewer than asked for when the time is up.
func (k *kiosk) burst(ctx context.Context, p press) (verdict, error) {
	shutter := k.settings.Load().config.Shutter
	var sum []float32
	var judge *classifier
	frames := 0
	tick := time.NewTicker(poll)
	defer tick.Stop()
	deadline := p.at.Add(shutter.Timeout)
	for frames < shutter.Frames && time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
			return verdict{}, fmt.Errorf("the kiosk is stopping: %w", ctx.Err())
		case <-tick.C:
		}
		probabilities := k.turn()
		if probabilities == nil || !k.frame.At.After(p.at) {
			continue
		}
		if c := k.serving.Load(); c != judge { // the first frame, or the model was taken back
			judge, sum, frames = c, make([]float32, len(probabilities)), 0
		}
		for i, v := range probabilities {
			sum[i] += v
		}
		frames++
	}
	if frames == 0 {
		return verdict{}, errNoFrame
	}
	for i := range sum {
		sum[i] /= float32(frames)
	}
	return k.decide(p, judge, sum, frames)
}

// decide makes the verdict, puts it on the screen and counts it.
func (k *kiosk) decide(p press, judge *classifier, mean []float32, frames int) (verdict, error) {
	jpeg, err := capture.EncodeJPEG(k.frame, jpegQuality)
	if err != nil {
		return verdict{}, fmt.Errorf("keep the verdict's picture: %w", err)
	}
	now, with := time.Now(), k.settings.Load()
	v := verdict{
		ID:      uint64(now.UnixMicro()), // differs across restarts, so a page never shows another verdict's picture
		answer:  newAnswer(judge, with.motifs, k.frame, mean),
		Frames:  frames,
		Pressed: p.at,
		TookMS:  float64(now.Sub(p.at).Microseconds()) / 1000,
		Until:   now.Add(with.config.Shutter.Hold),
	}
	v.Picture = fmt.Sprintf("/api/v1/verdicts/%d/picture.jpg", v.ID)
	counted := unknownLabel
	if !v.Unknown {
		motif, _ := with.motifs.Find(v.Label)
		v.Story = motif.Story
		counted = v.Label
	}
	k.metrics.verdicts.WithLabelValues(counted).Inc()
	k.collect.offer(collected{to: with.config.Collect, label: counted, frame: k.frame})
	k.log.Info("verdict", "label", counted, "confidence", v.Confidence, "frames", frames, "took_ms", v.TookMS)
	k.picture.set(verdictPicture{v.ID, jpeg})
	k.verdict = &v
	k.publish(now)
	return v, nil
}

func (k *kiosk) publish(now time.Time) {
	k.published = now
	k.state.set(k.currentState(now))
}

func (k *kiosk) currentState(now time.Time) state {
	s, with, c := k.camera.Status(), k.settings.Load(), k.serving.Load()
	return state{
		At:             now,
		Language:       with.config.Language,
		AttractAfterMS: with.config.Attract.After.Milliseconds(),
		Demo:           with.config.Camera.Source == configs.SourceDemo || c.origin.Source == sourceDemo,
		Collecting:     with.config.Collect.Folder != "",
		Camera: cameraState{
			Source:   with.config.Camera.Source,
			State:    string(s.State),
			Since:    s.Since,
			Reason:   s.Reason,
			Restarts: s.Restarts,
			FPS:      s.FPS,
			Width:    k.frame.Width,
			Height:   k.frame.Height,
			Crop:     c.model.Metadata().Preprocessing.Crop,
		},
		Model: modelState{
			SHA256:        c.model.Digest(),
			Source:        c.origin.Source,
			Signed:        c.origin.Signed,
			Version:       c.origin.Version,
			AllowUnsigned: with.config.Models.AllowUnsigned,
			Untold:        len(untold(c, with.motifs)) > 0,
			Problem:       k.problem.Load(),
		},
		Answer:  k.answer,
		Verdict: k.verdict,
	}
}

// Package firmware is the kiosk: what runs on the gallery's Raspberry Pi. It
// classifies the camera's newest frames, answers the shutter, and serves the
// page.
package firmware

import (
	"context"
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
	// Drift says that the visitors' pictures differ from the training's.
	Drift bool `json:"drift"`
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
	drift     *drift
	frame     capture.Frame
	framed    time.Time // when frame arrived
	answer    *answer
	verdict   *verdict
	published time.Time
	wasLive   bool
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
		drift:    newDrift(c, log),
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
			v, err := k.shoot(ctx, p)
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
	k.drift.begin(next)
	return retired
}

// takeBack makes the previous model serve again.
func (k *kiosk) takeBack(why error) {
	gone := k.serving.Swap(k.previous)
	k.previous = nil
	k.smoother.forget()
	k.drift.begin(k.serving.Load())
	select {
	case k.gaveUp <- giveUp{gone, why}:
	default:
		k.log.Error("a model failed and was taken back", "sha256", gone.model.Digest(), "error", why)
	}
}

// close lets go of the models once the loop has ended.
func (k *kiosk) close() {
	k.serving.Load().close()
	if k.previous != nil {
		k.previous.close()
	}
}

// turn is one look at the camera: it classifies a new frame, takes an old
// label off the screen, and publishes what changed. It returns nil when there is
// no new frame.
func (k *kiosk) turn() *shot {
	now := time.Now()
	k.alive.Store(now.UnixNano())
	live := k.camera.Status().State == capture.Live
	var seen *shot
	if frame, ok := k.camera.Latest(k.frame.Seq); ok && live {
		seen = k.look(frame, now)
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
	if seen != nil || gone || over || live != k.wasLive || now.Sub(k.published) > heartbeat {
		k.publish(now)
	}
	if seen != nil {
		k.metrics.labelAge.Observe(time.Since(seen.frame.At).Seconds())
	}
	k.wasLive = live
	return seen
}

// look classifies a frame and updates the smoothed answer.
func (k *kiosk) look(frame capture.Frame, now time.Time) *shot {
	k.frame, k.framed = frame, now
	s, err := see(k.serving.Load(), frame)
	for err != nil && k.distrust(frame, err) {
		s, err = see(k.serving.Load(), frame)
	}
	if err != nil {
		k.answer = nil
		return nil
	}
	k.metrics.frames.Inc()
	k.metrics.inference.Observe(s.took.inference.Seconds())
	found := k.smoother.add(now, s.quality.Flaw(), s.sight, s.by.rule())
	a := newAnswer(s.by, k.settings.Load().motifs, frame.Seq, found)
	k.answer = &a
	return s
}

// distrust takes back the model that failed on a frame, if there is one before
// it.
func (k *kiosk) distrust(frame capture.Frame, err error) (other bool) {
	if k.previous == nil {
		k.log.Error("a frame could not be classified", "frame", frame.Seq, "error", err)
		return false
	}
	k.takeBack(err)
	return true
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
			Drift:         k.drift.report.Load().warns(),
			Problem:       k.problem.Load(),
		},
		Answer:  k.answer,
		Verdict: k.verdict,
	}
}

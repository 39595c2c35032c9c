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
	// Demo says that the cloths or the model are the demonstration's.
	Demo   bool        `json:"demo"`
	Camera cameraState `json:"camera"`
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

// kiosk owns the live loop. Only run touches the fields below the line.
type kiosk struct {
	config  *configs.Kiosk
	motifs  *configs.Motifs
	camera  camera
	metrics *metrics
	log     *slog.Logger

	state   *latest[state]
	picture *latest[verdictPicture]
	presses chan press
	alive   atomic.Int64 // Unix nanoseconds of the loop's last turn

	// ---
	classifier *classifier
	smoother   smoother
	frame      capture.Frame
	framed     time.Time // when frame arrived
	answer     *answer
	verdict    *verdict
	published  time.Time
	wasLive    bool
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

func newKiosk(config *configs.Kiosk, motifs *configs.Motifs, cam camera, c *classifier, m *metrics, log *slog.Logger) *kiosk {
	k := &kiosk{
		config:     config,
		motifs:     motifs,
		camera:     cam,
		metrics:    m,
		log:        log,
		picture:    newLatest(verdictPicture{}),
		presses:    make(chan press),
		classifier: c,
		smoother:   smoother{constant: config.Live.Smoothing},
	}
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
		case <-tick.C:
			k.turn()
		}
	}
}

// press asks for a verdict on frames that begin now, and waits for it.
func (k *kiosk) press(ctx context.Context) (verdict, error) {
	at := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 2*k.config.Shutter.Timeout)
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
	k.wasLive = live
	return probabilities
}

// look classifies a frame and updates the smoothed answer.
func (k *kiosk) look(frame capture.Frame, now time.Time) []float32 {
	k.frame, k.framed = frame, now
	probabilities, took, err := k.classifier.classify(frame)
	if err != nil {
		k.log.Error("a frame could not be classified", "frame", frame.Seq, "error", err)
		k.answer = nil
		return nil
	}
	k.metrics.frames.Inc()
	k.metrics.inference.Observe(took.Seconds())
	a := newAnswer(k.classifier, k.motifs, k.smoother.add(now, probabilities))
	k.answer = &a
	return probabilities
}

// burst averages the probabilities of frames taken after the press. It makes
// do with fewer than asked for when the time is up.
func (k *kiosk) burst(ctx context.Context, p press) (verdict, error) {
	sum := make([]float32, len(k.classifier.probabilities))
	frames := 0
	tick := time.NewTicker(poll)
	defer tick.Stop()
	deadline := p.at.Add(k.config.Shutter.Timeout)
	for frames < k.config.Shutter.Frames && time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
			return verdict{}, fmt.Errorf("the kiosk is stopping: %w", ctx.Err())
		case <-tick.C:
		}
		if probabilities := k.turn(); probabilities != nil && k.frame.At.After(p.at) {
			for i, v := range probabilities {
				sum[i] += v
			}
			frames++
		}
	}
	if frames == 0 {
		return verdict{}, errNoFrame
	}
	for i := range sum {
		sum[i] /= float32(frames)
	}
	return k.decide(p, sum, frames)
}

// decide makes the verdict, puts it on the screen and counts it.
func (k *kiosk) decide(p press, mean []float32, frames int) (verdict, error) {
	jpeg, err := capture.EncodeJPEG(k.frame, jpegQuality)
	if err != nil {
		return verdict{}, fmt.Errorf("keep the verdict's picture: %w", err)
	}
	now := time.Now()
	v := verdict{
		ID:      uint64(now.UnixMicro()), // differs across restarts, so a page never shows another verdict's picture
		answer:  newAnswer(k.classifier, k.motifs, mean),
		Frames:  frames,
		Pressed: p.at,
		TookMS:  float64(now.Sub(p.at).Microseconds()) / 1000,
		Until:   now.Add(k.config.Shutter.Hold),
		Model:   k.classifier.model.Digest(),
	}
	v.Picture = fmt.Sprintf("/api/v1/verdicts/%d/picture.jpg", v.ID)
	counted := "unknown"
	if !v.Unknown {
		motif, _ := k.motifs.Find(v.Label)
		v.Story = motif.Story
		counted = v.Label
	}
	k.metrics.verdicts.WithLabelValues(counted).Inc()
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
	s := k.camera.Status()
	return state{
		At:       now,
		Language: k.config.Language,
		Demo:     k.config.Camera.Source == configs.SourceDemo || k.config.Model == "",
		Camera: cameraState{
			Source:   k.config.Camera.Source,
			State:    string(s.State),
			Since:    s.Since,
			Reason:   s.Reason,
			Restarts: s.Restarts,
			FPS:      s.FPS,
			Width:    k.frame.Width,
			Height:   k.frame.Height,
			Crop:     k.classifier.model.Metadata().Preprocessing.Crop,
		},
		Answer:  k.answer,
		Verdict: k.verdict,
	}
}

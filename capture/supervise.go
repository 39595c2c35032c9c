package capture

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// State is what a visitor may know of the camera.
type State string

const (
	Starting State = "starting" // no frame yet
	Live     State = "live"     // new frames arrive
	Lost     State = "lost"     // they do not
)

// Status is how the camera is, since when and, unless it is live, why.
type Status struct {
	State    State     `json:"state"`
	Since    time.Time `json:"since"`
	Reason   string    `json:"reason,omitempty"`
	Restarts int       `json:"restarts"` // of the camera process
	FPS      float64   `json:"fps"`      // new frames a second, over about a second
	// MemoryBytes is what the camera process had resident when it was last
	// looked at, four times a second; 0 when there is none.
	MemoryBytes int64 `json:"memory_bytes"`
}

// The supervisor's patience. A lost camera is to be known within 2 s and back
// within 10 s of the fault's end: the longest way back is a process that was
// started just before (openFor), the pause, and the next start.
const (
	lookEvery = 10 * time.Millisecond
	// lostAfter leaves room for a camera of one frame a second.
	lostAfter = 1750 * time.Millisecond
	// silentFor ends a process that gives neither frames nor notices: its
	// read blocks, or it was stopped.
	silentFor = 3 * time.Second
	// frozenFor ends one that repeats the same picture.
	frozenFor = 5 * time.Second
	// openFor is for opening the camera; the first time on a machine it takes
	// longer, when GStreamer makes an inventory of its plug-ins.
	openFor      = 6 * time.Second
	firstOpenFor = 30 * time.Second
	// loadFor is for loading OpenCV's libraries, before the camera is touched. An
	// emulated Pi needs 5 s, and 25 s on a busy machine: it must not begin again.
	loadFor = time.Minute
	// fruitlessFor ends one that asks for an absent camera in vain, from when it began
	// to: on a busy board the libraries alone may have taken as long.
	fruitlessFor = 15 * time.Second

	firstPause = 250 * time.Millisecond
	longPause  = 2 * time.Second
	// settledAfter of living, the next fault is a new one.
	settledAfter = 10 * time.Second

	// weighEvery bounds what a process that leaks takes beyond its limit.
	weighEvery = 250 * time.Millisecond
)

// A process that holds more than this leaks: memoryBase, and so many of its
// largest frames (RATIONALE.md, "When does the camera process leak?").
const (
	memoryBase   = 256 << 20
	memoryFrames = 8
)

var errClosed = errors.New("the camera is closed")

// Supervisor keeps a camera process alive and has its newest frame. No method
// waits for the camera but Wait, which says so.
type Supervisor struct {
	exe    string
	args   []string
	cfg    Config
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	latest  Frame // without BGR unless the camera is live
	status  Status
	changed chan struct{} // closed at the next frame

	// previous is the last frame's pixels, also over restarts: a frozen
	// camera begins again with the picture that it froze at. It and fps
	// belong to the supervisor's goroutine.
	previous []byte
	fps      meter
	largest  int // bytes of the largest frame so far
}

// Supervise starts exe with args as the camera process (it must call Serve) and
// starts it again whenever it dies, goes quiet, repeats itself or sends garbage,
// until ctx ends or Close is called.
func Supervise(ctx context.Context, exe string, args []string, cfg Config) *Supervisor {
	ctx, cancel := context.WithCancel(ctx)
	s := &Supervisor{
		exe: exe, args: args, cfg: cfg,
		cancel:  cancel,
		done:    make(chan struct{}),
		status:  Status{State: Starting, Since: time.Now()},
		changed: make(chan struct{}),
	}
	go s.run(ctx)
	return s
}

// Close ends the camera process and waits for it and the supervisor's goroutines.
func (s *Supervisor) Close() {
	s.cancel()
	<-s.done
}

// Latest is the newest frame if it is newer than the one whose Seq is after.
// Seq goes on counting over restarts of the process. While the camera is not
// live there is none. BGR is shared: do not write to it.
func (s *Supervisor) Latest(after uint64) (Frame, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latest, s.latest.BGR != nil && s.latest.Seq > after
}

// Wait is Latest, but waits for a frame newer than after. The error is ctx's, or
// says that the supervisor was closed.
func (s *Supervisor) Wait(ctx context.Context, after uint64) (Frame, error) {
	for {
		s.mu.Lock()
		f, changed := s.latest, s.changed
		s.mu.Unlock()
		if f.BGR != nil && f.Seq > after {
			return f, nil
		}
		select {
		case <-ctx.Done():
			return Frame{}, ctx.Err()
		case <-s.done:
			return Frame{}, errClosed
		case <-changed:
		}
	}
}

// Status tells how the camera is.
func (s *Supervisor) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *Supervisor) run(ctx context.Context) {
	defer close(s.done)
	// See startChild: the child lives no longer than this thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer s.lose("the camera was switched off")
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		started := time.Now()
		lived, reason := s.runChild(ctx)
		if ctx.Err() != nil {
			return
		}
		s.lose(reason)
		s.mu.Lock()
		s.status.MemoryBytes = 0
		s.mu.Unlock()
		if lived > settledAfter {
			pause = firstPause
		}
		if sleep(ctx, pauseAfter(time.Since(started), pause)) != nil {
			return
		}
		s.mu.Lock()
		s.status.Restarts++
		s.mu.Unlock()
	}
}

// pauseAfter keeps starts apart; a process that hung has paused already.
func pauseAfter(ran, pause time.Duration) time.Duration {
	return max(pause-ran, firstPause)
}

// runChild runs the camera process once. It returns how long it gave frames and
// why it was ended.
func (s *Supervisor) runChild(ctx context.Context) (lived time.Duration, reason string) {
	c, err := startChild(s.exe, s.args, s.cfg)
	if err != nil {
		return 0, err.Error()
	}
	w := watch{started: time.Now(), patience: openFor}
	if s.Status().State == Starting {
		w.patience = firstOpenFor
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for reason == "" {
		select {
		case <-ctx.Done():
			reason = ctx.Err().Error()
		case <-c.exited:
			c.stop(ctx)
			return w.lived(), c.epitaph()
		case <-ticker.C:
			reason = s.look(c, &w)
		}
	}
	// The visitor learns it before the process is gone, which may take long.
	s.lose(reason)
	c.stop(ctx)
	return w.lived(), reason
}

// look takes the newest frame, if there is one, and judges the process. A
// reason is returned when it has to be ended.
func (s *Supervisor) look(c *child, w *watch) (reason string) {
	f, ok, err := c.box.take()
	if err != nil {
		return err.Error()
	}
	now := time.Now()
	if ok {
		w.frame(now, s.accept(f))
	}
	w.opening, w.problem, w.spoke = c.said()
	if w.opening && w.asked.IsZero() {
		w.asked = now
	}
	reason, lost := w.judge(now)
	switch {
	case w.problem != "" && (w.first.IsZero() || lost):
		s.lose(w.problem)
	case lost && reason == "":
		s.lose(fmt.Sprintf("the camera has given no new picture for %v", lostAfter))
	}
	if reason == "" && now.Sub(w.weighed) > weighEvery {
		w.weighed = now
		reason = s.weigh(c)
	}
	return reason
}

// weigh takes down what the process holds; a reason is returned when it is more
// than its frames can explain.
func (s *Supervisor) weigh(c *child) (reason string) {
	held := c.resident()
	s.mu.Lock()
	s.status.MemoryBytes = held
	s.mu.Unlock()
	if limit := int64(memoryBase + memoryFrames*s.largest); held > limit {
		return fmt.Sprintf("the camera process held %d MiB of memory, more than the %d MiB that it may", held>>20, limit>>20)
	}
	return ""
}

// accept makes f the newest frame, unless it repeats the last one: a camera's
// noise never does, but a frozen camera or driver does for ever. Only a sensor
// without any light, or with far too much, has no noise.
func (s *Supervisor) accept(f Frame) (fresh bool) {
	if !s.cfg.mayStandStill() && bytes.Equal(f.BGR, s.previous) && !even(f.BGR) {
		return false
	}
	s.previous = f.BGR
	s.largest = max(s.largest, len(f.BGR))
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Seq = s.latest.Seq + 1
	s.latest = f
	close(s.changed)
	s.changed = make(chan struct{})
	if s.status.State != Live {
		s.status.State, s.status.Since, s.status.Reason = Live, time.Now(), ""
		s.fps = meter{}
	}
	s.status.FPS = s.fps.count(time.Now())
	return true
}

// even tells whether all bytes are the same, as in black and in white.
func even(bgr []byte) bool {
	return bytes.Equal(bgr[1:], bgr[:len(bgr)-1])
}

// lose takes the frame away and says why.
func (s *Supervisor) lose(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest = Frame{Seq: s.latest.Seq}
	if s.status.State != Lost {
		s.status.State, s.status.Since = Lost, time.Now()
	}
	s.status.Reason, s.status.FPS = reason, 0
}

// watch is what is known of one run of the process.
type watch struct {
	started  time.Time
	patience time.Duration // for the first frame after opening began

	opening bool      // it has said that it opens the camera
	asked   time.Time // when it was first seen to
	problem string    // why there are no frames, in its words
	spoke   time.Time // when it last said anything
	first   time.Time // its first frame
	last    time.Time // its last frame, a repeated one too
	fresh   time.Time // its last new frame
	weighed time.Time // when its memory was last looked at
}

func (w *watch) frame(now time.Time, fresh bool) {
	w.last = now
	if fresh {
		w.fresh = now
	}
	if w.first.IsZero() {
		w.first, w.fresh = now, now
	}
}

func (w *watch) lived() time.Duration {
	return w.fresh.Sub(w.first)
}

// judge tells why the process has to be ended, if it has, and whether the camera
// is lost, which it is earlier.
func (w *watch) judge(now time.Time) (reason string, lost bool) {
	if !w.opening {
		if now.Sub(w.started) > loadFor {
			return fmt.Sprintf("the camera process did not start within %v", loadFor), true
		}
		return "", false
	}
	sign := w.spoke
	if w.last.After(sign) {
		sign = w.last
	}
	if w.first.IsZero() {
		switch {
		case now.Sub(sign) > w.patience:
			return fmt.Sprintf("the camera did not open within %v", w.patience), true
		case now.Sub(w.asked) > max(fruitlessFor, w.patience):
			return cmp.Or(w.problem, "the camera does not open"), true
		}
		return "", false
	}
	lost = now.Sub(w.fresh) > lostAfter
	switch {
	case now.Sub(sign) > silentFor:
		return fmt.Sprintf("the camera has given no picture for %v", silentFor), true
	case now.Sub(w.fresh) > frozenFor && now.Sub(w.last) < silentFor:
		return "the camera repeats the same picture (if it shows a test pattern, say so by `still`)", true
	case now.Sub(w.fresh) > fruitlessFor:
		return fmt.Sprintf("the camera has given no picture for %v", fruitlessFor), true
	}
	return "", lost
}

// meter counts frames a second.
type meter struct {
	since  time.Time
	frames int
	rate   float64
}

func (m *meter) count(now time.Time) float64 {
	if m.since.IsZero() {
		m.since = now
		return 0
	}
	m.frames++
	if elapsed := now.Sub(m.since); elapsed >= time.Second {
		m.rate = float64(m.frames) / elapsed.Seconds()
		m.since, m.frames = now, 0
	}
	return m.rate
}

package firmware

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"canting/capture"
	"canting/configs"
)

// pictureClock is a camera that shows the demonstration's cloths in turn, each
// frame another, at an even rate, and never waits for anybody.
type pictureClock struct {
	frames []capture.Frame
	newest atomic.Pointer[capture.Frame]
	shown  atomic.Uint64 // frames

	mu sync.Mutex
	// missed counts the frames that the live loop did not take; dropped those of
	// them that it would have missed on a machine of its own too, for something
	// else than a verdict, whose picture and heat map may take as long.
	missed, dropped uint64
	worked          time.Duration // the processor's time of the live loop's thread, at its last look
	kiosk           *kiosk        // whose loop it is
	verdict         *verdict      // its last, then
}

// Latest is asked by the live loop for what follows the frame that it has, and
// for any frame by everybody else.
func (c *pictureClock) Latest(after uint64) (capture.Frame, bool) {
	frame := c.newest.Load()
	if after > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		now := threadTime()
		if missed := max(frame.Seq, after+1) - after - 1; missed > 0 {
			c.missed += missed
			if c.kiosk.verdict == c.verdict {
				c.dropped += min(missed, uint64((now-c.worked)/frameTime))
			}
		}
		c.worked, c.verdict = now, c.kiosk.verdict
	}
	if frame == nil || frame.Seq <= after {
		return capture.Frame{}, false
	}
	return *frame, true
}

// frameTime is the time between two frames.
const frameTime = time.Second / 30

// threadTime is how long this thread has run on a processor: what the machine
// does meanwhile does not count.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err) // the clock exists since Linux 2.6.12
	}
	return time.Duration(t.Nano())
}

func (c *pictureClock) Status() capture.Status { return capture.Status{State: capture.Live} }

// run shows frames until ctx ends.
func (c *pictureClock) run(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		seq, now := c.shown.Add(1), time.Now()
		frame := c.frames[seq%uint64(len(c.frames))]
		frame.Seq, frame.At = seq, now
		c.newest.Store(&frame)
	}
}

// bench is a kiosk with a pictureClock for a camera.
type bench struct {
	kiosk   *kiosk
	swapper *swapper
	camera  *pictureClock
	model   atomic.Pointer[string] // what the configuration asks for
}

func newBench(t testing.TB, model, yaml string) *bench {
	t.Helper()
	b := &bench{camera: &pictureClock{}}
	for _, c := range demoCloths(t) {
		frame, err := capture.Decode(c.file)
		if err != nil {
			t.Fatal(err)
		}
		b.camera.frames = append(b.camera.frames, half(frame))
	}
	path := filepath.Join(t.TempDir(), "kiosk.yaml")
	saveInPlace(t, path, yaml)
	b.model.Store(&model)
	load := func() (*configs.Kiosk, error) {
		config, err := loadConfig(path)
		if err == nil {
			config.Model = *b.model.Load()
		}
		return config, err
	}
	config, err := load()
	if err != nil {
		t.Fatal(err)
	}
	models, err := openLibrary(config)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := models.first()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	b.kiosk = newKiosk(settings{config, configs.DefaultMotifs()}, b.camera, c, newMetrics(b.camera), log)
	b.camera.kiosk = b.kiosk
	b.swapper = &swapper{kiosk: b.kiosk, library: models, load: load, follow: func(*configs.Kiosk) error { return nil }, trial: usualTrial, log: log}
	return b
}

// half is every other pixel of every other row: with the race detector and
// other programs on two cores, larger pictures leave no room at 30 a second.
func half(f capture.Frame) capture.Frame {
	h := capture.Frame{Width: f.Width / 2, Height: f.Height / 2}
	for y := range h.Height {
		for x := range h.Width {
			at := (2*y*f.Width + 2*x) * 3
			h.BGR = append(h.BGR, f.BGR[at:at+3]...)
		}
	}
	return h
}

// expectations are what the models answer to the frames of a clock: live, and
// to a press that takes one frame.
type expectations struct{ live, pressed map[string][]answer }

func expect(t testing.TB, models []string, frames []capture.Frame) expectations {
	t.Helper()
	want := expectations{map[string][]answer{}, map[string][]answer{}}
	for _, path := range models {
		c, err := newClassifier(readFile(t, path), 1)
		if err != nil {
			t.Fatal(err)
		}
		digest := c.model.Digest()
		for _, frame := range frames {
			s, err := see(c, frame)
			if err != nil {
				t.Fatal(err)
			}
			says := func() answer {
				return newAnswer(c, configs.DefaultMotifs(), 0, c.judge(s.quality.Flaw(), s.sight))
			}
			want.live[digest] = append(want.live[digest], says())
			for _, v := range c.preprocessor.Views()[1:] {
				if err := s.widen(v); err != nil {
					t.Fatal(err)
				}
			}
			want.pressed[digest] = append(want.pressed[digest], says())
		}
		c.close()
	}
	return want
}

func metricValue(t testing.TB, m *metrics, name string) float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			sum := 0.
			for _, one := range f.GetMetric() {
				sum += one.GetCounter().GetValue()
			}
			return sum
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

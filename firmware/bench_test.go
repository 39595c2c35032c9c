package firmware

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canting/capture"
	"canting/configs"
)

// pictureClock is a camera that shows the demonstration's cloths in turn, each
// frame another, at an even rate, and never waits for anybody.
type pictureClock struct {
	frames []capture.Frame
	newest atomic.Pointer[capture.Frame]

	mu    sync.Mutex
	shown []time.Time     // of frame 1, 2, ...
	taken map[uint64]bool // by who had seen the one before, which is the live loop
	waits []processorWait
}

// processorWait is how long the program's threads have been ready and not
// running until a moment, in sum.
type processorWait struct {
	at  time.Time
	sum time.Duration
}

func (c *pictureClock) Latest(after uint64) (capture.Frame, bool) {
	frame := c.newest.Load()
	if frame == nil || frame.Seq <= after {
		return capture.Frame{}, false
	}
	if after > 0 || frame.Seq == 1 {
		c.mu.Lock()
		c.taken[frame.Seq] = true
		c.mu.Unlock()
	}
	return *frame, true
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
		c.mu.Lock()
		seq, now := uint64(len(c.shown))+1, time.Now()
		c.shown = append(c.shown, now)
		c.mu.Unlock()
		frame := c.frames[seq%uint64(len(c.frames))]
		frame.Seq, frame.At = seq, now
		c.newest.Store(&frame)
	}
}

// watchProcessor notes, until ctx ends, how long this program's threads waited
// for a processor, by the kernel's count: schedstat's second figure, in
// nanoseconds.
func (c *pictureClock) watchProcessor(ctx context.Context) {
	for ; ctx.Err() == nil; time.Sleep(poll) {
		tasks, _ := filepath.Glob("/proc/self/task/*/schedstat")
		wait := processorWait{at: time.Now()}
		for _, task := range tasks {
			var ran, waited time.Duration
			text, _ := os.ReadFile(task)
			fmt.Sscan(string(text), &ran, &waited)
			wait.sum += waited
		}
		c.mu.Lock()
		c.waits = append(c.waits, wait)
		c.mu.Unlock()
	}
}

// starved tells whether the machine was busy with something else for longer
// than a frame leaves room for.
func (c *pictureClock) starved(from, to time.Time) bool {
	const room = 10 * time.Millisecond
	first := max(sort.Search(len(c.waits), func(i int) bool { return c.waits[i].at.After(from) })-1, 0)
	last := min(sort.Search(len(c.waits), func(i int) bool { return c.waits[i].at.After(to) }), len(c.waits)-1)
	return c.waits[last].sum-c.waits[first].sum > room
}

// missed counts the frames that the live loop did not take, and how many of
// them no lack of processor explains.
func (c *pictureClock) missed() (all, unexplained int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, at := range c.shown[:len(c.shown)-1] {
		if c.taken[uint64(i+1)] {
			continue
		}
		all++
		// The frame before may have been late, and then its work goes on.
		if !c.starved(at.Add(-time.Second/30), c.shown[i+1]) {
			unexplained++
		}
	}
	return all, unexplained
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
	b := &bench{camera: &pictureClock{taken: map[uint64]bool{}}}
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
				return newAnswer(c, configs.DefaultMotifs(), 0, c.judge(s.quality.Flaw(), s.probabilities))
			}
			want.live[digest] = append(want.live[digest], says())
			for _, v := range capture.Views[1:] {
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

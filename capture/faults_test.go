package capture_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"canting/capture"
	"canting/capture/faultycamera"
)

// What the kiosk promises: a lost camera is known within lostWithin of its
// fault, and back within backWithin of the fault's end. A machine that does
// other work besides may be late by busy.
const (
	lostWithin = 2 * time.Second
	backWithin = 10 * time.Second
	busy       = time.Second
)

// leakWithin is what a process may hold, in MiB, when it is ended: the faulty
// camera takes 800 MiB a second, and a machine may be late to look by half of one.
const leakWithin = 263 + 200 + 400

// For each fault what the reason says, at some time while it lasts.
var reasons = map[faultycamera.Fault]string{
	faultycamera.Unplugged: "check its cable",
	faultycamera.Busy:      "another program",
	faultycamera.Frozen:    "same picture",
	faultycamera.Blocked:   "no picture",
	faultycamera.Garbage:   "bytes, not",
	faultycamera.Truncated: "cut short",
	faultycamera.Crashed:   "exit status 2",
	faultycamera.Killed:    "killed",
	faultycamera.Stopped:   "no picture",
	faultycamera.Leaking:   "MiB of memory",
}

func TestEveryFault(t *testing.T) {
	t.Parallel()
	for _, fault := range faultycamera.Faults {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s, script := faulty(t, device)
			first := nextFrame(t, s, 0, 30*time.Second)
			play(t, script, fault)
			began := time.Now()
			if fault.Loses() {
				holdLost(t, s, fault, began)
			} else {
				holdLive(t, s, fault, first)
			}
			play(t, script, faultycamera.None)
			ended := time.Now()
			back := nextFrame(t, s, newest(s), backWithin+busy)
			for back.Width != first.Width || back.At.Before(ended) {
				back = nextFrame(t, s, back.Seq, backWithin+busy)
			}
			if took := time.Since(ended); took > backWithin+busy {
				t.Errorf("back %v after the fault's end, want within %v", took, backWithin)
			} else {
				t.Logf("back %v after the fault's end", took)
			}
		})
	}
}

// newest is the number of the newest frame.
func newest(s *capture.Supervisor) uint64 {
	f, _ := s.Latest(0)
	return f.Seq
}

// holdLost wants the camera to be lost in time, for its own reason, and to give
// no frame until the fault ends; only a process that leaks gives some again.
func holdLost(t *testing.T, s *capture.Supervisor, fault faultycamera.Fault, began time.Time) {
	t.Helper()
	limit := lostWithin
	if fault == faultycamera.Leaking {
		limit = backWithin // it has to leak enough first
	}
	waitForState(t, s, capture.Lost, 2*backWithin)
	took := s.Status().Since.Sub(began)
	if took > limit+busy {
		t.Errorf("lost %v after the fault began, want within %v", took, limit)
	}
	t.Logf("lost after %v", took)
	said := false
	for start := time.Now(); time.Since(start) < 3*time.Second || !said && time.Since(start) < backWithin; time.Sleep(5 * time.Millisecond) {
		status := s.Status()
		said = said || strings.Contains(status.Reason, reasons[fault])
		if fault == faultycamera.Leaking {
			held := 0
			if fmt.Sscanf(status.Reason, "the camera process held %d MiB", &held); held > leakWithin {
				t.Fatalf("the process held %d MiB, want at most %d", held, leakWithin)
			}
			continue
		}
		if _, ok := s.Latest(0); ok || status.State != capture.Lost {
			t.Fatalf("%v after it was lost there is a frame: %v, %+v", time.Since(start), ok, status)
		}
	}
	if !said {
		t.Errorf("the reason never was %q; it is %q", reasons[fault], s.Status().Reason)
	}
}

// holdLive wants the camera to be live whatever it shows. One that comes back
// under another number may be lost in between.
func holdLive(t *testing.T, s *capture.Supervisor, fault faultycamera.Fault, first capture.Frame) {
	t.Helper()
	if fault == faultycamera.Renumbered {
		waitForState(t, s, capture.Lost, lostWithin+busy)
		waitForState(t, s, capture.Live, backWithin+busy)
	}
	last := first.Seq
	for start := time.Now(); time.Since(start) < 3*time.Second; time.Sleep(5 * time.Millisecond) {
		f, ok := s.Latest(last)
		if status := s.Status(); status.State != capture.Live {
			t.Fatalf("after %v of pictures: %+v", time.Since(start), status)
		} else if ok {
			last = f.Seq
		}
	}
	f := nextFrame(t, s, last, lostWithin+busy)
	want := map[faultycamera.Fault]capture.Flaw{faultycamera.Black: capture.Dark, faultycamera.White: capture.Bright}[fault]
	if flaw := capture.Examine(f, 1).Flaw(); want != "" && flaw != want {
		t.Errorf("the picture is %q, want %q", flaw, want)
	}
	if want := map[bool]int{true: first.Width / 2, false: first.Width}[fault == faultycamera.Resized]; f.Width != want {
		t.Errorf("the picture is %d pixels wide, want %d", f.Width, want)
	}
}

// A camera that is configured by its number is not found under another.
func TestRenumberedCameraIsNotTheConfiguredOne(t *testing.T) {
	t.Parallel()
	s, script := faulty(t, capture.Config{Kind: capture.KindDevice, Source: "/dev/video0"})
	nextFrame(t, s, 0, 30*time.Second)
	play(t, script, faultycamera.Renumbered)
	waitForState(t, s, capture.Lost, 2*backWithin)
	time.Sleep(lostWithin)
	if status := s.Status(); status.State != capture.Lost || !strings.Contains(status.Reason, "check its cable") {
		t.Errorf("without its number the camera is %+v", status)
	}
	play(t, script, faultycamera.None)
	waitForState(t, s, capture.Live, backWithin+busy)
}

func TestStillSourceIsNotFrozen(t *testing.T) {
	t.Parallel()
	s, script := faulty(t, capture.Config{Kind: capture.KindDevice, Still: true})
	start := nextFrame(t, s, 0, 30*time.Second)
	play(t, script, faultycamera.Frozen)
	time.Sleep(capture.FrozenFor + 2*time.Second)
	f, ok := s.Latest(start.Seq)
	if status := s.Status(); !ok || time.Since(f.At) > time.Second || status.State != capture.Live || status.Restarts != 0 {
		t.Errorf("a source that may stand still: %+v, frame of %v", status, f.At)
	}
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	needProcesses(t)
	for _, fault := range []faultycamera.Fault{faultycamera.None, faultycamera.Blocked} {
		script := faultycamera.Script(filepath.Join(t.TempDir(), "script"))
		file := filepath.Join(t.TempDir(), "frame")
		parent := exec.Command(os.Args[0], "parent", string(script), file)
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		child := 0
		for start := time.Now(); child == 0; time.Sleep(10 * time.Millisecond) {
			if b, err := os.ReadFile(file); err == nil && len(b) == 32 {
				child = process(t, capture.Frame{BGR: b})
			}
			if time.Since(start) > 30*time.Second {
				parent.Process.Kill()
				t.Fatal("the parent got no frame")
			}
		}
		play(t, script, fault)
		time.Sleep(100 * time.Millisecond)
		parent.Process.Kill()
		parent.Wait()
		for start := time.Now(); !gone(child); time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > 5*time.Second {
				t.Fatalf("%q: the camera process %d outlived its parent", fault, child)
			}
		}
	}
}

// At 640 x 480 the camera process may hold 128 MiB.
func TestMemoryOfTheCameraProcess(t *testing.T) {
	t.Parallel()
	s := supervised(t, "serve", capture.Config{Kind: capture.KindImages, Source: "../firmware/demo/cloths", Hold: 40 * time.Millisecond})
	if f := nextFrame(t, s, 0, 30*time.Second); f.Width != 640 || f.Height != 480 {
		t.Fatalf("the demonstration's cloths are %d x %d", f.Width, f.Height)
	}
	time.Sleep(3 * time.Second)
	held := s.Status().MemoryBytes
	if held < 10<<20 || held > 128<<20 {
		t.Errorf("the camera process holds %.1f MiB, want at most 128 and more than nothing", float64(held)/(1<<20))
	}
	t.Logf("the camera process holds %.1f MiB", float64(held)/(1<<20))
}

// holding is what a process has in hand.
type holding struct {
	descriptors, goroutines, children int
	memory                            int64 // resident bytes, its children's included
}

func hold(t *testing.T, cameras ...*capture.Supervisor) (h holding) {
	t.Helper()
	debug.FreeOSMemory()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	h.descriptors, h.goroutines = len(fds), runtime.NumGoroutine()
	threads, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		list, _ := os.ReadFile(thread) // the thread may have ended
		h.children += len(strings.Fields(string(list)))
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	h.memory = pages * int64(os.Getpagesize())
	for _, s := range cameras {
		h.memory += s.Status().MemoryBytes
	}
	return h
}

func (h holding) String() string {
	return fmt.Sprintf("%d descriptors, %d goroutines, %d children, %.1f MiB", h.descriptors, h.goroutines, h.children, float64(h.memory)/(1<<20))
}

// exceeds tells whether h is more than before was, memory by more than 3 %.
func (h holding) exceeds(before holding) bool {
	return h.descriptors > before.descriptors || h.goroutines > before.goroutines || h.children > before.children ||
		h.memory*100 > before.memory*103
}

// settle waits until no more is held than before: what has ended may still be
// on its way out, and memory is weighed once a second.
func settle(t *testing.T, before holding, cameras ...*capture.Supervisor) (after holding) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		after = hold(t, cameras...)
		if !after.exceeds(before) {
			return after
		}
		if time.Since(start) > 10*time.Second {
			t.Errorf("at the end: %v; at the beginning: %v", after, before)
			return after
		}
	}
}

// These count what the whole process holds, so they do not run beside the
// others.

func TestCloseLeavesNothing(t *testing.T) {
	needProcesses(t)
	healthy := filepath.Join(t.TempDir(), "script")
	cycle := func(script string) {
		s := capture.Supervise(t.Context(), os.Args[0], []string{"camera", script}, device)
		if script == healthy {
			nextFrame(t, s, 0, 30*time.Second)
		} else {
			time.Sleep(50 * time.Millisecond)
		}
		s.Close()
		if _, ok := s.Latest(0); ok {
			t.Error("a closed camera has a frame")
		}
		if _, err := s.Wait(t.Context(), 0); err != capture.ErrClosed {
			t.Errorf("waiting for a closed camera: %v", err)
		}
	}
	cycle(healthy) // what Go keeps for good, such as its poller
	before := hold(t)
	for range 3 {
		cycle(healthy)
		cycle("mute")
		cycle("noise")
	}
	settle(t, before)
}

// CANTING_CYCLES sets how many faults the cameras go through, one after the
// other and each at random; the seed that it prints is in CANTING_SEED to be set.
func TestFaultCyclesLeaveNothing(t *testing.T) {
	needProcesses(t)
	cycles, seed := setting(t, "CANTING_CYCLES", 20), setting(t, "CANTING_SEED", int(time.Now().Unix()))
	t.Logf("CANTING_SEED=%d", seed)
	var cameras []*capture.Supervisor
	var scripts []faultycamera.Script
	for range 4 {
		s, script := faulty(t, device)
		nextFrame(t, s, 0, 30*time.Second)
		cameras, scripts = append(cameras, s), append(scripts, script)
	}
	run := func(cycles int, seed uint64) (slowest time.Duration) {
		var group sync.WaitGroup
		slow := make([]time.Duration, len(cameras))
		for i := range cameras {
			group.Go(func() {
				r := rand.New(rand.NewPCG(seed, uint64(i)))
				for range cycles / len(cameras) {
					slow[i] = max(slow[i], faultCycle(t, cameras[i], scripts[i], r))
				}
			})
		}
		group.Wait()
		for _, s := range slow {
			slowest = max(slowest, s)
		}
		time.Sleep(1500 * time.Millisecond) // until each process was weighed
		return slowest
	}
	run(8, 0) // what Go keeps for good
	before := hold(t, cameras...)
	began := time.Now()
	slowest := run(cycles, uint64(seed))
	took := time.Since(began)
	after := settle(t, before, cameras...)
	t.Logf("before %d cycles: %v", cycles, before)
	t.Logf("after them, %v later: %v", took.Round(time.Second), after)
	t.Logf("the longest way back: %v", slowest)
}

// A process that leaks too little to be ended gives it back.
func TestLeakThatEndsLeavesNothing(t *testing.T) {
	needProcesses(t)
	s, script := faulty(t, device)
	nextFrame(t, s, 0, 30*time.Second)
	play(t, script, faultycamera.Leaking)
	time.Sleep(150 * time.Millisecond) // 16 MiB every 20 ms
	play(t, script, faultycamera.None)
	time.Sleep(1500 * time.Millisecond) // until the process was weighed
	if held := s.Status().MemoryBytes; held > 100<<20 {
		t.Errorf("the camera process holds %d MiB", held>>20)
	}
}

func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// faultCycle plays a fault until the camera is lost by it, if it ever is, and
// returns how long it took to come back.
func faultCycle(t *testing.T, s *capture.Supervisor, script faultycamera.Script, r *rand.Rand) (back time.Duration) {
	fault := faultycamera.Faults[r.IntN(len(faultycamera.Faults))]
	if err := script.Play(fault); err != nil {
		t.Error(err)
		return 0
	}
	for start := time.Now(); fault.Loses() && s.Status().State != capture.Lost; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 2*backWithin {
			t.Errorf("%s: not lost within %v: %+v", fault, 2*backWithin, s.Status())
			break
		}
	}
	time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
	if err := script.Play(faultycamera.None); err != nil {
		t.Error(err)
		return 0
	}
	ended := time.Now()
	for {
		f, ok := s.Latest(0)
		if ok && f.At.After(ended) && s.Status().State == capture.Live {
			if back = time.Since(ended); back > backWithin {
				t.Logf("%s: back only after %v, so many cameras starting at once", fault, back)
			}
			return back
		}
		if time.Since(ended) > 3*backWithin {
			t.Errorf("%s: not back within %v: %+v", fault, 3*backWithin, s.Status())
			return time.Since(ended)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

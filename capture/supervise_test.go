package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// These tests run the real two processes, at the supervisor's real patience.

func supervised(t *testing.T, script string, cfg Config) *Supervisor {
	t.Helper()
	needProcesses(t)
	s := Supervise(t.Context(), os.Args[0], []string{"camera", script}, cfg)
	t.Cleanup(s.Close)
	return s
}

// needProcesses skips where the system cannot start this very program again, as
// when an emulator runs it without the kernel's knowledge.
func needProcesses(t *testing.T) {
	t.Helper()
	if err := exec.Command(os.Args[0], "-test.list=^$").Run(); errors.Is(err, unix.ENOEXEC) {
		t.Skipf("the test program cannot start itself: %v", err)
	}
}

// nextFrame waits for a frame newer than after, at most for limit.
func nextFrame(t *testing.T, s *Supervisor, after uint64, limit time.Duration) Frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	f, err := s.Wait(ctx, after)
	if err != nil {
		t.Fatalf("no frame after %d within %v: %v; the status is %+v", after, limit, err, s.Status())
	}
	return f
}

// waitForState returns how long it took.
func waitForState(t *testing.T, s *Supervisor, want State, limit time.Duration) time.Duration {
	t.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if s.Status().State == want {
			return time.Since(start)
		}
		if time.Since(start) > limit {
			t.Fatalf("the camera is not %s within %v: %+v", want, limit, s.Status())
		}
	}
}

// process is the number of the camera process that made a scripted frame.
func process(t *testing.T, f Frame) (pid int) {
	t.Helper()
	if _, err := fmt.Sscanf(string(f.BGR[:32]), "%d frame", &pid); err != nil {
		t.Fatalf("the frame does not begin with its process's number: %v", err)
	}
	return pid
}

func gone(pid int) bool {
	return errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}

// This test counts the whole process's descriptors and goroutines, so it does
// not run beside the others.
func TestCloseLeavesNothing(t *testing.T) {
	needProcesses(t)
	count := func() (descriptors, goroutines, children int) {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		threads, err := filepath.Glob("/proc/self/task/*/children")
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range threads {
			list, _ := os.ReadFile(thread) // the thread may have ended
			children += len(strings.Fields(string(list)))
		}
		return len(fds), runtime.NumGoroutine(), children
	}
	cycle := func(script string) {
		s := Supervise(t.Context(), os.Args[0], []string{"camera", script}, Config{Kind: KindDevice})
		if script == "healthy" {
			nextFrame(t, s, 0, 10*time.Second)
		} else {
			time.Sleep(50 * time.Millisecond)
		}
		s.Close()
		if _, ok := s.Latest(0); ok {
			t.Error("a closed camera has a frame")
		}
		if _, err := s.Wait(t.Context(), 0); !errors.Is(err, errClosed) {
			t.Errorf("waiting for a closed camera: %v", err)
		}
	}
	cycle("healthy") // what Go keeps for good, such as its poller
	fds, goroutines, children := count()
	for range 3 {
		cycle("healthy")
		cycle("mute")
		cycle("noise")
	}
	// A goroutine that has closed its channel may still be on its way out.
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		f, g, c := count()
		if f <= fds && g <= goroutines && c <= children {
			break
		}
		if time.Since(start) > time.Second {
			t.Fatalf("%d descriptors, %d goroutines and %d children after ten cycles; %d, %d and %d after one", f, g, c, fds, goroutines, children)
		}
	}
}

func TestFramesArrive(t *testing.T) {
	t.Parallel()
	s := supervised(t, "healthy", Config{Kind: KindDevice})
	if status := s.Status(); status.State != Starting {
		t.Errorf("before the first frame: %+v", status)
	}
	f := nextFrame(t, s, 0, 10*time.Second)
	if f.Seq != 1 || f.Width != 160 || f.Height != 120 || time.Since(f.At) > time.Second {
		t.Errorf("the first frame is number %d, %d x %d, %v old", f.Seq, f.Width, f.Height, time.Since(f.At))
	}
	for range 70 {
		last := f
		f = nextFrame(t, s, f.Seq, time.Second)
		if f.Seq <= last.Seq || !f.At.After(last.At) {
			t.Fatalf("frame %d of %v came after frame %d of %v", f.Seq, f.At, last.Seq, last.At)
		}
	}
	if _, ok := s.Latest(f.Seq + 1000); ok {
		t.Error("a frame of the future was given")
	}
	if status := s.Status(); status.State != Live || status.Restarts != 0 || status.FPS < 20 || status.FPS > 60 {
		t.Errorf("a healthy camera of 50 frames a second: %+v", status)
	}
}

func TestKilledChildIsReplaced(t *testing.T) {
	t.Parallel()
	s := supervised(t, "healthy", Config{Kind: KindDevice})
	f := nextFrame(t, s, 0, 10*time.Second)
	first := process(t, f)
	if err := unix.Kill(first, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitForState(t, s, Lost, 2*time.Second)
	if reason := s.Status().Reason; !strings.Contains(reason, "killed") {
		t.Errorf("the reason is %q", reason)
	}
	next := nextFrame(t, s, f.Seq, 10*time.Second)
	if next.Seq <= f.Seq || process(t, next) == first {
		t.Errorf("frame %d of process %d came after frame %d of process %d", next.Seq, process(t, next), f.Seq, first)
	}
	if status := s.Status(); status.State != Live || status.Restarts != 1 || status.Reason != "" {
		t.Errorf("after the restart: %+v", status)
	}
}

func TestStoppedChildIsReplaced(t *testing.T) {
	t.Parallel()
	s := supervised(t, "healthy", Config{Kind: KindDevice})
	first := process(t, nextFrame(t, s, 0, 10*time.Second))
	stopped := time.Now()
	if err := unix.Kill(first, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	waitForState(t, s, Lost, 5*time.Second)
	if took := s.Status().Since.Sub(stopped); took > 2*time.Second {
		t.Errorf("lost after %v, want within 2s", took)
	}
	if _, ok := s.Latest(0); ok {
		t.Error("a lost camera gives its old frame")
	}
	took := waitForState(t, s, Live, 10*time.Second)
	t.Logf("back %v after it was lost", took)
	if !gone(first) {
		t.Error("the stopped process was left behind")
	}
}

func TestCameraFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"frozen":    "same picture",
		"blocked":   "no picture",
		"unplugged": "check its cable",
		"crashed":   "exit status 2",
	}
	for script, want := range tests {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := supervised(t, script, Config{Kind: KindDevice})
			last := nextFrame(t, s, 0, 10*time.Second)
			for s.Status().State == Live {
				if f, ok := s.Latest(last.Seq); ok {
					last = f
				}
				time.Sleep(time.Millisecond)
			}
			if took := s.Status().Since.Sub(last.At); took > 2*time.Second {
				t.Errorf("lost %v after the last good frame, want within 2s", took)
			}
			reasons := map[string]bool{}
			for start := time.Now(); s.Status().Restarts == 0 && time.Since(start) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
				reasons[s.Status().Reason] = true
			}
			if s.Status().Restarts == 0 {
				t.Fatalf("no new process: %+v", s.Status())
			}
			all := fmt.Sprint(reasons)
			if !strings.Contains(all, want) {
				t.Errorf("the reasons were %s, none with %q", all, want)
			}
			waitForState(t, s, Live, 10*time.Second)
		})
	}
}

func TestStillSourceIsNotFrozen(t *testing.T) {
	t.Parallel()
	s := supervised(t, "frozen", Config{Kind: KindDevice, Still: true})
	start := nextFrame(t, s, 0, 10*time.Second)
	time.Sleep(frozenFor + 2*time.Second)
	f, ok := s.Latest(start.Seq)
	if status := s.Status(); !ok || time.Since(f.At) > time.Second || status.State != Live || status.Restarts != 0 {
		t.Errorf("a source that may stand still: %+v, frame of %v", status, f.At)
	}
}

func TestSlowAndFastCamerasAreLive(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"slow", "fast"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := supervised(t, script, Config{Kind: KindDevice})
			nextFrame(t, s, 0, 10*time.Second)
			for start := time.Now(); time.Since(start) < 4*time.Second; time.Sleep(5 * time.Millisecond) {
				if status := s.Status(); status.State != Live {
					t.Fatalf("after %v: %+v", time.Since(start), status)
				}
			}
		})
	}
}

// The cases that would take a test of two processes too long.
func TestJudge(t *testing.T) {
	start := time.Now()
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	loading := watch{started: start, patience: openFor}
	opening := watch{started: start, patience: openFor, opening: true, spoke: at(10)}
	asking := watch{started: start, patience: openFor, opening: true, spoke: at(14)}
	live := watch{started: start, opening: true, spoke: at(1), first: at(2), last: at(10), fresh: at(10)}
	frozen := watch{started: start, opening: true, spoke: at(1), first: at(2), last: at(14), fresh: at(10)}
	talking := watch{started: start, opening: true, spoke: at(25), first: at(2), last: at(10), fresh: at(10)}
	tests := []struct {
		name  string
		watch watch
		at    float64
		end   bool
		lost  bool
	}{
		{"loading libraries", loading, 19, false, false},
		{"loading for too long", loading, 21, true, true},
		{"opening", opening, 15, false, false},
		{"opening for too long", opening, 16.5, true, true},
		{"asking for an absent camera", asking, 14.5, false, false},
		{"asking in vain", asking, 15.5, true, true},
		{"live", live, 11.5, false, false},
		{"late", live, 11.9, false, true},
		{"silent", live, 13.1, true, true},
		{"repeating", frozen, 14, false, true},
		{"frozen", frozen, 15.1, true, true},
		{"no frames but words", talking, 24.9, false, true},
		{"nothing but words", talking, 25.1, true, true},
	}
	for _, test := range tests {
		reason, lost := test.watch.judge(at(test.at))
		if (reason != "") != test.end || lost != test.lost {
			t.Errorf("%s: reason %q, lost %v; want an end: %v, lost %v", test.name, reason, lost, test.end, test.lost)
		}
	}
}

func TestResizedFramesArrive(t *testing.T) {
	t.Parallel()
	s := supervised(t, "resized", Config{Kind: KindDevice})
	for f := (Frame{}); f.Width != 320; {
		f = nextFrame(t, s, f.Seq, 10*time.Second)
		if len(f.BGR) != f.Width*f.Height*3 {
			t.Fatalf("%d bytes for %d x %d", len(f.BGR), f.Width, f.Height)
		}
	}
	if status := s.Status(); status.State != Live || status.Restarts != 0 {
		t.Errorf("after another resolution: %+v", status)
	}
}

func TestChildrenThatGiveNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"absent": "there is no camera at /dev/video7",
		"damage": "damaged frame",
		"noise":  "terminate called",
	}
	for script, want := range tests {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := supervised(t, script, Config{Kind: KindDevice})
			waitForState(t, s, Lost, 5*time.Second)
			status := s.Status()
			if !strings.Contains(status.Reason, want) || strings.ContainsRune(status.Reason, '\x1b') {
				t.Errorf("the reason is %q, want one with %q and no control characters", status.Reason, want)
			}
			if _, ok := s.Latest(0); ok {
				t.Error("there is a frame")
			}
		})
	}
	t.Run("no such program", func(t *testing.T) {
		t.Parallel()
		s := Supervise(t.Context(), filepath.Join(t.TempDir(), "canting"), nil, Config{Kind: KindDevice})
		defer s.Close()
		waitForState(t, s, Lost, time.Second)
		if reason := s.Status().Reason; !strings.Contains(reason, "no such file") {
			t.Errorf("the reason is %q", reason)
		}
	})
}

func TestServeReplaysTheDemonstration(t *testing.T) {
	t.Parallel()
	s := supervised(t, "serve", Config{Kind: KindDemo, FPS: 20, Hold: 100 * time.Millisecond})
	widths := map[int]bool{}
	for f := (Frame{}); len(widths) < 3; widths[f.Width] = true {
		f = nextFrame(t, s, f.Seq, 10*time.Second)
	}
	for _, width := range []int{80, 96, 112} {
		if !widths[width] {
			t.Errorf("the pictures' widths were %v, %d was not among them", widths, width)
		}
	}
}

func TestServeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "video9")
	s := supervised(t, "serve", Config{Kind: KindDevice, Source: missing})
	waitForState(t, s, Lost, 5*time.Second)
	if reason := s.Status().Reason; !strings.Contains(reason, missing) || !strings.Contains(reason, "cable") {
		t.Errorf("the reason is %q", reason)
	}
}

func TestServeByHandIsRefused(t *testing.T) {
	t.Parallel()
	needProcesses(t)
	out, err := exec.Command(os.Args[0], "camera", "serve").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not by hand") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	needProcesses(t)
	for _, script := range []string{"healthy", "blocked"} {
		file := filepath.Join(t.TempDir(), "frame")
		parent := exec.Command(os.Args[0], "parent", script, file)
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		child := 0
		for start := time.Now(); child == 0; time.Sleep(10 * time.Millisecond) {
			if b, err := os.ReadFile(file); err == nil && len(b) == 32 {
				child = process(t, Frame{BGR: b})
			}
			if time.Since(start) > 10*time.Second {
				parent.Process.Kill()
				t.Fatal("the parent got no frame")
			}
		}
		parent.Process.Kill()
		parent.Wait()
		for start := time.Now(); !gone(child); time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > 5*time.Second {
				t.Fatalf("%s: the camera process %d outlived its parent", script, child)
			}
		}
	}
}

package capture_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"canting/capture"
	"canting/capture/faultycamera"
)

// These tests run the real two processes, at the supervisor's real patience.

func supervised(t *testing.T, script string, cfg capture.Config) *capture.Supervisor {
	t.Helper()
	needProcesses(t)
	s := capture.Supervise(t.Context(), os.Args[0], []string{"camera", script}, cfg)
	t.Cleanup(s.Close)
	return s
}

// faulty supervises a healthy camera whose faults can be switched.
func faulty(t *testing.T, cfg capture.Config) (*capture.Supervisor, faultycamera.Script) {
	t.Helper()
	script := faultycamera.Script(filepath.Join(t.TempDir(), "script"))
	return supervised(t, string(script), cfg), script
}

func play(t *testing.T, script faultycamera.Script, f faultycamera.Fault) {
	t.Helper()
	if err := script.Play(f); err != nil {
		t.Fatal(err)
	}
}

var device = capture.Config{Kind: capture.KindDevice}

// needProcesses skips where the system cannot start this very program again, as
// when an emulator runs it without the kernel's knowledge.
func needProcesses(t *testing.T) {
	t.Helper()
	if err := exec.Command(os.Args[0], "-test.list=^$").Run(); errors.Is(err, unix.ENOEXEC) {
		t.Skipf("the test program cannot start itself: %v", err)
	}
}

// nextFrame waits for a frame newer than after, at most for limit.
func nextFrame(t *testing.T, s *capture.Supervisor, after uint64, limit time.Duration) capture.Frame {
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
func waitForState(t *testing.T, s *capture.Supervisor, want capture.State, limit time.Duration) time.Duration {
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

// process is the number of the camera process that made a frame.
func process(t *testing.T, f capture.Frame) int {
	t.Helper()
	tag, err := faultycamera.TagOf(f)
	if err != nil {
		t.Fatal(err)
	}
	return tag.Process
}

func gone(pid int) bool {
	return errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}

func TestFramesArrive(t *testing.T) {
	t.Parallel()
	s, _ := faulty(t, device)
	if status := s.Status(); status.State != capture.Starting {
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
	if status := s.Status(); status.State != capture.Live || status.Restarts != 0 || status.FPS < 20 || status.FPS > 60 {
		t.Errorf("a healthy camera of 50 frames a second: %+v", status)
	}
}

func TestKilledChildIsReplaced(t *testing.T) {
	t.Parallel()
	s, _ := faulty(t, device)
	f := nextFrame(t, s, 0, 10*time.Second)
	first := process(t, f)
	if err := unix.Kill(first, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitForState(t, s, capture.Lost, 2*time.Second)
	if reason := s.Status().Reason; !strings.Contains(reason, "killed") {
		t.Errorf("the reason is %q", reason)
	}
	next := nextFrame(t, s, f.Seq, 10*time.Second)
	if next.Seq <= f.Seq || process(t, next) == first {
		t.Errorf("frame %d of process %d came after frame %d of process %d", next.Seq, process(t, next), f.Seq, first)
	}
	if status := s.Status(); status.State != capture.Live || status.Restarts != 1 || status.Reason != "" {
		t.Errorf("after the restart: %+v", status)
	}
}

func TestChildrenThatGiveNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"damage": "damaged frame",
		"noise":  "terminate called",
	}
	for script, want := range tests {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := supervised(t, script, device)
			waitForState(t, s, capture.Lost, 5*time.Second)
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
		s := capture.Supervise(t.Context(), filepath.Join(t.TempDir(), "canting"), nil, device)
		defer s.Close()
		waitForState(t, s, capture.Lost, time.Second)
		if reason := s.Status().Reason; !strings.Contains(reason, "no such file") {
			t.Errorf("the reason is %q", reason)
		}
	})
}

func TestServeReplaysTheDemonstration(t *testing.T) {
	t.Parallel()
	s := supervised(t, "serve", capture.Config{Kind: capture.KindDemo, FPS: 20, Hold: 100 * time.Millisecond})
	widths := map[int]bool{}
	for f := (capture.Frame{}); len(widths) < 3; widths[f.Width] = true {
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
	s := supervised(t, "serve", capture.Config{Kind: capture.KindDevice, Source: missing})
	waitForState(t, s, capture.Lost, 5*time.Second)
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

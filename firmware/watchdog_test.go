package firmware

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"canting/capture"
)

// serviceManager is the socket on which systemd listens to its services.
type serviceManager struct {
	*net.UnixConn
	path string
}

func newServiceManager(t testing.TB) serviceManager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return serviceManager{socket, path}
}

// hears returns the next message within patience, "" if there is none.
func (m serviceManager) hears(t testing.TB, patience time.Duration) string {
	t.Helper()
	if err := m.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := m.Read(b)
	if err != nil && !os.IsTimeout(err) {
		t.Fatal(err)
	}
	return string(b[:n])
}

// waitFor reads messages until one begins as wanted.
func (m serviceManager) waitFor(t testing.TB, beginning string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if strings.HasPrefix(m.hears(t, time.Second), beginning) {
			return
		}
	}
	t.Fatalf("systemd was not told %s within 20 s", beginning)
}

// drained reads what was sent until now.
func (m serviceManager) drained(t testing.TB) {
	t.Helper()
	for m.hears(t, 10*time.Millisecond) != "" {
	}
}

// losable is a camera that can be lost.
type losable struct {
	*pictureClock
	lost atomic.Bool
}

func (c *losable) Status() capture.Status {
	if c.lost.Load() {
		return capture.Status{State: capture.Lost, Reason: "its cable is out"}
	}
	return c.pictureClock.Status()
}

// The watchdog is fed by classified frames and by telling that the camera is
// lost, and by nothing else.
func TestWatchdogIsFedOnlyByWork(t *testing.T) {
	systemd := newServiceManager(t)
	t.Setenv("NOTIFY_SOCKET", systemd.path)
	b := newBench(t, "", "camera: {source: demo}\n")
	cam := &losable{pictureClock: b.camera}
	b.kiosk.camera = cam
	dog := &watchdog{states: b.kiosk.state, patience: 100 * time.Millisecond, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { dog.run(ctx) })
	if got := systemd.hears(t, 500*time.Millisecond); !strings.HasPrefix(got, "STATUS=") {
		t.Errorf("before the first label systemd heard %q", got)
	}
	if got := systemd.hears(t, 500*time.Millisecond); got != "" {
		t.Errorf("before the first label systemd heard %q", got)
	}
	running.Go(func() { b.kiosk.run(ctx) })
	running.Go(func() { b.camera.run(ctx, 20*time.Millisecond) })
	systemd.waitFor(t, "READY=1")
	systemd.waitFor(t, "WATCHDOG=1")
	systemd.waitFor(t, "WATCHDOG=1")

	// The loop hangs: frames come, and nobody classifies them.
	hung, release := make(chan struct{}), make(chan struct{})
	running.Go(func() { b.kiosk.betweenFrames(ctx, func() { close(hung); <-release }) })
	<-hung
	systemd.drained(t)
	if got := systemd.hears(t, 2500*time.Millisecond); got != "" {
		t.Errorf("while the loop hung systemd heard %q", got)
	}
	close(release)
	systemd.waitFor(t, "WATCHDOG=1")

	cam.lost.Store(true)
	systemd.waitFor(t, "STATUS=The camera is lost: its cable is out.")
	systemd.waitFor(t, "WATCHDOG=1")
	systemd.waitFor(t, "WATCHDOG=1")
	stop()
	systemd.waitFor(t, "STOPPING=1")
	running.Wait()
	b.kiosk.close()
}

// The program itself, with its camera process: ready once it shows a label, fed
// while the camera is lost, and told before it ends.
func TestProgramTellsSystemd(t *testing.T) {
	t.Parallel()
	systemd := newServiceManager(t)
	command := exec.Command(os.Args[0], "run", "--listen", "127.0.0.1:0")
	command.Env = append(os.Environ(), asCanting+"=1", "NOTIFY_SOCKET="+systemd.path, "WATCHDOG_USEC=1000000")
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Process.Kill()
	systemd.waitFor(t, "READY=1")
	systemd.waitFor(t, "STATUS=The camera is live. The model is ")
	systemd.waitFor(t, "WATCHDOG=1")
	cameras := children(t, command.Process.Pid)
	if len(cameras) != 1 {
		t.Fatalf("there are %d camera processes", len(cameras))
	}
	if err := syscall.Kill(cameras[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	systemd.waitFor(t, "STATUS=The camera is lost: ")
	systemd.waitFor(t, "WATCHDOG=1")
	systemd.waitFor(t, "STATUS=The camera is live.")

	// A program that stands still feeds nothing.
	if err := command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	systemd.drained(t)
	if got := systemd.hears(t, 2*time.Second); got != "" {
		t.Errorf("a stopped program told systemd %q", got)
	}
	for _, signal := range []syscall.Signal{syscall.SIGCONT, syscall.SIGTERM} {
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	systemd.waitFor(t, "STOPPING=1")
	if err := command.Wait(); err != nil {
		t.Errorf("the kiosk ended with %v", err)
	}
}

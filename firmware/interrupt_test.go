package firmware

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// manyFiles names a picture so often, and so long-windedly, that the answers do
// not fit into a pipe that nobody reads (64 KiB).
func manyFiles(t *testing.T) []string {
	t.Helper()
	_, paths := writeCloths(t, demoCloths(t)[:1])
	long := filepath.Dir(paths[0]) + strings.Repeat("/.", 1500) + "/" + filepath.Base(paths[0])
	files := make([]string, 400)
	for i := range files {
		files[i] = long
	}
	return files
}

// classifyProcess is `canting classify` as a process of its own.
func classifyProcess(files []string) *exec.Cmd {
	command := exec.Command(os.Args[0], append([]string{"classify"}, files...)...)
	command.Env = append(os.Environ(), asCanting+"=1")
	return command
}

// startClassify returns once the process has answered for the first file.
func startClassify(t *testing.T, files []string) (*exec.Cmd, *bufio.Reader, *strings.Builder) {
	t.Helper()
	command := classifyProcess(files)
	var stderr strings.Builder
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill() })
	reader := bufio.NewReaderSize(stdout, 4096)
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatalf("no answer: %v (%s)", err, &stderr)
	}
	return command, reader, &stderr
}

func TestInterruptEndsClassifyAfterTheFileAtHand(t *testing.T) {
	files := manyFiles(t)
	command, stdout, stderr := startClassify(t, files)
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	lines := 1
	for ; ; lines++ {
		if _, err := stdout.ReadString('\n'); err != nil {
			break
		}
	}
	err := command.Wait()
	if code := command.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(stderr.String(), "interrupted after") || lines == len(files) {
		t.Errorf("%v after %d of %d lines, stderr %q", err, lines, len(files), stderr)
	}
}

// The first signal cannot end a write that nobody reads: the process has only a
// full pipe to write to, which in packet mode also takes no short message more.
func TestSecondInterruptEndsTheProcess(t *testing.T) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_DIRECT|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(ends[0]), "pipe"), os.NewFile(uintptr(ends[1]), "pipe")
	defer r.Close()
	defer w.Close()
	command := classifyProcess(manyFiles(t))
	command.Stdout, command.Stderr = w, w
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Process.Kill()
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	tooLate := time.After(20 * time.Second)
	for {
		select {
		case err := <-ended:
			status, ok := command.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || status.Signal() != syscall.SIGINT {
				t.Errorf("the process ended with %v", err)
			}
			return
		case <-again.C:
			if !full(t, w) {
				continue
			}
			if err := command.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
		case <-tooLate:
			t.Fatal("signals do not end the process")
		}
	}
}

func full(t *testing.T, pipe *os.File) bool {
	t.Helper()
	polled := []unix.PollFd{{Fd: int32(pipe.Fd()), Events: unix.POLLOUT}}
	if _, err := unix.Poll(polled, 0); err != nil && !errors.Is(err, unix.EINTR) {
		t.Fatal(err)
	}
	return polled[0].Revents&unix.POLLOUT == 0
}

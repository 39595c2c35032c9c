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

// startClassify runs `canting classify` as a process.
func startClassify(t *testing.T, files []string) (*exec.Cmd, *bufio.Reader, *os.File, *strings.Builder) {
	t.Helper()
	command := exec.Command(os.Args[0], append([]string{"classify"}, files...)...)
	command.Env = append(os.Environ(), asCanting+"=1")
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
	return command, reader, stdout.(*os.File), &stderr
}

// untilFull waits until nothing more fits into a pipe that nobody reads.
func untilFull(t *testing.T, pipe *os.File) {
	t.Helper()
	for before, since := 0, time.Now(); ; time.Sleep(20 * time.Millisecond) {
		raw, err := pipe.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		unread := 0
		if err := raw.Control(func(fd uintptr) { unread, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }); err != nil {
			t.Fatal(err)
		}
		if unread != before {
			before, since = unread, time.Now()
		}
		if unread > 32<<10 && time.Since(since) > 2*time.Second {
			return
		}
	}
}

func TestInterruptEndsClassifyAfterTheFileAtHand(t *testing.T) {
	files := manyFiles(t)
	command, stdout, _, stderr := startClassify(t, files)
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

// The first signal cannot end a write that nobody reads.
func TestSecondInterruptEndsTheProcess(t *testing.T) {
	command, _, pipe, stderr := startClassify(t, manyFiles(t))
	untilFull(t, pipe)
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	tooLate := time.After(10 * time.Second)
	for {
		select {
		case err := <-ended:
			status, ok := command.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || status.Signal() != syscall.SIGINT {
				t.Errorf("the process ended with %v, stderr %q", err, stderr)
			}
			return
		case <-again.C:
			if err := command.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
		case <-tooLate:
			t.Fatal("signals do not end the process")
		}
	}
}

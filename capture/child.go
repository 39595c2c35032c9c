package capture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// child is one run of the camera process, seen from its parent.
type child struct {
	cmd     *exec.Cmd
	box     *mailbox
	output  *os.File
	exited  chan struct{} // closed when the process was reaped
	drained chan struct{} // closed when its output was read to the end

	mu      sync.Mutex
	reaped  bool
	opening bool      // it said so
	spoke   time.Time // when it last did
	notice  string    // the last one
	problem string    // the last one
	noise   string    // the last line that was not its own
}

// startChild starts exe, which is to call Serve. The calling goroutine must be
// locked to its thread until the child is stopped: the kernel kills the child
// when that thread ends (Pdeathsig), which is when the parent dies.
func startChild(exe string, args []string, cfg Config) (_ *child, err error) {
	input, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("start the camera process: %w", err)
	}
	box, memory, err := newMailbox()
	if err != nil {
		return nil, fmt.Errorf("start the camera process: %w", err)
	}
	defer memory.Close()
	output, childOutput, err := os.Pipe()
	if err != nil {
		box.Close()
		return nil, fmt.Errorf("start the camera process: %w", err)
	}
	defer childOutput.Close()
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "OPENCV_LOG_LEVEL=ERROR", "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT=2")
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stdout, cmd.Stderr = childOutput, childOutput
	cmd.ExtraFiles = []*os.File{memory}
	// A group of its own, so that what the camera's libraries start dies too
	// and the terminal's Ctrl-C reaches the parent alone.
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		box.Close()
		output.Close()
		return nil, fmt.Errorf("start the camera process: %w", err)
	}
	c := &child{cmd: cmd, box: box, output: output, exited: make(chan struct{}), drained: make(chan struct{})}
	go c.reap()
	go c.listen()
	return c, nil
}

// reap waits for the process to end and kills what it leaves behind in its
// group before its number is given back to the system.
func (c *child) reap() {
	defer close(c.exited)
	for {
		err := unix.Waitid(unix.P_PID, c.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	unix.Kill(-c.cmd.Process.Pid, unix.SIGKILL)
	c.cmd.Wait() // its error is in ProcessState
	c.reaped = true
}

func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		unix.Kill(-c.cmd.Process.Pid, unix.SIGKILL)
	}
}

// A process that hangs in the kernel, in a driver, survives its killing.
const waitForKilled = 2 * time.Second

// stop kills the process, waits until it is gone and frees what it used. Only
// when ctx has ended does it leave a process that cannot be killed.
func (c *child) stop(ctx context.Context) {
	c.kill()
	select {
	case <-c.exited:
	case <-ctx.Done():
		select {
		case <-c.exited:
		case <-time.After(waitForKilled):
			slog.Error("the camera process cannot be killed: it hangs in the camera's driver", "pid", c.cmd.Process.Pid)
		}
	}
	// What the process started may hold its output open.
	c.output.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	<-c.drained
	c.output.Close()
	c.box.Close()
}

// listen reads what the process says. Lines are bounded; the process is not
// trusted to be brief.
func (c *child) listen() {
	defer close(c.drained)
	lines := bufio.NewReaderSize(c.output, 4096)
	for continued := false; ; {
		line, isPrefix, err := lines.ReadLine()
		if err != nil {
			return
		}
		if !continued {
			c.hear(line)
		}
		continued = isPrefix
	}
}

func (c *child) hear(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var m message
	if json.Unmarshal(line, &m) != nil || m == (message{}) {
		if text := sentence(string(line)); text != "" {
			c.noise = text
			slog.Debug("the camera process printed", "line", text)
		}
		return
	}
	c.spoke = time.Now()
	c.opening = c.opening || m.Opening
	if text := sentence(m.Notice); text != "" && text != c.notice {
		c.notice = text
		slog.Warn("camera", "notice", text)
	}
	if text := sentence(m.Problem); text != "" {
		c.problem = text
	}
}

// sentence makes text from the process fit for a page and a log line.
func sentence(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strings.TrimSpace(s)
}

// said is what the process said so far, and when it last said anything.
func (c *child) said() (opening bool, problem string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opening, c.problem, c.spoke
}

// resident is how many bytes of memory the process has, its frames' slots and
// the libraries included (proc(5), statm); 0 once it has ended.
func (c *child) resident() int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(statm), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// epitaph says why the process ended; call it after stop.
func (c *child) epitaph() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.problem != "":
		return c.problem
	case c.noise != "":
		return fmt.Sprintf("the camera process ended (%v); it last printed: %s", c.cmd.ProcessState, c.noise)
	default:
		return fmt.Sprintf("the camera process ended (%v)", c.cmd.ProcessState)
	}
}

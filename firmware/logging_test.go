package firmware

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sparingLog writes to a buffer under l. sum ends it and returns what it wrote.
func sparingLog(l limits) (log *slog.Logger, sum func() string) {
	var out bytes.Buffer
	r := newRepeats(l)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.run(ctx); close(ended) }()
	return slog.New(&sparing{slog.NewTextHandler(&out, nil), r, ""}), func() string { cancel(); <-ended; return out.String() }
}

func TestRepeatedLinesAreHeldBackAndSummedUp(t *testing.T) {
	log, sum := sparingLog(limits{lines: 3, in: time.Minute, kinds: 100})
	for i := range 1237 {
		log.Error("a frame could not be classified", "frame", i, "error", fmt.Errorf("number %d", i))
	}
	log.Warn("a frame could not be classified", "frame", 1)
	for range 4 {
		log.Warn("refused", "reason", "golden")
		log.Warn("refused", "reason", "memory")
		log.With("model", "a").Warn("refused", "reason", "golden")
		log.WithGroup("b").Warn("refused", "reason", "golden")
	}
	out := sum()
	for want, count := range map[string]int{
		`level=ERROR msg="a frame could not be classified" frame=`:                1 + 1 + 1,
		`level=WARN msg="a frame could not be classified" frame=`:                 1,
		`level=ERROR msg="a frame could not be classified (repeated)" frame=1236`: 1,
		` times=1234 since=`:                               1,
		"msg=refused reason=golden\n":                      3,
		"msg=refused reason=memory\n":                      3,
		"msg=refused model=a reason=golden\n":              3,
		"msg=refused b.reason=golden\n":                    3,
		`msg="refused (repeated)" reason=golden times=1 `:  1,
		`msg="refused (repeated)" model=a reason=golden `:  1,
		`msg="refused (repeated)" b.reason=golden b.times`: 1,
	} {
		if n := strings.Count(out, want); n != count {
			t.Errorf("%d lines have %q, want %d", n, want, count)
		}
	}
}

// After a while the same line is news again, and its sum comes without waiting
// for one more.
func TestRepeatsAreSummedUpInTime(t *testing.T) {
	log, sum := sparingLog(limits{lines: 1, in: 50 * time.Millisecond, kinds: 100})
	log.Info("again")
	log.Info("again")
	time.Sleep(200 * time.Millisecond)
	log.Info("again")
	if out := sum(); strings.Count(out, "msg=again\n") != 2 || strings.Count(out, "times=1 ") != 1 {
		t.Errorf("the log is\n%s", out)
	}
}

// Lines that all differ fill neither the disk nor the memory.
func TestManyKindsCountAsOne(t *testing.T) {
	log, sum := sparingLog(limits{lines: 2, in: time.Minute, kinds: 10})
	for i := range 1000 {
		log.Info("notice " + strconv.Itoa(i))
	}
	out := sum()
	if lines := strings.Count(out, "\n"); lines != 10+2+1 || !strings.Contains(out, `msg="lines of many kinds (repeated)" times=988`) {
		t.Errorf("%d lines:\n%s", lines, out)
	}
}

// No line is lost or counted twice, however many goroutines write.
func TestHeldBackLinesAreCountedExactly(t *testing.T) {
	const writers, lines = 8, 2000
	log, sum := sparingLog(limits{lines: 5, in: 5 * time.Millisecond, kinds: 100})
	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() {
			for range lines {
				log.With("of", "all").Info("line", "writer", i)
			}
		})
	}
	writing.Wait()
	out := sum()
	counted := strings.Count(out, "msg=line ")
	for _, times := range regexp.MustCompile(`times=(\d+) `).FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(times[1])
		counted += n
	}
	if counted != writers*lines {
		t.Errorf("%d of %d lines are accounted for", counted, writers*lines)
	}
}

// The journal stamps every line, so the program does not.
func TestLogHasOneTimestamp(t *testing.T) {
	for _, journal := range []bool{true, false} {
		stderr, err := os.Create(filepath.Join(t.TempDir(), "journal"))
		if err != nil {
			t.Fatal(err)
		}
		defer stderr.Close()
		command := exec.Command(os.Args[0], "run", "--listen", "127.0.0.1:0")
		command.Env = append(os.Environ(), asCanting+"=1")
		if journal {
			info, err := stderr.Stat()
			if err != nil {
				t.Fatal(err)
			}
			about := info.Sys().(*syscall.Stat_t)
			command.Env = append(command.Env, fmt.Sprintf("JOURNAL_STREAM=%d:%d", about.Dev, about.Ino))
		}
		command.Stderr = stderr
		stdout, err := command.StdoutPipe()
		if err == nil {
			err = command.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		defer command.Process.Kill()
		if _, err := stdout.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(command.Process.Signal(syscall.SIGTERM), command.Wait()); err != nil {
			t.Fatal(err)
		}
		out := string(readFile(t, stderr.Name()))
		if !strings.Contains(out, "level=INFO msg=\"model loaded\" sha256=") || strings.Contains(out, "time=") == journal {
			t.Errorf("under the journal %v the log is\n%s", journal, out)
		}
	}
}

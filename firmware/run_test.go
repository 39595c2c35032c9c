package firmware

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// children are the camera processes of a process.
func children(t testing.TB, parent int) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		// After the name in brackets: state, parent.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if fields[1] == strconv.Itoa(parent) && fields[0] != "Z" && bytes.HasSuffix(line, []byte("\x00"+cameraName+"\x00")) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// The program itself: it says where it is, shows a label within seconds, and
// ends cleanly, its camera process with it.
func TestRunStartsAndStopsCleanly(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			began := time.Now()
			command := exec.Command(os.Args[0], "run", "--listen", "127.0.0.1:0")
			command.Env = append(os.Environ(), asCanting+"=1")
			var stderr bytes.Buffer
			command.Stderr = &stderr
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			defer command.Process.Kill()
			line, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatalf("%v: %s", err, stderr.String())
			}
			url := strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(line, "Canting is at ")), "/")
			s, _ := waitState(t, url, "a live label", 15*time.Second, labelled)
			t.Logf("start to first label: %d ms", time.Since(began).Milliseconds())
			if !s.Demo || s.Camera.Source != "demo" {
				t.Errorf("without a configuration the state is %+v", s)
			}
			cameras := children(t, command.Process.Pid)
			if len(cameras) != 1 {
				t.Errorf("there are %d camera processes", len(cameras))
			}
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			stopped := time.Now()
			if err := command.Wait(); err != nil {
				t.Errorf("the kiosk ended with %v: %s", err, stderr.String())
			}
			if took := time.Since(stopped); took > 3*time.Second {
				t.Errorf("stopping took %v", took)
			}
			for _, pid := range cameras {
				if err := syscall.Kill(pid, 0); err == nil {
					t.Errorf("the camera process %d outlives the kiosk", pid)
				}
			}
		})
	}
}

// A camera process that hangs takes its label off the screen within 2 s, and
// the label comes back by itself.
func TestHungCameraLosesItsLabelAndComesBack(t *testing.T) {
	url := startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: demo, hold: 300ms}\n", testModel(t, nil)))
	waitState(t, url, "a live label", 10*time.Second, labelled)
	cameras := children(t, os.Getpid())
	if len(cameras) != 1 {
		t.Fatalf("there are %d camera processes", len(cameras))
	}
	if err := syscall.Kill(cameras[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_, took := waitState(t, url, "the label's end", 4*time.Second, func(s state) bool { return !labelled(s) })
	if took > 2*time.Second {
		t.Errorf("the label of a hung camera stood for %v", took)
	}
	s, _ := waitState(t, url, "the label's return", 10*time.Second, labelled)
	if s.Camera.Restarts == 0 {
		t.Error("the camera process was not started again")
	}
}

// Wrong models and busy addresses end the program at once, with a reason.
func TestRunRefusesWhatCannotServe(t *testing.T) {
	url := startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\n", testModel(t, nil)))
	code, _, stderr := canting("run", "--listen", strings.TrimPrefix(url, "http://"))
	if code != exitFailed || !strings.Contains(stderr, "--listen") {
		t.Errorf("a busy address: exit %d, %s", code, stderr)
	}
	config := filepath.Join(t.TempDir(), "kiosk.yaml")
	if err := os.WriteFile(config, []byte("model: absent.tflite\ncamera: {source: demo}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr = canting("run", "--config", config)
	if code != exitFailed || !strings.Contains(stderr, filepath.Join(filepath.Dir(config), "absent.tflite")) {
		t.Errorf("an absent model: exit %d, %s", code, stderr)
	}
}

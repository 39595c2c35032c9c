package firmware

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// program builds the kiosk's own program, which is smaller than the tests.
func program(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "canting")
	if out, err := exec.Command("go", "build", "-o", path, "canting/firmware/cmd/canting").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v: %s", err, out)
	}
	return path
}

// memory is what a process takes, in KiB: all that is mapped and present; the
// same with shared pages divided among those who share them; its own.
type memory struct{ rss, pss, anonymous int }

func memoryOf(t testing.TB, pid int) (m memory) {
	t.Helper()
	text := readFile(t, fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(text)) {
		fmt.Sscanf(line, "Rss: %d kB", &m.rss)
		fmt.Sscanf(line, "Pss: %d kB", &m.pss)
		fmt.Sscanf(line, "Anonymous: %d kB", &m.anonymous)
	}
	return m
}

func (m memory) String() string {
	return fmt.Sprintf("%.1f MiB present, %.1f MiB by its share, %.1f MiB of its own", float64(m.rss)/1024, float64(m.pss)/1024, float64(m.anonymous)/1024)
}

// With a viewer, presses and frames of 640 x 480, the kiosk's two processes
// stay within their memory.
func TestProcessesStaySmall(t *testing.T) {
	const parentLimit, cameraLimit = 64 << 10, 128 << 10 // KiB
	command := exec.Command(program(t), "run", "--listen", "127.0.0.1:0")
	command.Stderr = t.Output()
	url := listening(t, command)
	defer stopProgram(t, command)
	pid := command.Process.Pid
	s, _ := waitState(t, url, "a live label", 30*time.Second, labelled)
	if s.Camera.Width != 640 || s.Camera.Height != 480 {
		t.Errorf("the frames are %d x %d", s.Camera.Width, s.Camera.Height)
	}
	stream, err := http.Get(url + "/stream.mjpg")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	var highest memory
	for began := time.Now(); time.Since(began) < 5*time.Second; {
		if _, err := stream.Body.Read(make([]byte, 64<<10)); err != nil {
			t.Fatal(err)
		}
		fetch(t, "POST", url+"/api/v1/shutter")
		if m := memoryOf(t, pid); time.Since(began) > time.Second && m.rss > highest.rss {
			highest = m
		}
	}
	t.Logf("the parent: %v", highest)
	if highest.rss > parentLimit {
		t.Errorf("the parent takes more than %d MiB", parentLimit>>10)
	}
	for _, camera := range children(t, pid) {
		m := memoryOf(t, camera)
		t.Logf("the camera process: %v", m)
		if m.rss > cameraLimit {
			t.Errorf("the camera process takes more than %d MiB", cameraLimit>>10)
		}
	}
}

// Only what cannot have been changed is given back.
func TestUnchangedFilesOfAProcess(t *testing.T) {
	found, err := unchangedFiles(strings.NewReader(`
55d00000-55d01000 r--p 00000000 fe:00 1 /usr/bin/canting
Rss:                   4 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
55d01000-55d02000 r-xp 00001000 fe:00 1 /usr/bin/canting with a space
Anonymous:             0 kB
55d02000-55d03000 r--p 00002000 fe:00 1 /usr/lib/relocated.so
Anonymous:             4 kB
55d03000-55d04000 rw-p 00003000 fe:00 1 /usr/lib/data.so
Anonymous:             0 kB
55d04000-55d05000 r--s 00003000 fe:00 1 /shared/file
Anonymous:             0 kB
55d05000-55d06000 r--p 00000000 00:00 0
Anonymous:             0 kB
7fff0000-7fff1000 r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
`[1:]))
	want := []region{{0x55d00000, 0x55d01000}, {0x55d01000, 0x55d02000}}
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("%x, %v; want %x", found, err, want)
	}
	if _, err := unchangedFiles(strings.NewReader("no smaps\n")); err == nil {
		t.Error("what is no smaps is read")
	}
	own, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if found, err := unchangedFiles(own); err != nil || len(found) < 10 {
		t.Errorf("this process has %d such regions, %v", len(found), err)
	}
}

package firmware

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"canting/capture/faultycamera"
	"canting/firmware/demo"
)

// asCanting makes the test binary be the program, as which the kiosk under
// test starts it again for its camera process.
const (
	asCanting   = "CANTING_TEST_IS_THE_PROGRAM"
	onOneThread = "on one thread"
)

func TestMain(m *testing.M) {
	if os.Getenv(asCanting) == onOneThread {
		runtime.LockOSThread() // whoever counts its system calls finds them in one place
	}
	if len(os.Args) == 4 && os.Args[1] == asTrial {
		os.Exit(liveThroughTrial(os.Args[2], os.Args[3]))
	}
	if script := os.Getenv(faultycamera.Variable); script != "" && len(os.Args) == 2 && os.Args[1] == cameraName {
		if err := faultycamera.Serve(context.Background(), faultycamera.Script(script), demo.Cloths()); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(asCanting) != "" || len(os.Args) == 2 && os.Args[1] == cameraName {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// startKiosk runs a kiosk with its real camera process until the test ends.
// Without a configuration text it is the embedded default.
func startKiosk(t testing.TB, yaml string) (url string) {
	t.Helper()
	path := ""
	if yaml != "" {
		path = filepath.Join(t.TempDir(), "kiosk.yaml")
		if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return runKiosk(t, path)
}

// runKiosk runs a kiosk on a configuration file until the test ends.
func runKiosk(t testing.TB, path string) (url string) {
	t.Helper()
	return runKioskLogging(t, path, t.Output())
}

func runKioskLogging(t testing.TB, path string, log io.Writer) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, source{path, "127.0.0.1:0"}, out, slog.New(slog.NewTextHandler(log, nil)))
		out.CloseWithError(fmt.Errorf("the kiosk ended: %w", err))
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the kiosk ended with %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the kiosk did not stop within 10 s")
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "Canting is at ")
	if !ok {
		t.Fatalf("the kiosk printed %q", line)
	}
	return strings.TrimSuffix(url, "/")
}

// stateOf asks a kiosk for its state.
func stateOf(t testing.TB, url string) state {
	t.Helper()
	response, err := http.Get(url + "/api/v1/state")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var s state
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// waitState waits until the state is as wanted, and tells how long it took.
func waitState(t testing.TB, url, what string, patience time.Duration, wanted func(state) bool) (state, time.Duration) {
	t.Helper()
	began := time.Now()
	for {
		s := stateOf(t, url)
		if wanted(s) {
			return s, time.Since(began)
		}
		if time.Since(began) > patience {
			t.Fatalf("%s did not happen within %v; the state is %+v", what, patience, s)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func labelled(s state) bool { return s.Answer != nil }

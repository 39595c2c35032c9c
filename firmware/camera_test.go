package firmware

import (
	"path/filepath"
	"testing"
	"time"

	"canting/capture/faultycamera"
)

// The whole kiosk, with its own camera process: no label is shown once the
// camera's picture has stopped, whatever stopped it, and all is well again when
// the camera is. A machine that does other work besides may be late by busy.
func TestNoLabelWithoutACamera(t *testing.T) {
	const busy = time.Second
	script := faultycamera.Script(filepath.Join(t.TempDir(), "script"))
	t.Setenv(faultycamera.Variable, string(script))
	url := startKiosk(t, "camera: {source: v4l2}\n")
	waitState(t, url, "a first label", 30*time.Second, labelled)
	for _, fault := range []faultycamera.Fault{faultycamera.Frozen, faultycamera.Blocked, faultycamera.Killed} {
		if err := script.Play(fault); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		s, _ := waitState(t, url, "the loss of the camera", 20*time.Second, func(s state) bool { return s.Camera.State == "lost" })
		if took := s.Camera.Since.Sub(began); took > 2*time.Second+busy {
			t.Errorf("%s: lost after %v, want within 2s", fault, took)
		}
		waitState(t, url, "the label's end", time.Second+busy, func(s state) bool { return s.Answer == nil })
		for watched := time.Now(); time.Since(watched) < 2*time.Second; time.Sleep(20 * time.Millisecond) {
			if s := stateOf(t, url); s.Answer != nil {
				t.Fatalf("%s: a label without a camera: %+v", fault, *s.Answer)
			}
		}
		if err := script.Play(faultycamera.None); err != nil {
			t.Fatal(err)
		}
		_, took := waitState(t, url, "the camera's return", 20*time.Second, labelled)
		if took > 10*time.Second+busy {
			t.Errorf("%s: a label again %v after the fault's end, want within 10s", fault, took)
		}
		t.Logf("%s: a label again after %v", fault, took)
	}
}

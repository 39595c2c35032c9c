package firmware

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"canting/firmware/store"
)

// slotOf is what the command line lists of a model.
func (g gallery) slotOf(t testing.TB, digest string) store.Slot {
	t.Helper()
	slots := g.slots(t)
	i := slices.IndexFunc(slots, func(s store.Slot) bool { return s.Digest == digest })
	if i < 0 {
		t.Fatalf("there is no slot %.12s", digest)
	}
	return slots[i]
}

// A model that twice takes the whole program down within its first minute gives
// way to the one before it; a single death, or clean stops, say nothing.
func TestModelThatTakesTheKioskDownIsTakenBack(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	good, bad := g.digests[0], g.digests[1]
	for i := range g.models {
		g.do(t, "install", g.models[i])
	}
	g.do(t, "activate", good)
	serves := func(url, digest string) state {
		t.Helper()
		s, _ := waitState(t, url, "the model "+digest[:8], time.Minute, func(s state) bool { return s.Answer != nil && s.Answer.Model == digest })
		return s
	}
	url, command := launch(t, g.config)
	serves(url, good)
	g.do(t, "activate", bad)
	serves(url, bad) // on trial since before the exchange
	if slot := g.slotOf(t, bad); !slot.Current || slot.Cut != 1 {
		t.Errorf("on trial: %+v", slot)
	}
	until(t, "the model before is no longer on trial", func() bool { return g.slotOf(t, good).Cut == 0 }) // noted after the exchange
	die := func(signal syscall.Signal) {
		t.Helper()
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(); err == nil {
			t.Fatalf("the kiosk outlived %v", signal)
		}
	}
	die(syscall.SIGSEGV)
	url, command = launch(t, g.config)
	if s := serves(url, bad); s.Model.Problem != nil { // the power may have done it
		t.Errorf("after one death: %+v", s.Model.Problem)
	}
	die(syscall.SIGKILL)
	url, command = launch(t, g.config)
	s := serves(url, good)
	if p := s.Model.Problem; p == nil || p.Reason != store.Crashed || !strings.Contains(p.What, bad[:12]) {
		t.Errorf("the problem is %+v", p)
	}
	if _, _, metrics := fetch(t, "GET", url+"/metrics"); !strings.Contains(metrics, `canting_model_rollbacks_total{reason="crashed"} 1`) {
		t.Error("/metrics does not count the rollback")
	}
	if slot := g.slotOf(t, bad); slot.Current || slot.Previous || slot.Cut != 2 {
		t.Errorf("given up: %+v", slot)
	}
	if _, stdout, _ := canting("models", "list", "--config", g.config); !strings.Contains(stdout, "took the kiosk down 2 times") {
		t.Errorf("the list is %s", stdout)
	}
	stopProgram(t, command)

	g.do(t, "activate", bad) // by hand it gets another chance
	for range 3 {
		url, command = launch(t, g.config)
		serves(url, bad)
		stopProgram(t, command)
		if slot := g.slotOf(t, bad); slot.Cut != 0 || slot.Proved {
			t.Errorf("after a clean stop: %+v", slot)
		}
	}
}

// Each start of a library that never ends its trial stands for a crash; the
// second model crashes, the first stops cleanly while it is good.
func TestCrashingModelsOfEveryOrigin(t *testing.T) {
	g := newGallery(t)
	good := true
	first := func(model string) (digest string, wrong error) {
		t.Helper()
		config, err := loadConfig(g.config)
		if err != nil {
			t.Fatal(err)
		}
		config.Model = model
		models, err := openLibrary(config)
		if err != nil {
			t.Fatal(err)
		}
		defer models.close()
		c, wrong, err := models.first()
		if err != nil {
			t.Fatalf("%q: nothing serves: %v", model, err)
		}
		defer c.close()
		if good && c.origin.Digest == g.digests[0] {
			models.endTrial(c.origin, false)
		}
		return c.origin.Digest, wrong
	}
	// A file, and nothing else that could serve: it goes on.
	for i := range 5 {
		digest, wrong := first(g.models[1])
		if digest != g.digests[1] || (wrong != nil) != (i >= 2) || wrong != nil && store.ReasonOf(wrong) != store.Crashed {
			t.Errorf("start %d with a file: %.8s, %v", i, digest, wrong)
		}
	}
	// With an activated model at hand, that serves instead.
	g.do(t, "install", g.models[0])
	g.do(t, "activate", g.digests[0])
	if digest, wrong := first(g.models[1]); digest != g.digests[0] || store.ReasonOf(wrong) != store.Crashed {
		t.Errorf("a file beside an activated model: %.8s, %v", digest, wrong)
	}
	// A slot by name likewise, after its own two deaths.
	g.do(t, "install", g.models[1])
	g.do(t, "activate", g.digests[1])
	g.do(t, "rollback")
	for i, want := range []int{1, 1, 0, 0} {
		if digest, wrong := first(g.digests[1][:8]); digest != g.digests[want] || (wrong != nil) != (want == 0) {
			t.Errorf("start %d with a slot: %.8s, %v", i, digest, wrong)
		}
	}
	// The activated model goes on where the one before it is no better.
	good = false
	for i := range 5 {
		if digest, wrong := first(""); digest != g.digests[0] || (wrong != nil) != (i >= 2) {
			t.Errorf("start %d with the last model: %.8s, %v", i, digest, wrong)
		}
	}
	// The demonstration has no trials.
	saveInPlace(t, g.config, fmt.Sprintf("models: {store: other, keys: [%s]}\ncamera: {source: demo}\n", g.ours.public))
	for i := range 4 {
		if _, wrong := first(""); wrong != nil {
			t.Errorf("start %d of the demonstration: %v", i, wrong)
		}
	}
}

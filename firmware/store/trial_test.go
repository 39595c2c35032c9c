package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// slotOf is what the store says of a model.
func slotOf(t testing.TB, s *Store, digest string) Slot {
	t.Helper()
	for _, slot := range must[[]Slot](t)(s.Slots()) {
		if slot.Digest == digest {
			return slot
		}
	}
	t.Fatalf("there is no slot %.12s", digest)
	return Slot{}
}

func TestSecondCutTrialCondemns(t *testing.T) {
	path := t.TempDir()
	p := testPolicy(t, true)
	// Each call is by a program of its own, as after a crash.
	s := func() *Store { return openTest(t, path, p) }
	var models []Model
	for i := range 2 {
		models = append(models, must[Model](t)(s().Install(fmt.Appendf(nil, "model %d", i), nil, "")))
		must[Model](t)(s().Activate(models[i].Digest))
	}
	good, bad := models[0].Digest, models[1].Digest
	begin := func(digest string, want Reason) {
		t.Helper()
		if err := s().BeginTrial(digest); want == "" && err != nil || want != "" && ReasonOf(err) != want {
			t.Errorf("the trial of %.8s begins with %v, want %q", digest, err, want)
		}
	}
	end := func(digest string, proved bool) {
		t.Helper()
		if err := s().EndTrial(digest, proved); err != nil {
			t.Error(err)
		}
	}
	// One cut, then a clean stop; any number of times.
	for range 5 {
		begin(bad, "")
		begin(bad, "")
		end(bad, false)
	}
	begin(bad, "")
	begin(bad, "")
	if slot := slotOf(t, s(), bad); slot.Cut != 2 || slot.Proved {
		t.Errorf("after two cuts: %+v", slot)
	}
	begin(bad, Crashed)
	begin(bad, Crashed)
	begin(good, "") // the one says nothing of the other
	if m := must[Model](t)(s().GiveUp(bad)); m.Digest != good {
		t.Errorf("given up for %.8s", m.Digest)
	}
	if m := must[Model](t)(s().GiveUp(bad)); m.Digest != good { // once more is no change
		t.Errorf("given up for %.8s", m.Digest)
	}
	if _, err := s().Rollback(); err == nil {
		t.Error("a rollback led back to the model that was given up")
	}
	if _, err := s().GiveUp(good); err == nil {
		t.Error("the last model was given up")
	}
	// Proved is proved, whatever the power does.
	end(good, true)
	for range 5 {
		begin(good, "")
	}
	end(good, false)
	if slot := slotOf(t, s(), good); !slot.Proved || slot.Cut != 0 {
		t.Errorf("the proved model: %+v", slot)
	}
	// By hand it gets another chance.
	must[Model](t)(s().Activate(bad))
	begin(bad, "")

	for _, text := range []string{"", "\n", "x 1\n", good + "\n", good + " -1\n" + bad + " 99999999999999999999\n", strings.Repeat("z", maxTrialsBytes+1)} {
		if err := os.WriteFile(filepath.Join(path, trialsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		begin(good, "")
		if slot := slotOf(t, s(), good); slot.Cut != 1 {
			t.Errorf("after %.30q: %+v", text, slot)
		}
	}
	for i := range 3 * maxTrials {
		begin(fmt.Sprintf("%064x", i), "")
	}
	if all := must[[]trial](t)(s().trials()); len(all) != maxTrials || all[maxTrials-1].digest != fmt.Sprintf("%064x", 3*maxTrials-1) {
		t.Errorf("%d lines are kept, the last %+v", len(all), all[len(all)-1])
	}
}

// The power may go at each of a model's first minutes: what ends with the
// machine's boot says nothing against it.
func TestPowerCutsCondemnNoModel(t *testing.T) {
	path := t.TempDir()
	p := testPolicy(t, true)
	digest := must[Model](t)(openTest(t, path, p).Install([]byte("a model"), nil, "")).Digest
	begin := func(boot string) error {
		s := openTest(t, path, p)
		s.boot = boot
		return s.BeginTrial(digest)
	}
	for i := range 5 {
		if err := begin(fmt.Sprint("boot ", i)); err != nil {
			t.Errorf("after %d cuts: %v", i, err)
		}
	}
	for i := range 2 {
		if err := begin("the last"); err != nil {
			t.Errorf("after %d crashes: %v", i, err)
		}
	}
	for _, boot := range []string{"the last", "the last", "another"} {
		if err := begin(boot); ReasonOf(err) != Crashed {
			t.Errorf("after two crashes in one boot: %v", err)
		}
	}
}

// What a trial's beginning and end note outlasts a power cut right after; a
// store that forgets a sync is found out.
func TestTrialsOutlastPowerCuts(t *testing.T) {
	p := testPolicy(t, true)
	lost := func(forgetful func(*crashDisk) disk) (lost int) {
		d := newCrashDisk(nil)
		s := must[*Store](t)(open(d, p))
		m := must[Model](t)(s.Install([]byte("a model"), nil, ""))
		s = must[*Store](t)(open(forgetful(d), p))
		for _, c := range []struct {
			do    func() error
			holds func(Slot) bool
		}{
			{func() error { return s.BeginTrial(m.Digest) }, func(s Slot) bool { return s.Cut == 1 }},
			{func() error { return s.BeginTrial(m.Digest) }, func(s Slot) bool { return s.Cut == 2 }},
			{func() error { return s.EndTrial(m.Digest, true) }, func(s Slot) bool { return s.Proved }},
		} {
			if err := c.do(); err != nil {
				t.Fatal(err)
			}
			for _, held := range d.after() {
				if !c.holds(slotOf(t, must[*Store](t)(open(newCrashDisk(held), p)), m.Digest)) {
					lost++
				}
			}
		}
		return lost
	}
	if n := lost(func(d *crashDisk) disk { return d }); n > 0 {
		t.Errorf("%d notes were lost", n)
	}
	if lost(func(d *crashDisk) disk { return unsyncedFolder{d} }) == 0 || lost(func(d *crashDisk) disk { return unsyncedFiles{d} }) == 0 {
		t.Error("without syncing nothing is lost")
	}
}

// Old models are removed, but none that is needed.
func TestInstallKeepsTheNewestAndTheNeeded(t *testing.T) {
	ours := newSigner(t)
	path := t.TempDir()
	s := openTest(t, path, testPolicy(t, false, ours.public))
	var models []Model
	install := func(keep string) {
		t.Helper()
		file := fmt.Appendf(nil, "model %d", len(models))
		models = append(models, must[Model](t)(s.Install(file, ours.sign(t, file, "version:1"), keep)))
	}
	there := func(i int) bool {
		for _, slot := range must[[]Slot](t)(s.Slots()) {
			if slot.Digest == models[i].Digest {
				if slot.Wrong != "" || !slot.Signed {
					t.Errorf("slot %+v", slot)
				}
				return true
			}
		}
		return false
	}
	for range 3 {
		install("")
	}
	must[Model](t)(s.Activate(models[0].Digest))
	must[Model](t)(s.Activate(models[1].Digest))
	named := models[2].Digest[:8]
	for range 2 * Newest {
		install(named)
	}
	must[Model](t)(s.Install(models[3+Newest].File, models[3+Newest].Signature, named)) // is the newest again
	for i := range models {
		want := i < 3 || i >= 3+Newest
		if there(i) != want {
			t.Errorf("model %d of %d is there: %v", i, len(models), there(i))
		}
	}
	left, err := filepath.Glob(filepath.Join(path, "*"+signatureSuffix))
	if err != nil || len(left) != 3+Newest {
		t.Errorf("%d signatures are left (%v)", len(left), err)
	}
	install("") // the configuration names it no longer
	if there(2) || !there(0) || !there(1) {
		t.Error("the wrong models were removed")
	}
}

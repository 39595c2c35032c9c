package firmware

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/firmware/store"
	"canting/infer/metadata"
)

func TestModelsCommands(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	if slots := g.slots(t); len(slots) != 0 {
		t.Errorf("an empty store lists %v", slots)
	}
	if r := g.do(t, "verify", g.models[1]); r.SHA256 != g.digests[1] || !r.Signed || r.Version != 2 || len(r.Labels) != 4 || r.Goldens != 1 || len(r.Warnings) != 0 {
		t.Errorf("verified: %+v", r)
	}
	if slots := g.slots(t); len(slots) != 0 {
		t.Errorf("verifying installed %v", slots)
	}
	for i, path := range g.models {
		if r := g.do(t, "install", path); r.SHA256 != g.digests[i] || r.Did != "installed" {
			t.Errorf("installed: %+v", r)
		}
	}
	current := func(what, want string) {
		t.Helper()
		slots := g.slots(t)
		i := slices.IndexFunc(slots, func(s store.Slot) bool { return s.Current })
		if len(slots) != 2 || i < 0 && want != "" || i >= 0 && slots[i].Digest != want {
			t.Errorf("%s the slots are %+v", what, slots)
		}
	}
	current("after installing", "")
	g.do(t, "activate", g.digests[0][:8])
	current("after activating", g.digests[0])
	g.do(t, "activate", g.digests[1])
	current("after activating the other", g.digests[1])
	if r := g.do(t, "rollback"); r.SHA256 != g.digests[0] {
		t.Errorf("rolled back to %+v", r)
	}
	current("after rollback", g.digests[0])

	// Refusals leave everything as it is.
	stranger := filepath.Join(t.TempDir(), "stranger.tflite")
	writeFile(t, stranger, readFile(t, g.models[0]))
	g.theirs.sign(t, stranger, 9)
	bad := testModelOf(t, misnamed(t), 0.3, func(golden *metadata.Golden) { golden.Output[0] ^= 1 })
	g.ours.sign(t, bad, 9)
	for path, want := range map[string]store.Reason{stranger: store.WrongKey, bad: wrongGolden, "absent.tflite": store.Unread} {
		for _, command := range []string{"verify", "install"} {
			var r refusedReport
			if code := g.run(t, &r, command, path); code != exitFailed || command == "install" && r.Refused != want || r.Error == "" {
				t.Errorf("%s %s: exit %d, %+v", command, path, code, r)
			}
		}
	}
	current("after refusals", g.digests[0])

	// What the configuration names goes before what is activated.
	saveInPlace(t, g.config, string(readFile(t, g.config))+"model: "+g.models[0]+"\n")
	if r := g.do(t, "activate", g.digests[1]); len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], `set model: ""`) {
		t.Errorf("activated beside a named model: %+v", r)
	}
	for _, args := range [][]string{{"models", "bogus"}, {"models", "install"}, {"models", "rollback", "x"}} {
		if code, _, stderr := canting(args...); code != exitMisuse {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := canting("models", "list"); code != exitFailed || !strings.Contains(stderr, "--store") {
		t.Errorf("without a store: exit %d, %s", code, stderr)
	}
}

// A running kiosk, a process of its own, takes up what the command line
// activates and rolls back, and what its configuration names.
func TestRunningKioskFollowsTheCommandLine(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	url := startProgram(t, g.config)
	serves := func(what, source, digest string) {
		t.Helper()
		s, took := waitState(t, url, what, swapPatience, func(s state) bool {
			return s.Answer != nil && s.Model.Source == source && (digest == "" || s.Answer.Model == digest)
		})
		t.Logf("%s took %d ms", what, took.Milliseconds())
		if s.Model.Problem != nil {
			t.Errorf("%s: %+v", what, s.Model.Problem)
		}
	}
	serves("the demonstration", sourceDemo, "")
	g.do(t, "install", g.models[0])
	g.do(t, "activate", g.digests[0])
	serves("the first model", sourceActive, g.digests[0])
	g.do(t, "install", g.models[1])
	g.do(t, "activate", g.digests[1])
	serves("the second model", sourceActive, g.digests[1])
	g.do(t, "rollback")
	serves("the rollback", sourceActive, g.digests[0])

	// A slot that the configuration names, and a file.
	saveByRename(t, g.config, string(readFile(t, g.config))+"model: \""+g.digests[1][:10]+"\"\n")
	serves("a slot by name", sourceSlot, g.digests[1])
	saveInPlace(t, g.config, strings.Replace(string(readFile(t, g.config)), "model: \""+g.digests[1][:10]+"\"", "model: "+g.models[0], 1))
	serves("a file", sourceFile, g.digests[0])
}

// A kiosk whose current model was damaged starts with the previous one and
// says why.
func TestKioskStartsWithThePreviousModelWhenTheCurrentIsDamaged(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	for i := range g.models {
		g.do(t, "install", g.models[i])
		g.do(t, "activate", g.digests[i])
	}
	path := filepath.Join(filepath.Dir(g.config), "models", g.digests[1]+".tflite")
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	url := runKiosk(t, g.config)
	s, _ := waitState(t, url, "a live label", swapPatience, labelled)
	if s.Answer.Model != g.digests[0] || s.Model.Problem == nil || s.Model.Problem.Reason != store.Altered {
		t.Errorf("the state is %+v, %+v", s.Model, s.Model.Problem)
	}
}

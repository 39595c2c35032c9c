package firmware

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"canting/firmware/store"
	"canting/infer/metadata"
)

// changing are the system calls by which a program can change files, open
// them, lock them or let go of them. A program killed at any other leaves what
// it would have left at the next of these.
const changing = "open,openat,creat,write,pwrite64,writev,fsync,fdatasync,flock,close," +
	"rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,ftruncate,fallocate,link,linkat,symlink,symlinkat,fchmod,fchmodat"

// powerCut is one command whose power is cut.
type powerCut struct {
	name     string
	args     []string
	old, new string // the digest that serves before and after it
	repeat   bool   // doing it again after the cut leads to new
}

// asTrial makes the test binary note a trial as a kiosk does: first its
// beginning, then that it proved the model, and then that another was given up.
const asTrial = "trial"

func liveThroughTrial(folder, digest string) (exit int) {
	policy, err := store.NewPolicy(nil, true, 1<<20)
	if err != nil {
		return exitMisuse
	}
	s, err := store.Open(folder, policy)
	if err == nil {
		err = s.BeginTrial(digest)
	}
	if err == nil {
		err = s.EndTrial(digest, true)
	}
	if err == nil {
		_, err = s.GiveUp(digest)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitDone
}

// traced runs the program on one thread under strace and returns the main
// thread's calls of those in changing. inject, unless it is empty, is where it
// is killed.
func (g gallery) traced(t testing.TB, inject string, args []string) (calls []string, killed bool) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "strace")
	strace := []string{"-f", "-qq", "-o", log, "-e", "trace=" + changing}
	if inject != "" {
		strace = append(strace, "-e", "inject="+inject)
	}
	program := []string{os.Args[0], "models", "--config", g.config}
	if args[0] == asTrial {
		program = []string{os.Args[0]}
	}
	command := exec.Command("strace", slices.Concat(strace, program, args)...)
	command.Env = append(os.Environ(), asCanting+"="+onOneThread, "GODEBUG=asyncpreemptoff=1")
	out, err := command.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status := exit.Sys().(syscall.WaitStatus)
		killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	if err != nil && !killed {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	main := ""
	for line := range strings.Lines(string(readFile(t, log))) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		if main == "" {
			main = pid
		}
		if call = strings.TrimSpace(call); pid == main && strings.IndexAny(call, "+-<") != 0 { // no signal, exit or second half
			calls = append(calls, call)
		}
	}
	return calls, killed
}

// killAt is strace's expression for the kill at the entry of calls[i]: the
// program's so-many-th call of that name.
func killAt(calls []string, i int) string {
	name, _, _ := strings.Cut(calls[i], "(")
	count := 0
	for _, call := range calls[:i+1] {
		if strings.HasPrefix(call, name+"(") {
			count++
		}
	}
	return fmt.Sprintf("%s:signal=KILL:when=%d", name, count)
}

// The program is killed at every system call by which install, activate,
// rollback and a trial touch files. After each, the kiosk starts with the model from before
// or the one from after, verified, and the command can be given again.
// CANTING_POWER=all tries every call; otherwise it is every sixteenth.
func TestPowerCutsAtEverySystemCall(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace on this machine: the program is not killed at its system calls (scripts/setup.sh test installs it)")
	}
	step := 16
	if os.Getenv("CANTING_POWER") == "all" {
		step = 1
	}
	g := newGallery(t)
	third := testModelOf(t, demoCloths(t)[:8], 0.4, func(*metadata.Golden) {})
	g.ours.sign(t, third, 3)
	last := digestOf(t, third)
	for i := range g.models {
		g.do(t, "install", g.models[i])
		g.do(t, "activate", g.digests[i])
	}
	installed := snapshot(t, g.config)
	g.do(t, "install", third)
	ready := snapshot(t, g.config)
	// So many that the next install removes one.
	another := ""
	for i := range store.Newest {
		another = testModelOf(t, demoCloths(t)[:8], 0.5+float64(i)/100, func(*metadata.Golden) {})
		g.ours.sign(t, another, 3)
		if i < store.Newest-1 {
			g.do(t, "install", another)
		}
	}
	full := snapshot(t, g.config)
	folder := filepath.Join(filepath.Dir(g.config), "models")

	points := 0
	for _, c := range []struct {
		powerCut
		before map[string][]byte
	}{
		{powerCut{"install", []string{"install", third}, g.digests[1], g.digests[1], true}, installed},
		{powerCut{"install and remove", []string{"install", another}, g.digests[1], g.digests[1], true}, full},
		{powerCut{"trial", []string{asTrial, folder, g.digests[1]}, g.digests[1], g.digests[0], false}, ready},
		{powerCut{"activate", []string{"activate", last}, g.digests[1], last, true}, ready},
		{powerCut{"rollback", []string{"rollback"}, g.digests[1], g.digests[0], false}, ready},
	} {
		restore(t, g.config, c.before)
		calls, _ := g.traced(t, "", c.args)
		first := slices.IndexFunc(calls, func(call string) bool { return strings.Contains(call, filepath.Dir(g.config)+"/models") })
		if first < 0 {
			t.Fatalf("%s touches no file of the store: %q", c.name, calls)
		}
		tried := 0
		for cut := first; cut < len(calls); cut += step {
			restore(t, g.config, c.before)
			if _, killed := g.traced(t, killAt(calls, cut), c.args); !killed {
				t.Fatalf("%s was not killed at call %d of %d, %s", c.name, cut, len(calls), calls[cut])
			}
			g.checkAfterCut(t, c.powerCut, fmt.Sprintf("%s killed at %q", c.name, calls[cut]))
			tried++
		}
		t.Logf("%s: killed at %d of %d calls", c.name, tried, len(calls)-first)
		points += tried
	}
	t.Logf("%d power cuts", points)
}

// checkAfterCut starts the kiosk's models as the kiosk does.
func (g gallery) checkAfterCut(t testing.TB, c powerCut, what string) {
	t.Helper()
	serving := func() string {
		config, err := loadConfig(g.config)
		if err != nil {
			t.Fatal(err)
		}
		models, err := openLibrary(config)
		if err != nil {
			t.Fatalf("%s: the store does not open: %v", what, err)
		}
		defer models.close()
		classifier, wrong, err := models.first()
		if err != nil || wrong != nil {
			t.Fatalf("%s: %v, %v", what, wrong, err)
		}
		defer classifier.close()
		if o := classifier.origin; o.Source != sourceActive || !o.Signed {
			t.Errorf("%s: %s serves, signed %v", what, o.Source, o.Signed)
		}
		return classifier.origin.Digest
	}
	if digest := serving(); digest != c.old && digest != c.new {
		t.Errorf("%s: %.12s serves", what, digest)
	}
	for _, slot := range g.slots(t) {
		if slot.Wrong != "" {
			t.Errorf("%s: the slot %.12s is wrong: %s", what, slot.Digest, slot.Wrong)
		}
		if slot.Cut > 2 { // that of the cut and the one by serving above
			t.Errorf("%s: the slot %.12s counts %d deaths", what, slot.Digest, slot.Cut)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(g.config), "models", "*.pending"))
	if err != nil || len(left) > 0 {
		t.Errorf("%s: %v is left (%v)", what, left, err)
	}
	if !c.repeat {
		return
	}
	g.do(t, c.args...)
	if digest := serving(); digest != c.new {
		t.Errorf("%s and repeated: %.12s serves", what, digest)
	}
}

// snapshot reads a store's files.
func snapshot(t testing.TB, config string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(config), "models", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		files[path] = readFile(t, path)
	}
	return files
}

// restore makes the store hold exactly these files.
func restore(t testing.TB, config string, files map[string][]byte) {
	t.Helper()
	for path := range snapshot(t, config) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range files {
		writeFile(t, path, content)
	}
}

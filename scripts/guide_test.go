package scripts

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The curator's guide and the language of each.
var guides = []struct{ file, language string }{
	{"panduan-kurator.md", "id"},
	{"curator-guide.md", "en"},
}

// digits are those of a model, as install prints them.
var digits = regexp.MustCompile(`[0-9a-f]{8,}`)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// commands are the command lines of a guide, in its order.
func commands(t *testing.T, file string) (lines []string) {
	t.Helper()
	for _, block := range shellBlock.FindAllStringSubmatch(read(t, filepath.Join("docs", file)), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	return lines
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Both languages of the guide have the same parts and the same commands.
func TestGuidesAgree(t *testing.T) {
	id, en := commands(t, guides[0].file), commands(t, guides[1].file)
	if len(id) < 8 || !slices.Equal(id, en) {
		t.Errorf("the guides' commands differ:\n%q\n%q", id, en)
	}
	parts := regexp.MustCompile(`(?m)^## (\d+)`)
	if a, b := parts.FindAllString(read(t, "docs/"+guides[0].file), -1), parts.FindAllString(read(t, "docs/"+guides[1].file), -1); !slices.Equal(a, b) {
		t.Errorf("the guides' parts differ: %q and %q", a, b)
	}
}

// What the page may ask of the staff or of a visitor stands in the guide, word for
// word.
func TestGuideKnowsWhatThePageSays(t *testing.T) {
	words := read(t, "firmware/page/words.js")
	languages := regexp.MustCompile(`(?s)\n  (\w+): \{\n(.*?)\n  \}`)
	asking := regexp.MustCompile(`(?s)    (?:problems|advice): \{\n.*?\n    \}|    (?:starting|lost|offline|collecting|drift|untold|allowUnsigned): "[^\n]*`)
	said := regexp.MustCompile(`(?m)^ +\w+: (?:\{ what: )?"([^"]*)"`)
	told := map[string]int{}
	for _, block := range languages.FindAllStringSubmatch(words, -1) {
		for _, guide := range guides {
			if guide.language != block[1] {
				continue
			}
			text := read(t, "docs/"+guide.file)
			for _, message := range said.FindAllStringSubmatch(strings.Join(asking.FindAllString(block[2], -1), "\n"), -1) {
				told[guide.language]++
				if !strings.Contains(text, "| "+message[1]+" |") {
					t.Errorf("%s does not say what to do when the page says %q", guide.file, message[1])
				}
			}
		}
	}
	if told["id"] < 20 || told["en"] != told["id"] {
		t.Errorf("found %v messages in words.js, which has more", told)
	}
}

// A curator's day: every command of the guide, in its order, with drawn cloths
// for photographs and a kiosk of its own.
func TestGuideCommandsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a model")
	}
	if _, err := exec.LookPath("minisign"); err != nil {
		t.Skip("no minisign on this machine: the guide's commands are not run (scripts/setup.sh test installs it)")
	}
	c := newCurator(t)
	c.run("canting-trainer draw --seed 5 --count rumah_gadang=5,rangkiang=5,kabau_padati=5,burung_hong=5 --out foto")
	c.run("echo 'training: {epochs: 2}' >short.yaml")
	c.run("mkdir baru && cp foto/test/*/* baru/")
	kiosk, version, installed := "", 0, ""
	for _, line := range commands(t, guides[0].file) {
		if strings.Contains(line, "--kiosk") && kiosk == "" {
			kiosk = c.startKiosk()
		}
		if strings.HasPrefix(line, "minisign -S") {
			version++
		}
		line = strings.ReplaceAll(line, "http://galeri.local:8080", kiosk)
		line = strings.ReplaceAll(line, "1a2b3c4d", installed)
		line = strings.ReplaceAll(line, "trainer curve", "trainer curve --config short.yaml --folds 2") // as it is, it takes an evening
		out := c.run(line)
		if strings.Contains(line, "models install") {
			installed = digits.FindString(out)
		}
	}
	if version == 0 || installed == "" {
		t.Errorf("the guide signed %d models and installed %q", version, installed)
	}
}

// curator is a working folder with the programs at hand.
type curator struct {
	t      *testing.T
	folder string
	env    []string
}

func newCurator(t *testing.T) *curator {
	t.Helper()
	c := &curator{t: t, folder: t.TempDir()}
	programs := t.TempDir()
	for _, main := range []string{"./firmware/cmd/canting", "./trainer/cmd/canting-trainer"} {
		build := exec.Command("go", "build", "-o", programs+"/", main)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", main, err, out)
		}
	}
	c.env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
	return c
}

// run runs a line of the guide in a shell. What asks for a password gets one.
func (c *curator) run(line string) (out string) {
	c.t.Helper()
	command := exec.Command("sh", "-c", line)
	command.Dir, command.Env = c.folder, c.env
	command.Stdin = strings.NewReader("batik tanah liek\nbatik tanah liek\n")
	text, err := command.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", line, err, text)
	}
	return string(text)
}

// startKiosk is the engineer's part: a kiosk that knows the curator's key and
// secret, and has a model. It returns its address.
func (c *curator) startKiosk() (url string) {
	c.t.Helper()
	key := strings.Split(c.run("cat minisign.pub"), "\n")[1]
	c.run("umask 077 && head -c 24 /dev/urandom | base64 >rahasia.txt && mkdir models")
	config := fmt.Sprintf("models: {store: models, keys: [%s]}\ncurator: {secret_file: rahasia.txt}\ncamera: {source: demo}\n", key)
	if err := os.WriteFile(filepath.Join(c.folder, "kiosk.yaml"), []byte(config), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.folder, "first.tflite"), []byte(read(c.t, "firmware/demo/demo.tflite")), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.run("minisign -S -s minisign.key -m first.tflite -t version:1")
	first := digits.FindString(c.run("canting models install first.tflite --config kiosk.yaml"))
	c.run("canting models activate " + first + " --config kiosk.yaml")
	ctx, cancel := context.WithCancel(context.Background())
	kiosk := exec.CommandContext(ctx, "sh", "-c", "exec canting run --config kiosk.yaml --listen 127.0.0.1:0")
	kiosk.Cancel = func() error { return kiosk.Process.Signal(os.Interrupt) }
	kiosk.WaitDelay = 10 * time.Second
	kiosk.Dir, kiosk.Env, kiosk.Stderr = c.folder, c.env, c.t.Output()
	stdout, err := kiosk.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := kiosk.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { cancel(); kiosk.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		c.t.Fatalf("the kiosk did not say where it is: %v", err)
	}
	return strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(line, "Canting is at ")), "/")
}

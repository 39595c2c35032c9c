package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the command line and returns what it printed.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestMistakesHaveTheirCodeAndSentence(t *testing.T) {
	empty, misordered := t.TempDir(), filepath.Join(t.TempDir(), "misordered.yaml")
	if err := os.WriteFile(misordered, []byte("backbone: {file: other.tflite}\nnetwork: [{mean: true}, {conv: 16, kernel: 3}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"", misused, "say what to do"},
		{"paint", misused, `no command "paint"`},
		{"train", misused, "needs --data"},
		{"train --data x", misused, "needs --out"},
		{"train --data x --out y z", misused, "flags only"},
		{"train --epoch 3", misused, "unknown flag"},
		{"inspect", misused, "one model file"},
		{"compare " + empty, misused, "two runs' folders"},
		{"compare " + empty + " " + empty, failed, "run.json"},
		{"crossval --data " + empty + " --out " + empty + "/o --folds 1", failed, "at least 2 folds"},
		{"draw --out " + empty + "/d --count rangkiang", misused, "write MOTIF=NUMBER"},
		{"draw --out " + empty + "/d --count kucing=3", failed, "kucing"},
		{"draw --out " + empty + "/d --test-share 0", misused, "--test-share is 0"},
		{"train --data " + empty + " --out " + empty + "/o", failed, "holds no motif's folder"},
		{"train --data x --out y --config /absent.yaml", failed, "/absent.yaml"},
		{"evaluate --model /absent.tflite --data x", failed, "read the model"},
		{"inspect /dev/null", failed, "/dev/null"},
		{"train --data x --out y --backbone= --config " + misordered, failed, "where only dense stages can stand"},
		{"pretrain --out y --config " + misordered, failed, "where only dense stages can stand"},
		{"reproduce --data x --out y --epochs 0", misused, "training.epochs"},
	} {
		code, out, errs := call(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%q gives %d and %q, %q; want %d and %q", c.args, code, out, errs, c.code, c.want)
		}
	}
}

// TestFromDrawingToEvaluating goes the whole way of the documents, in small.
func TestFromDrawingToEvaluating(t *testing.T) {
	dir := t.TempDir()
	cloths, out, config := filepath.Join(dir, "cloths"), filepath.Join(dir, "out"), filepath.Join(dir, "small.yaml")
	yaml := "input: {size: 32}\nnetwork: [{conv: 4, kernel: 3, pool: true}, {mean: true}]\ntraining: {epochs: 2}\n"
	if err := os.WriteFile(config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	ok := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := call(t, args...)
		if code != done {
			t.Fatalf("%v: exit %d\n%s", args, code, stderr)
		}
		return stdout
	}
	ok("draw", "--out", cloths, "--count", "rangkiang=4,rumah_gadang=4", "--test-share", "0.5")
	if text := ok("train", "--data", cloths, "--out", out, "--config", config); !strings.Contains(text, "of 4 test pictures right") {
		t.Errorf("train prints %q", text)
	}
	model := filepath.Join(out, "model.tflite")
	var evaluation struct {
		Accuracy    *float64                                `json:"accuracy"`
		MacroRecall *float64                                `json:"macro_recall"`
		PerClass    map[string]struct{ Correct, Wrong int } `json:"per_class"`
	}
	text := ok("evaluate", "--model", model, "--data", cloths, "--json")
	if err := json.Unmarshal([]byte(text), &evaluation); err != nil ||
		evaluation.Accuracy == nil || evaluation.MacroRecall == nil || len(evaluation.PerClass) != 2 {
		t.Errorf("evaluate --json prints %s: %v", text, err)
	}
	if lines := strings.Count(ok("evaluate", "--list", "--model", model, "--data", cloths), ".jpg\t"); lines != 4 {
		t.Errorf("evaluate --list names %d of 4 pictures", lines)
	}
	if text := ok("inspect", model); !strings.Contains(text, "CONV_2D") || !strings.Contains(text, "labels: rangkiang, rumah_gadang") || !strings.Contains(text, "trained by canting-trainer, seed 1, on ") {
		t.Errorf("inspect prints %s", text)
	}
	var s summary
	if err := json.Unmarshal([]byte(ok("inspect", "--json", model)), &s); err != nil || len(s.Layers) != 6 || len(s.Canting) == 0 {
		t.Errorf("inspect --json: %v, %+v", err, s)
	}
	folds := filepath.Join(dir, "folds")
	if text := ok("crossval", "--data", cloths, "--out", folds, "--config", config, "--folds", "2", "--seeds", "1"); !strings.Contains(text, "8 photographs, 2 folds, seeds [1]") {
		t.Errorf("crossval prints %q", text)
	}
	if text := ok("compare", out, folds); !strings.Contains(text, "On the 4 pictures that both were tested with") || !strings.Contains(text, "folds") {
		t.Errorf("compare prints %q", text)
	}
	if text := ok("reproduce", "--data", cloths, "--out", filepath.Join(dir, "paper"), "--epochs", "1"); !strings.Contains(text, "62.5") {
		t.Errorf("reproduce does not print the paper's figure:\n%s", text)
	}
	frames := filepath.Join(dir, "frames")
	ok("draw", "--out", frames, "--frames", "1")
	if found, _ := filepath.Glob(filepath.Join(frames, "*.jpg")); len(found) != 4 {
		t.Errorf("draw --frames 1 wrote %v", found)
	}
}

func TestPlainLeavesNothingThatSteersATerminal(t *testing.T) {
	if got := plain("kawung \x1b[31mred\nline é"); got != "kawung \ufffd[31mred\ufffdline é" {
		t.Errorf("got %q", got)
	}
}

package firmware

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/capture"
	"canting/firmware/demo"
	"canting/infer/metadata"
)

// canting runs a command line in this process.
func canting(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Main(args, &out, &errs)
	return code, out.String(), errs.String()
}

// writeCloths writes the demonstration's cloths into a folder.
func writeCloths(t testing.TB, cloths []cloth) (folder string, paths []string) {
	t.Helper()
	folder = t.TempDir()
	for _, c := range cloths {
		path := filepath.Join(folder, c.name)
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return folder, paths
}

func TestClassifyPrintsOneJSONObjectALine(t *testing.T) {
	cloths := demoCloths(t)
	_, paths := writeCloths(t, cloths)
	code, stdout, stderr := canting(append([]string{"classify", "--json", "--model", testModel(t, nil)}, paths...)...)
	if code != exitDone || stderr != "" {
		t.Fatalf("exit %d, stderr %q", code, stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(lines) != len(cloths) {
		t.Fatalf("%d lines for %d files", len(lines), len(cloths))
	}
	for i, line := range lines {
		var keys map[string]json.RawMessage
		var got classified
		if err := json.Unmarshal([]byte(line), &keys); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"file", "label", "confidence", "unknown", "scores", "inference_us"} {
			if _, ok := keys[key]; !ok || len(keys) != 6 {
				t.Errorf("line %s: want exactly the design's keys, %s among them", line, key)
			}
		}
		if got.File != paths[i] || got.Label != cloths[i].motif || got.Unknown || got.Confidence != got.Scores[got.Label] || len(got.Scores) != 4 || !(got.InferenceUS > 0) {
			t.Errorf("%s is answered by %s", cloths[i].name, line)
		}
	}
}

// TestClassifyLooksAsAPressDoes: --press is what the shutter answers to the same
// picture, held still; without it the guide box alone is asked.
func TestClassifyLooksAsAPressDoes(t *testing.T) {
	_, paths := writeCloths(t, demoCloths(t))
	c, err := newClassifier(demo.Model(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	differ := false
	for _, path := range paths {
		frame, err := capture.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := see(c, frame)
		if err != nil {
			t.Fatal(err)
		}
		alone := s.probabilities[0]
		for _, v := range c.preprocessor.Views()[1:] {
			if err := s.widen(v); err != nil {
				t.Fatal(err)
			}
		}
		pressed := s.probabilities[0]
		differ = differ || alone != pressed
		for flag, want := range map[string]float32{"--press=false": alone, "--press": pressed} {
			_, stdout, stderr := canting("classify", "--json", flag, path)
			var got classified
			if err := json.Unmarshal([]byte(stdout), &got); err != nil {
				t.Fatalf("%v (%s)", err, stderr)
			}
			if got.Scores[c.labels[0]] != want {
				t.Errorf("%s: %s gives %v, want %v", path, flag, got.Scores[c.labels[0]], want)
			}
		}
	}
	if !differ {
		t.Error("no picture is answered otherwise by several views")
	}
}

func TestClassifyGoesOnAfterAnUnreadableFile(t *testing.T) {
	cloths := demoCloths(t)[:2]
	folder, paths := writeCloths(t, cloths)
	broken := filepath.Join(folder, "broken.jpg")
	if err := os.WriteFile(broken, cloths[0].file[:200], 0o600); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(folder, "absent.jpg")
	code, stdout, stderr := canting("classify", "--model", testModel(t, nil), paths[0], broken, absent, paths[1])
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], paths[0]+": "+cloths[0].motif) || !strings.HasPrefix(lines[1], paths[1]+": "+cloths[1].motif) {
		t.Errorf("stdout is %q", stdout)
	}
	for _, want := range []string{broken, absent, "2 of 4 files"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr %q does not name %s", stderr, want)
		}
	}
}

// A label is as foreign as the model's file.
func TestLabelsReachTheTerminalPrintable(t *testing.T) {
	_, paths := writeCloths(t, demoCloths(t)[:1])
	cloths := demoCloths(t)
	for i := range cloths {
		cloths[i].motif = "p\x1b[31marang\u202e'é " + cloths[i].motif
	}
	model := testModelOf(t, cloths, 0.4, nil)
	code, stdout, stderr := canting("classify", "--model", model, paths[0])
	if want := `: p\x1b[31marang\u202e'é ` + demoCloths(t)[0].motif; code != exitDone || !strings.HasPrefix(stdout, paths[0]+want) {
		t.Errorf("exit %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
	}
}

func TestClassifySaysOnceWhatItAssumes(t *testing.T) {
	_, paths := writeCloths(t, demoCloths(t)[:2])
	code, stdout, stderr := canting("classify", "--json", "--model", silentModel(t), paths[0], paths[1])
	if code != exitDone || strings.Count(stdout, "\n") != 2 {
		t.Errorf("exit %d, stdout %q", code, stdout)
	}
	if stderr != "canting: "+assumed+"\n" {
		t.Errorf("stderr is %q", stderr)
	}
}

func TestMisuseAndFailureHaveTheirExitCodes(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.tflite")
	if err := os.WriteFile(text, []byte("not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"classify"}, exitMisuse},
		{[]string{"classify", "--modle", "x", "y.jpg"}, exitMisuse},
		{[]string{"clasify"}, exitMisuse},
		{[]string{"run", "extra"}, exitMisuse},
		{[]string{"classify", "--model", text, "y.jpg"}, exitFailed},
		{[]string{"classify", "--model", text + ".absent", "y.jpg"}, exitFailed},
		{[]string{"run", "--config", "absent.yaml"}, exitFailed},
		{[]string{"run", "--listen", "nowhere"}, exitFailed},
		{[]string{"camera"}, exitFailed}, // by hand: nobody passed it shared memory
		{[]string{"version"}, exitDone},
		{[]string{"--help"}, exitDone},
	} {
		code, stdout, stderr := canting(c.args...)
		if code != c.code {
			t.Errorf("canting %s: exit %d, want %d (%s%s)", strings.Join(c.args, " "), code, c.code, stdout, stderr)
		}
		if c.code != exitDone && !strings.Contains(stderr, "canting: ") {
			t.Errorf("canting %s: stderr is %q", strings.Join(c.args, " "), stderr)
		}
	}
}

func TestGoldensAreRepeatedByteForByte(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*metadata.Golden)
		want   string
	}{
		"as made":      {func(*metadata.Golden) {}, ""},
		"other output": {func(g *metadata.Golden) { g.Output[0] ^= 1 }, "does not run the model as it was made"},
		"other input":  {func(g *metadata.Golden) { g.Input = strings.Repeat("0", 64) }, "preprocesses to"},
		"no picture":   {func(g *metadata.Golden) { g.Picture = []byte("no picture") }, "golden picture 0"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(testModel(t, c.change))
			if err != nil {
				t.Fatal(err)
			}
			classifier, err := newClassifier(file, 1)
			if err != nil {
				t.Fatal(err)
			}
			switch err := classifier.checkGoldens(); {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// The demonstration has to recognise what it shows.
func TestDemonstrationModelKnowsItsCloths(t *testing.T) {
	file := demo.Model()
	if len(file) > 500<<10 {
		t.Errorf("the demonstration model has %d bytes, more than 500 KB", len(file))
	}
	cloths := demoCloths(t)
	_, paths := writeCloths(t, cloths)
	_, stdout, stderr := canting(append([]string{"classify", "--json"}, paths...)...)
	right := 0
	for i, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
		var got classified
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%v (%s)", err, stderr)
		}
		if got.Label == cloths[i].motif {
			right++
		}
	}
	if right*4 < len(cloths)*3 {
		t.Errorf("%d of %d cloths are recognised, want three quarters", right, len(cloths))
	}
	c, err := newClassifier(file, 1)
	if err != nil {
		t.Fatal(err)
	}
	labels := c.model.Labels()
	slices.Sort(labels)
	if want := []string{"burung_hong", "kabau_padati", "rangkiang", "rumah_gadang"}; !slices.Equal(labels, want) {
		t.Errorf("labels are %v, want %v", labels, want)
	}
}

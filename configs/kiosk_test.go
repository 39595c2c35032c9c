package configs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kiosk.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEmbeddedDefaultIsTheDemonstration(t *testing.T) {
	k := DefaultKiosk()
	if k.Camera.Source != SourceDemo || k.Model != "" || k.Listen != "127.0.0.1:8080" || !k.Models.AllowUnsigned {
		t.Errorf("DefaultKiosk() = %+v", *k)
	}
}

// kiosk.yaml promises to show every key with its default.
func TestKioskFileDocumentsEveryKeyWithItsDefault(t *testing.T) {
	k, err := LoadKiosk("kiosk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := kioskDefaults()
	want.AllowedHosts = []string{}
	want.Models.Keys = []string{}
	if !reflect.DeepEqual(k, want) {
		t.Errorf("kiosk.yaml gives\n%+v\nthe defaults are\n%+v", k, want)
	}
	text, err := os.ReadFile("kiosk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	written, err := keyLines("kiosk.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, key := range keysOf(reflect.TypeFor[Kiosk](), "") {
		line, ok := written[key]
		if !ok {
			t.Errorf("kiosk.yaml lacks %s", key)
			continue
		}
		above := strings.TrimSpace(lines[line-2])
		sibling := strings.HasPrefix(above, "width: ") // one comment tells both
		if !strings.HasPrefix(above, "#") && !sibling {
			t.Errorf("kiosk.yaml:%d: %s has no comment above it", line, key)
		}
	}
}

func keysOf(t reflect.Type, prefix string) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		key := prefix + f.Tag.Get("mapstructure")
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(f.Type, key+".")...)
		} else {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestLoadKioskReadsWhatIsWritten(t *testing.T) {
	path := write(t, `
listen: "[::1]:9000"
allowed_hosts: [Kiosk.Local]
model: models/m.tflite
camera: {source: images, path: /cloths, fps: 12.5, hold: 2s}
shutter: {frames: 9}
`)
	k, err := LoadKiosk(path)
	if err != nil {
		t.Fatal(err)
	}
	want := kioskDefaults()
	want.Listen = "[::1]:9000"
	want.AllowedHosts = []string{"Kiosk.Local"}
	want.Model = filepath.Join(filepath.Dir(path), "models", "m.tflite")
	want.Camera.Source, want.Camera.Path = SourceImages, "/cloths"
	want.Camera.FPS, want.Camera.Hold = 12.5, 2*time.Second
	want.Shutter.Frames = 9
	if !reflect.DeepEqual(k, want) {
		t.Errorf("got\n%+v, want\n%+v", k, want)
	}
}

// A slot's name stays as it is; paths start from the file's folder.
func TestModelIsAPathOrASlot(t *testing.T) {
	for model, isSlot := range map[string]bool{"0123abcd": true, "0123abc": false, "m.tflite": false, "./0123abcd": false, "": false} {
		path := write(t, "model: \""+model+"\"\nmodels: {store: kept}\n")
		k, err := LoadKiosk(path)
		if err != nil {
			t.Fatal(err)
		}
		want := model
		if !isSlot && model != "" {
			want = filepath.Join(filepath.Dir(path), model)
		}
		if name, slot := k.ModelSlot(); slot != isSlot || name != want {
			t.Errorf("%q: %q, %v", model, name, slot)
		}
		if k.Models.Store != filepath.Join(filepath.Dir(path), "kept") {
			t.Errorf("the store is %s", k.Models.Store)
		}
	}
}

func TestGPIOLinesAreNamesOrNumbers(t *testing.T) {
	for line, want := range map[string]struct {
		chip   string
		offset int
		ok     bool
	}{
		"gpiochip0:17": {"gpiochip0", 17, true}, "gpiochip10:3": {"gpiochip10", 3, true},
		"GPIO17": {}, "gpiochip0": {}, "gpiochip0:": {}, "gpiochip0:-1": {}, "/dev/gpiochip0:1": {}, "gpiochip0:17x": {},
	} {
		if chip, offset, ok := GPIOOffset(line); chip != want.chip || offset != want.offset || ok != want.ok {
			t.Errorf("%q: %q, %d, %v", line, chip, offset, ok)
		}
	}
}

func TestMistakesNameTheirKeyAndLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":          {"listen: :8080\ncamera:\n  source: demo\n  fsp: 25\n", `:4: camera.fsp is not a setting`},
		"unknown top key":      {"lisen: :8080\n", `:1: lisen is not a setting`},
		"dotted key":           {"camera.fps: 25\n", `:1: camera.fps is not a setting`},
		"unknown empty key":    {"listen: :8080\nfoo:\n", `:2: foo has no value`},
		"text for a number":    {"camera:\n  fps: fast\n", `:2: camera.fps is fast, it must be a number`},
		"quoted number":        {"camera:\n  width: \"640\"\n", `:2: camera.width is 640, it must be a whole number`},
		"fraction for a whole": {"shutter:\n\n  frames: 1.9\n", `:3: shutter.frames is 1.9, it must be a whole number`},
		"an endless budget":    {"shutter:\n  budget: 11s\n", `:2: shutter.budget`},
		"an endless timeout":   {"shutter:\n  timeout: 11s\n", `:2: shutter.timeout`},
		"bare duration":        {"shutter:\n  hold: 5\n", `:2: shutter.hold is 5, it must be a time with its unit`},
		"number for a text":    {"model: 7\n", `:1: model is 7, it must be a text`},
		"text for a list":      {"allowed_hosts: a,b\n", `:1: allowed_hosts is a,b, it must be a list`},
		"number in a list":     {"allowed_hosts:\n- a\n- 3\n", `:3: allowed_hosts[1] is 3, it must be a text`},
		"text for a group":     {"camera: demo\n", `:1: camera is demo, it must be a group`},
		"twice":                {"listen: :80\nlisten: :81\n", `:2: listen is already set in line 1`},
		"twice by case":        {"listen: :80\nLISTEN: :81\n", `:2: listen is already set in line 1`},
		"impossible value":     {"live:\n  threads: -1\n", `:2: live.threads is -1, it must be from 0 to 64`},
		"too slow":             {"camera:\n  fps: 0.5\n", `:2: camera.fps is 0.5, it must be from 1 to 240, or 0 for the source's own`},
		"not a number":         {"camera:\n  fps: .nan\n", `:2: camera.fps is NaN, it must be from`},
		"bad source":           {"camera:\n  source: webcam\n", `:2: camera.source is "webcam", it must be one of v4l2`},
		"source without path":  {"camera:\n  source: video\n", `:1: camera.path is empty`},
		"bad address":          {"listen: kiosk\n", `:1: listen is "kiosk", it must be HOST:PORT`},
		"bad port":             {"listen: 127.0.0.1:70000\n", `its port must be from 0 to 65535`},
		"wildcard host":        {"allowed_hosts: [\"*\"]\n", `:1: allowed_hosts holds "*"`},
		"slot without store":   {"model: 0123456789abcdef\n", `:1: model is the installed model "0123456789abcdef", and models.store`},
		"half a key":           {"models:\n  keys: [RWQ]\n", `:2: models.keys[0] is "RWQ", it must be the second line`},
		"no memory":            {"models:\n  memory_mib: 0\n", `:2: models.memory_mib is 0, it must be from 1`},
		"endless attract":      {"attract:\n  after: 2h\n", `:2: attract.after is 2h0m0s, it must be from 0s to 1h0m0s`},
		"no line":              {"button:\n  shutter: pin 11\n", `:2: button.shutter is "pin 11", it must be a line's name`},
		"one line for two":     {"button:\n  shutter: GPIO17\n  led: GPIO17\n", `:3: button.led is "GPIO17", which is button.shutter already`},
		"endless debounce":     {"button:\n  debounce: 1m\n", `:2: button.debounce is 1m0s, it must be from 1ms to 1s`},
		"bad language":         {"language: jv\n", `:1: language is "jv"`},
		"broken YAML":          {"listen: [\n", `line`},
		"a list":               {"- listen\n", `must hold keys and values`},
		"empty":                {"", `holds no settings`},
		"comments only":        {"# listen: :80\n", `holds no settings`},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.text)
			_, err := LoadKiosk(path)
			if err == nil {
				t.Fatal("was accepted")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error is %q, want it to say %q and the file", err, c.want)
			}
		})
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	_, err := LoadKiosk(write(t, "language: jv\nlive:\n  threads: -1\nshutter:\n  frames: 0\n"))
	for _, want := range []string{":1: language", ":3: live.threads", ":5: shutter.frames"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %s", err, want)
		}
	}
}

func TestLoadKioskFiles(t *testing.T) {
	if _, err := LoadKiosk(filepath.Join(t.TempDir(), "absent.yaml")); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("absent file: %v", err)
	}
	if _, err := LoadKiosk(write(t, strings.Repeat("#", maxFile+1))); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("oversized file: %v", err)
	}
	if _, err := LoadKiosk(t.TempDir()); err == nil {
		t.Error("a folder was accepted")
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}

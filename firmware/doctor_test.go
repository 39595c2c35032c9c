package firmware

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/warthog618/go-gpiocdev"

	"canting/capture"
	"canting/configs"
	"canting/infer/metadata"
)

// examination runs `canting doctor --json` on a configuration text.
func examination(t testing.TB, yaml string) (code int, findings map[string]finding) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kiosk.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := canting("doctor", "--json", "--config", path)
	var report struct {
		OK       bool      `json:"ok"`
		Findings []finding `json:"findings"`
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	if report.OK != (code == exitDone) {
		t.Errorf("ok is %v and the exit code %d", report.OK, code)
	}
	findings = map[string]finding{}
	for _, f := range report.Findings {
		findings[f.Name] = f
	}
	return code, findings
}

func TestDoctorFindsAWorkingKiosk(t *testing.T) {
	folder, _ := writeCloths(t, demoCloths(t)[:1])
	code, findings := examination(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: images, path: %s}\n",
		testModel(t, func(*metadata.Golden) {}), folder))
	if code != exitDone {
		t.Errorf("exit %d: %v", code, findings)
	}
	for name, want := range map[string]string{
		"config": "kiosk.yaml", "model": "4 labels", "kernel": "", "goldens": "1 repeated byte for byte", "camera": "a picture of 640 x 480",
	} {
		if f := findings[name]; f.Status != statusOK || !strings.Contains(f.Found, want) || f.Advice != "" {
			t.Errorf("%s: %+v, want ok and %q", name, f, want)
		}
	}
	for _, name := range []string{"devices", "temperature"} {
		if f := findings[name]; f.Found == "" || f.Status == statusProblem {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestDoctorSaysWhatToDoAboutWhatIsMissing(t *testing.T) {
	t.Parallel()
	code, findings := examination(t, "model: absent.tflite\ncamera: {source: images, path: absent}\n")
	if code != exitFailed {
		t.Errorf("exit %d", code)
	}
	for _, name := range []string{"model", "camera"} {
		if f := findings[name]; f.Status != statusProblem || !strings.Contains(f.Found, "absent") || f.Advice == "" || strings.Contains(f.Advice, "cable") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	code, findings = examination(t, "language: jv\n")
	if f := findings["config"]; code != exitFailed || !strings.Contains(f.Found, "kiosk.yaml:1: language") || f.Advice == "" {
		t.Errorf("exit %d, config: %+v", code, f)
	}
	_, findings = examination(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: demo}\n",
		testModel(t, func(g *metadata.Golden) { g.Output[0] ^= 1 })))
	if f := findings["goldens"]; f.Status != statusProblem || f.Advice == "" {
		t.Errorf("goldens: %+v", f)
	}
}

func TestDoctorAdvisesWhatHelps(t *testing.T) {
	absent := filepath.Join(t.TempDir(), "absent.yaml")
	code, stdout, stderr := canting("doctor", "--config", absent)
	if code != exitFailed || !strings.Contains(stdout, "there is no such file") || strings.Contains(stdout, "mend the file") || !strings.HasSuffix(stderr, ": 1 problem\n") {
		t.Errorf("without the configuration: exit %d, stdout\n%s, stderr %q", code, stdout, stderr)
	}
	_, findings := examination(t, "motifs: absent.yaml\ncamera: {source: demo}\n")
	if f := findings["motifs"]; !strings.HasPrefix(f.Advice, "there is no such file") {
		t.Errorf("without the motifs: %+v", f)
	}
	for _, source := range []string{configs.SourceDemo, configs.SourceImages, configs.SourceVideo} {
		if f := examineDevices(source); f.Status == statusProblem || strings.Contains(f.Advice, "USB") {
			t.Errorf("the devices, which %s does not need: %+v", source, f)
		}
	}
	if f := examineDevices(configs.SourceV4L2); f.Status == statusNotice && f.Advice == "" {
		t.Errorf("without a camera: %+v", f)
	}
}

func TestDoctorLooksAtWhatACuratorSwitchesOn(t *testing.T) {
	folder := t.TempDir()
	secret := filepath.Join(folder, "secret")
	yaml := fmt.Sprintf("button: {shutter: no-such-line, led: gpiochip999:7}\ncollect: {folder: %s/kept/pictures}\ncurator: {secret_file: %s}\ncamera: {source: demo}\n", folder, secret)
	look := func(wants map[string]finding) {
		t.Helper()
		code, findings := examination(t, yaml)
		if code != exitDone {
			t.Errorf("the kiosk runs without these, exit %d", code)
		}
		for name, want := range wants {
			if f := findings[name]; f.Status != want.Status || !strings.Contains(f.Found, want.Found) || (f.Advice == "") != (f.Status == statusOK) {
				t.Errorf("%s: %+v, want %s and %q", name, f, want.Status, want.Found)
			}
		}
	}
	look(map[string]finding{
		"button":  {Status: statusNotice, Found: "no-such-line: "},
		"led":     {Status: statusNotice, Found: "gpiochip999:7: "},
		"collect": {Status: statusOK, Found: "512 MiB"},
		"curator": {Status: statusNotice, Found: "no such file"},
	})
	if _, err := os.Stat(filepath.Join(folder, "kept")); err == nil {
		t.Error("the doctor made the folder that it looked at")
	}
	writeFile(t, secret, []byte("0123456789abcdef\n"))
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(folder, "kept"), nil)
	look(map[string]finding{
		"collect": {Status: statusNotice, Found: "kept"},
		"curator": {Status: statusNotice, Found: "others may not read it"},
	})
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	look(map[string]finding{"curator": {Status: statusOK, Found: secret}})
	if _, findings := examination(t, "camera: {source: demo}\n"); findings["button"].Name+findings["led"].Name+findings["collect"].Name+findings["curator"].Name != "" {
		t.Errorf("nothing of these is configured: %v", findings)
	}
}

func TestDoctorTellsWhoseALineIs(t *testing.T) {
	for _, c := range []struct {
		info gpiocdev.LineInfo
		want string
	}{
		{gpiocdev.LineInfo{}, statusOK},
		{gpiocdev.LineInfo{Used: true, Consumer: gpioConsumer}, statusOK}, // a kiosk is running
		{gpiocdev.LineInfo{Used: true, Consumer: "fan"}, statusNotice},
	} {
		if f := describeLine("led", "GPIO27", c.info, nil); f.Status != c.want || !strings.Contains(f.Found, c.info.Consumer) && c.want != statusOK {
			t.Errorf("%+v: %+v", c.info, f)
		}
	}
}

// What only looks makes nothing, least of all as root: the kiosk could not
// write to a folder that is root's.
func TestLookingMakesNoStore(t *testing.T) {
	folder := t.TempDir()
	config := filepath.Join(folder, "kiosk.yaml")
	writeFile(t, config, []byte("models: {store: made/models, allow_unsigned: true}\ncamera: {source: demo}\n"))
	model := testModel(t, func(*metadata.Golden) {})
	for _, args := range [][]string{{"doctor"}, {"models", "list"}, {"models", "verify", model}} {
		if code, stdout, stderr := canting(append(args, "--config", config)...); code != exitDone {
			t.Errorf("%v: exit %d\n%s%s", args, code, stdout, stderr)
		}
		if _, err := os.Stat(filepath.Join(folder, "made")); err == nil {
			t.Fatalf("%v made the folder of models", args)
		}
	}
	if code, _, stderr := canting("models", "verify", "0123456789abcdef", "--config", config); code != exitFailed || !strings.Contains(stderr, "no installed model") {
		t.Errorf("an absent slot: exit %d, %s", code, stderr)
	}
	writeFile(t, filepath.Join(folder, "made"), nil)
	if code, stdout, _ := canting("doctor", "--config", config); code != exitFailed || !strings.Contains(stdout, "models.store") {
		t.Errorf("a file where the folder should be: exit %d\n%s", code, stdout)
	}
}

func TestTemperatureIsTheWarmestZone(t *testing.T) {
	if f := examineTemperature(t.TempDir()); f.Status != statusNotice {
		t.Errorf("without zones: %+v", f)
	}
	if f := examineTemperature(hotPi(t)); f.Found != "81.5 °C" || f.Advice == "" {
		t.Errorf("a hot machine: %+v", f)
	}
}

// lateCamera gives its first frame after some time, and says what is wrong, if
// anything is.
type lateCamera struct {
	at     time.Time
	reason string
}

func (c lateCamera) Wait(ctx context.Context, _ uint64) (capture.Frame, error) {
	select {
	case <-time.After(time.Until(c.at)):
		return capture.Frame{Width: 1, Height: 1, BGR: make([]byte, 3)}, nil
	case <-ctx.Done():
		return capture.Frame{}, ctx.Err()
	}
}

func (c lateCamera) Status() capture.Status { return capture.Status{Reason: c.reason} }

// A board that is busy loading libraries gets more time than a camera that is known
// not to be there.
func TestFirstFrameOfABusyBoard(t *testing.T) {
	const patience, busy = 20 * time.Millisecond, 10 * time.Second
	after := func(d time.Duration, reason string) lateCamera { return lateCamera{time.Now().Add(d), reason} }
	if f, reason := firstFrame(context.Background(), after(200*time.Millisecond, ""), patience, busy); reason != "" || f.Width != 1 {
		t.Errorf("a late camera: %q", reason)
	}
	began := time.Now()
	if _, reason := firstFrame(context.Background(), after(time.Hour, "no such device"), patience, busy); reason != "no such device" || time.Since(began) > busy/2 {
		t.Errorf("an absent camera: %q after %v", reason, time.Since(began))
	}
	if _, reason := firstFrame(context.Background(), after(time.Hour, ""), patience, 100*time.Millisecond); reason != "no picture within 100ms" {
		t.Errorf("a camera that never gives a picture: %q", reason)
	}
}

package firmware

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

func TestTemperatureIsTheWarmestZone(t *testing.T) {
	if f := examineTemperature(t.TempDir()); f.Status != statusNotice {
		t.Errorf("without zones: %+v", f)
	}
	if f := examineTemperature(hotPi(t)); f.Found != "81.5 °C" || f.Advice == "" {
		t.Errorf("a hot machine: %+v", f)
	}
}

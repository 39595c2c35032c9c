package report

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestMetricsHaveExactlyTheDesignsKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.json")
	if err := paperRun(t).Metrics.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	keys(t, "doubt", m["doubt"].(map[string]any), "accepted", "calibration_error", "calibration_error_by_chance", "things_accepted", "unknown_accepted")
	keys(t, "the file", m, "classes", "doubt", "epochs", "float", "int8", "int8_press", "seconds")
	for _, name := range []string{"float", "int8", "int8_press"} {
		evaluation := m[name].(map[string]any)
		keys(t, name, evaluation, "accuracy", "macro_recall", "per_class")
		perClass := evaluation["per_class"].(map[string]any)
		keys(t, "per_class", perClass, "burung_hong", "kabau_padati", "rangkiang", "rumah_gadang")
		keys(t, "a class", perClass["rangkiang"].(map[string]any), "correct", "wrong")
	}
	epochs := m["epochs"].([]any)
	if len(epochs) != 100 {
		t.Errorf("%d epochs, want 100", len(epochs))
	}
	keys(t, "an epoch", epochs[0].(map[string]any), "accuracy", "epoch", "loss", "test_accuracy", "test_loss")
}

func keys(t *testing.T, what string, m map[string]any, want ...string) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(m)); !slices.Equal(got, want) {
		t.Errorf("%s has the keys %q, want %q", what, got, want)
	}
}

func TestMetricsComeBackAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.json")
	want := paperRun(t).Metrics
	if err := want.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	got := read(t, path)
	want.Float.Confusion, want.Int8.Confusion, want.Int8Press.Confusion = nil, nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestMetricsOfADivergedRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.json")
	m := Metrics{
		Classes: []string{"a"}, Int8: Evaluate([]string{"a"}, nil, nil),
		Epochs: []Epoch{{1, math.NaN(), 0.25, math.Inf(1), math.Inf(-1)}},
	}
	if err := m.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	e := read(t, path).Epochs[0]
	if !math.IsNaN(e.Loss) || !math.IsNaN(e.TestLoss) || !math.IsNaN(e.TestAccuracy) || e.Accuracy != 0.25 {
		t.Errorf("read %+v, want NaN where there was no finite number", e)
	}
}

func TestMetricsOfNothingHaveNoNullCollections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.json")
	if err := (Metrics{}).WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "null") {
		t.Errorf("empty metrics are written with null:\n%s", text)
	}
}

func TestMetricsAreReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "metrics.json")
	if err := os.WriteFile(path, []byte(strings.Repeat("old ", 10_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (Metrics{Seconds: 3}).WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	if m := read(t, path); m.Seconds != 3 {
		t.Errorf("read %g seconds, want 3", m.Seconds)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files are left in the folder, want metrics.json alone", len(files))
	}
	err := (Metrics{}).WriteJSON(filepath.Join(dir, "missing", "metrics.json"))
	if err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("writing into a missing folder: error %v, want one that names it", err)
	}
}

func read(t *testing.T, path string) Metrics {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m Metrics
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

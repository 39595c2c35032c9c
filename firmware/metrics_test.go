package firmware

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"canting/capture"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// everyMetric is a kiosk's registry on a machine that tells everything of
// itself.
func everyMetric(t *testing.T) *prometheus.Registry {
	t.Helper()
	b := newBench(t, "", "camera: {source: demo}\n")
	t.Cleanup(b.kiosk.close)
	m := b.kiosk.metrics
	newServer(b.kiosk)
	m.registry.Unregister(machine{sysfs})
	m.registry.MustRegister(machine{hotPi(t)})
	m.verdicts.WithLabelValues("unknown")
	m.advice.WithLabelValues(string(capture.Dark))
	for range leastPresses {
		b.kiosk.drift.add(judged{0.1, true, 3})
	}
	m.swaps.WithLabelValues(sourceFile)
	m.refusals.WithLabelValues(string(tooSlow))
	m.rollbacks.WithLabelValues(string(failed))
	m.reloads.WithLabelValues("applied")
	m.collected.WithLabelValues(collectKept)
	return m.registry
}

// hotPi is the /sys of a Raspberry Pi that was too hot since it started and is
// short of power now.
func hotPi(t *testing.T) (sysfs string) {
	t.Helper()
	sysfs = t.TempDir()
	for path, text := range map[string]string{
		"class/thermal/thermal_zone0/temp":                    "48312\n",
		"class/thermal/thermal_zone1/temp":                    "81500\n",
		"class/thermal/thermal_zone2/temp":                    "broken",
		"devices/platform/soc/soc:firmware/get_throttled":     "80001\n",
		"devices/platform/soc/soc:firmware/get_throttled.old": "0\n",
	} {
		path = filepath.Join(sysfs, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte(text))
	}
	return sysfs
}

func TestMetricsFollowTheConventions(t *testing.T) {
	families, err := everyMetric(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// Every metric has its row in docs/operations.md, and every row its metric.
func TestEveryMetricIsDocumented(t *testing.T) {
	_, table, _ := strings.Cut(string(readFile(t, "../docs/operations.md")), "\n## Metrics\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var rows []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+\\*?)` \\|").FindAllStringSubmatch(table, -1) {
		rows = append(rows, row[1])
	}
	// Described are those too that nothing was counted in yet.
	described := make(chan *prometheus.Desc)
	registry := everyMetric(t)
	go func() { registry.Describe(described); close(described) }()
	var exported []string
	name := regexp.MustCompile(`fqName: "(\w+)"`)
	for d := range described {
		exported = append(exported, name.FindStringSubmatch(d.String())[1])
	}
	describes := func(row, metric string) bool {
		beginning, family := strings.CutSuffix(row, "*")
		return row == metric || family && strings.HasPrefix(metric, beginning)
	}
	for _, metric := range exported {
		if !slices.ContainsFunc(rows, func(row string) bool { return describes(row, metric) }) {
			t.Errorf("docs/operations.md has no row for %s", metric)
		}
	}
	for _, row := range rows {
		if !slices.ContainsFunc(exported, func(metric string) bool { return describes(row, metric) }) {
			t.Errorf("docs/operations.md explains %s, which does not exist", row)
		}
	}
}

// What a machine does not tell is no metric; a Raspberry Pi tells its heat and
// what holds it back now.
func TestMachineTellsWhatItKnows(t *testing.T) {
	tells := func(sysfs string) string {
		t.Helper()
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(machine{sysfs})
		m, answer := metrics{registry: registry}, httptest.NewRecorder()
		m.handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return answer.Body.String()
	}
	if got := tells(t.TempDir()); got != "" {
		t.Errorf("a machine that tells nothing: %s", got)
	}
	got := tells(hotPi(t))
	for _, want := range []string{
		"canting_temperature_celsius 81.5\n", `canting_throttled{cause="under_voltage"} 1`, `canting_throttled{cause="soft_temperature_limit"} 0`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("a hot Raspberry Pi does not tell %s in\n%s", want, got)
		}
	}
}

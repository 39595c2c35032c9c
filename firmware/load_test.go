package firmware

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// audience watches a kiosk: half the stream and half the events, besides some
// who connect and never read. leave ends them and waits for them.
func audience(t testing.TB, url string, reading, stalled int) (leave func()) {
	t.Helper()
	var seated []net.Conn
	var watching sync.WaitGroup
	for i := range reading + stalled {
		path := []string{"/stream.mjpg", "/api/v1/events"}[i%2]
		seat, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		seated = append(seated, seat)
		fmt.Fprintf(seat, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		if i < reading {
			watching.Go(func() { io.Copy(io.Discard, seat) })
		}
	}
	return func() {
		for _, seat := range seated {
			seat.Close()
		}
		watching.Wait()
	}
}

// count reads a counter, or a summary's sum and count, from /metrics.
func count(t testing.TB, url, name string) (sum, n float64) {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	m := families[name].GetMetric()[0]
	return m.GetSummary().GetSampleSum() + m.GetCounter().GetValue(), float64(m.GetSummary().GetSampleCount())
}

// span is what the kiosk did in a while.
type span struct{ labelsPerSecond, labelAge float64 }

func watchFor(t testing.TB, url string, d time.Duration) span {
	t.Helper()
	began := time.Now()
	labels, _ := count(t, url, "canting_frames_total")
	age, aged := count(t, url, "canting_label_age_seconds")
	time.Sleep(d)
	labels2, _ := count(t, url, "canting_frames_total")
	age2, aged2 := count(t, url, "canting_label_age_seconds")
	return span{(labels2 - labels) / time.Since(began).Seconds(), (age2 - age) / (aged2 - aged)}
}

// BenchmarkViewers watches the program itself without viewers and with 50 of
// them in turns, one turn of each an operation. The viewers share the processor
// with the kiosk, which theirs would not.
func BenchmarkViewers(b *testing.B) {
	const turn = 4 * time.Second
	command := exec.Command(program(b), "run", "--listen", "127.0.0.1:0")
	url := listening(b, command)
	defer stopProgram(b, command)
	waitState(b, url, "a live label", 30*time.Second, labelled)
	var ratios, alone, watched []float64
	for b.Loop() {
		quiet := watchFor(b, url, turn)
		leave := audience(b, url, 50, 4)
		full := watchFor(b, url, turn)
		leave()
		ratios = append(ratios, full.labelsPerSecond/quiet.labelsPerSecond)
		alone, watched = append(alone, 1000*quiet.labelAge), append(watched, 1000*full.labelAge)
		b.Logf("%.1f labels a second, %.1f ms old; with 50 viewers %.1f, %.1f ms", quiet.labelsPerSecond, 1000*quiet.labelAge, full.labelsPerSecond, 1000*full.labelAge)
	}
	b.ReportMetric(middle(ratios), "labels-ratio")
	b.ReportMetric(middle(alone), "ms-old-alone")
	b.ReportMetric(middle(watched), "ms-old-watched")
	b.ReportMetric(0, "ns/op")
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkStart is from the program's start to its first label.
func BenchmarkStart(b *testing.B) {
	path := program(b)
	for b.Loop() {
		command := exec.Command(path, "run", "--listen", "127.0.0.1:0")
		url := listening(b, command)
		waitState(b, url, "a live label", 30*time.Second, labelled)
		b.StopTimer()
		stopProgram(b, command)
		b.StartTimer()
	}
}

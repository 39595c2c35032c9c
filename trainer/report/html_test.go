package report

import (
	"bytes"
	"encoding/base64"
	"html"
	"image"
	"image/color"
	"image/png"
	"math"
	"regexp"
	"strings"
	"testing"

	"canting/infer"
)

func render(t *testing.T, r Run) string {
	t.Helper()
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestReportTellsTheRun(t *testing.T) {
	r := paperRun(t)
	r.Warnings = []string{"rangkiang/7.jpg cannot be read"}
	page := html.UnescapeString(render(t, r))
	for _, want := range []string{
		"Table 2.", "Table 3.", "Table 4.", "Table 5.", "Table 6.", "Figure 9a.", "Figure 9b.", "Figure 10.", "Formula (1)",
		"<span>12 + 6 + 22 + 20</span><span>80</span>", "75.0\u00a0%", "64.5\u00a0% to 83.2\u00a0%",
		"rangkiang/7.jpg cannot be read", "128 × 128 RGB", "126 × 126 × 16", r.Model.Digest,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if n := strings.Count(page, "data:image/jpeg;base64,"); n != 80 {
		t.Errorf("%d thumbnails, want one for each of the 80 test pictures", n)
	}
}

func TestReportNeedsNothingElse(t *testing.T) {
	page := render(t, paperRun(t))
	if i := strings.Index(page, "://"); i >= 0 {
		t.Errorf("an address stands in the report: %q", page[max(0, i-20):i+40])
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "<link") || strings.Contains(page, "@import") {
		t.Error("the report loads something")
	}
	sources := regexp.MustCompile(`(?:src|href)="?([^">]*)|url\(([^)]*)`).FindAllStringSubmatch(page, -1)
	if len(sources) == 0 {
		t.Fatal("the report has no picture at all")
	}
	for _, s := range sources {
		if !strings.HasPrefix(s[1], "data:image/") {
			t.Errorf("the report refers to %.60q", s[0])
		}
	}
}

func TestReportsPicturesDecode(t *testing.T) {
	embedded := regexp.MustCompile(`data:image/(png|jpeg);base64,([^"]*)"`)
	formats := map[string]int{}
	for _, m := range embedded.FindAllStringSubmatch(render(t, paperRun(t)), -1) {
		content, err := base64.StdEncoding.DecodeString(html.UnescapeString(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		_, format, err := image.Decode(bytes.NewReader(content))
		if err != nil || format != m[1] {
			t.Errorf("an embedded %s decodes as %q: %v", m[1], format, err)
		}
		formats[format]++
	}
	if formats["png"] != 5+80 || formats["jpeg"] != 80 {
		t.Errorf("embedded pictures: %v, want 5 png plots, and 80 jpeg thumbnails with a png over each", formats)
	}
}

func TestReportBleachesWhatDidNotSpeakForTheLabel(t *testing.T) {
	b, err := veil(infer.Heat{Rows: 2, Columns: 3, Values: []float32{0, 1, 0.5, 1, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil || m.Bounds() != image.Rect(0, 0, 3, 2) {
		t.Fatalf("%v, %v", m, err)
	}
	for i, want := range []uint8{179, 0, 89, 0, 179, 179} {
		if got := color.NRGBAModel.Convert(m.At(i%3, i/3)); got != (color.NRGBA{255, 255, 255, want}) {
			t.Errorf("cell %d is %v, want white of opacity %d", i, got, want)
		}
	}
	if page := render(t, Run{Pictures: []Picture{{File: "a", Thumbnail: []byte("JPEG")}}}); strings.Contains(page, `class="heat"`) {
		t.Error("a picture without a heat map is veiled")
	}
}

func TestReportKeepsHostileLabelsText(t *testing.T) {
	const label = `</td><script>alert("x")</script><img src=x onerror=alert(1)>`
	r := runOf(t, []string{label, "b"}, []int{4, 4})
	r.Title, r.Warnings = label, []string{label}
	r.Parameters, r.Layers = []Parameter{{label, label}}, []Layer{{label, label, 1}}
	r.Model = ModelFile{label, 1, label}
	page := render(t, r)
	if strings.Contains(page, "<script") || strings.Contains(page, "onerror=alert(1)>") {
		t.Error("a label became markup")
	}
	if n := strings.Count(page, "&lt;script&gt;alert"); n < 15 {
		t.Errorf("the label stands %d times in the report as text, want it in every table and picture", n)
	}
}

func TestReportShowsWrongPicturesFirst(t *testing.T) {
	page := render(t, Run{Pictures: []Picture{
		{File: "right-sure", Class: "a", Predicted: "a", Probability: 0.9},
		{File: "wrong-unsure", Class: "a", Predicted: "b", Probability: 0.4},
		{File: "right-unsure", Class: "a", Predicted: "a", Probability: 0.5},
		{File: "wrong-sure", Class: "a", Predicted: "b", Probability: 0.8},
		{File: "declined", Class: "a", Predicted: "", Probability: 0.3},
	}})
	at := -1
	for _, file := range []string{"wrong-sure", "wrong-unsure", "declined", "right-unsure", "right-sure"} {
		next := strings.Index(page, file)
		if next <= at {
			t.Errorf("%s stands at %d, not after the one before it at %d", file, next, at)
		}
		at = next
	}
}

func TestReportOfUnfinishedRuns(t *testing.T) {
	page := render(t, Run{Title: "nothing yet"})
	if !strings.Contains(page, "no test pictures") {
		t.Error("a run without test pictures does not say so")
	}
	diverged := paperRun(t)
	diverged.Metrics.Epochs = []Epoch{{1, 0.7, 0.5, 0.8, 0.4}, {2, math.NaN(), 0, math.Inf(1), math.NaN()}}
	page = render(t, diverged)
	if strings.Count(page, "not a number") != 3 {
		t.Error("the tables of a diverged run do not say which values are no numbers")
	}
}

func TestGroup(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1\u202f000", 1234567: "1\u202f234\u202f567"} {
		if got := group(n); got != want {
			t.Errorf("group(%d) = %q, want %q", n, got, want)
		}
	}
}

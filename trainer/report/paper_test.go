package report

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func tables(t *testing.T, r Run) string {
	t.Helper()
	var text bytes.Buffer
	if err := PaperTables(&text, r); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// hasRow reports a row with the cells, however they are spaced.
func hasRow(text string, cells ...string) bool {
	for i, c := range cells {
		cells[i] = regexp.QuoteMeta(c)
	}
	return regexp.MustCompile(`(?m)^\s*` + strings.Join(cells, `\s+`) + `\s*$`).MatchString(text)
}

func TestPaperFiguresAgreeWithThemselves(t *testing.T) {
	paper := pairing{classes: paperClasses}
	e := paper.evaluation()
	if e.Correct() != 50 || e.Total() != 80 || e.Accuracy != 0.625 {
		t.Errorf("table 6 gives %d of %d, %g; the paper 50 of 80, 0.625", e.Correct(), e.Total(), e.Accuracy)
	}
	train := 0
	for _, c := range paperClasses {
		train += c.split.Train
		if c.split.Test != c.result.Total() {
			t.Errorf("%s: %d test pictures in table 2, %d in table 6", c.split.Class, c.split.Test, c.result.Total())
		}
	}
	if train != 320 {
		t.Errorf("%d training pictures in table 2, want 320", train)
	}
	if last := paperEpochs[len(paperEpochs)-1]; last.Accuracy != 0.9875 || last.TestAccuracy != e.Accuracy {
		t.Errorf("the last epoch is %+v, want the accuracies of the paper's abstract", last)
	}
	if want := 1.0 / 4 * (13.0/14 + 1.0/10 + 16.0/26 + 20.0/30); math.Abs(e.MacroRecall-want) > 1e-12 {
		t.Errorf("mean recall %g, want %g", e.MacroRecall, want)
	}
}

func TestPaperTablesPairByName(t *testing.T) {
	r := paperRun(t)
	r.Splits[0], r.Splits[3] = r.Splits[3], r.Splits[0]
	text := tables(t, r)
	if !strings.Contains(text, "paired by name") {
		t.Error("the pairing is not said")
	}
	for _, row := range [][]string{
		{"rumah_gadang", "150", "120", "30", "|", "Rumah Gadang", "150", "120", "30"},
		{"Batch size", "16", "16"},
		{"Seed", "1", "-"},
		{"kabau_padati", "6", "4", "60.0 %", "|", "Kabau Padati", "1", "9", "10.0 %"},
		{"the paper", "(13 + 1 + 16 + 20) / 80", "= 50 / 80", "= 62.5 %", "[51.5 %, 72.3 %]"},
		{"this run, int8", "(12 + 6 + 22 + 20) / 80", "= 60 / 80", "= 75.0 %", "[64.5 %, 83.2 %]"},
	} {
		if !hasRow(text, row...) {
			t.Errorf("no row %q in\n%s", row, text)
		}
	}
	for _, want := range []string{"0.0429    0.9875", "1.7973    0.6250", "the paper 98.75 %"} {
		if !strings.Contains(text, want) {
			t.Errorf("the tables do not tell the paper's %q", want)
		}
	}
}

func TestPaperTablesPairBySize(t *testing.T) {
	text := tables(t, runOf(t, []string{"kawung", "mega_mendung", "parang", "truntum"}, []int{30, 10, 26, 14}))
	for _, want := range []string{
		"paired by size", "kawung (150 pictures) with Rumah Gadang (150)", "parang (130 pictures) with Rangkiang (130)",
		"truntum (70 pictures) with Burung Hong (70)", "mega_mendung (50 pictures) with Kabau Padati (50)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the tables do not say %q", want)
		}
	}
	if !hasRow(text, "truntum", "70", "56", "14", "|", "Burung Hong", "70", "56", "14") {
		t.Errorf("truntum does not stand beside Burung Hong in\n%s", text)
	}
}

func TestPaperTablesApart(t *testing.T) {
	text := tables(t, runOf(t, []string{"a", "b\x1b[31m"}, []int{3, 2}))
	if !strings.Contains(text, "2 classes and the paper has 4") || !hasRow(text, "Rangkiang", "16", "10", "61.5 %") {
		t.Errorf("the paper's rows do not stand apart in\n%s", text)
	}
	for _, c := range text {
		if unicode.IsControl(c) && c != '\n' {
			t.Fatalf("a control character %U of a class name reaches the terminal", c)
		}
	}
}

func TestPaperTablesOfAnEmptyRun(t *testing.T) {
	if text := tables(t, Run{}); !hasRow(text, "Total", "0", "0", "0") {
		t.Errorf("an empty run has no totals in\n%s", text)
	}
}

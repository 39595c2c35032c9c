package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTableStandsBetweenTheMarkers(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("../..", document))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second replaces the first
		if text, err = replace(text, "| row |\n"); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(text); strings.Count(got, "| row |") != 1 || !strings.Contains(got, begin+"\n| row |\n"+end) || !strings.Contains(got, "## Log") {
		t.Errorf("the document becomes\n%s", got)
	}
	if _, err := replace([]byte("no markers"), ""); err == nil {
		t.Error("a document without markers is not refused")
	}
}

func TestWilsonByHand(t *testing.T) { // Wilson's interval of 50 in 80 is 51.5 to 72.3
	if got := wilson(0.625, 80).String(); got != "62.5 (51.5 to 72.3)" {
		t.Errorf("got %s", got)
	}
}

func TestRowsHaveTheTablesColumns(t *testing.T) {
	if got, want := strings.Count(row{}.String(), "|"), strings.Count(strings.Split(heading, "\n")[2], "|"); got != want {
		t.Errorf("a row has %d bars, the heading %d", got, want)
	}
	if got, want := tested([]int{50, 52, 48}, 80), "50, 52, 48 of 80: 62.5 (51.5 to 72.3)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

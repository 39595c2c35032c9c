package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report is the table of one virtual Pi.
type report struct {
	path   string
	text   strings.Builder
	failed int
}

// newReport begins the report of a machine, which the file is named after.
func newReport(b *bench, name, machine string) *report {
	r := &report{path: filepath.Join(filepath.Dir(b.out), "report-"+name+".md")}
	fmt.Fprintf(&r.text, "%s, %s, %s\n\n| scenario | result | seconds | seen |\n|---|---|---:|---|\n",
		machine, filepath.Base(b.deb), time.Now().UTC().Format(time.DateOnly))
	return r
}

// add adds a row.
func (r *report) add(name string, took time.Duration, seen string, err error) {
	result := "good"
	switch {
	case errors.Is(err, errSkipped):
		result, seen = "skipped", err.Error()
	case err != nil:
		r.failed++
		result, seen = "**FAILED**", strings.TrimSpace(seen+" "+err.Error())
	}
	seen = strings.NewReplacer("\n", " ", "|", "/").Replace(seen)
	row := fmt.Sprintf("| %s | %s | %.0f | %s |\n", name, result, took.Seconds(), seen)
	fmt.Fprint(os.Stderr, row)
	r.text.WriteString(row)
}

// write keeps and prints the table. It is an error if something failed.
func (r *report) write() error {
	fmt.Print(r.text.String())
	if err := os.WriteFile(r.path, []byte(r.text.String()), 0o644); err != nil {
		return err
	}
	if r.failed > 0 {
		return fmt.Errorf("%d scenarios failed; see %s", r.failed, r.path)
	}
	return nil
}

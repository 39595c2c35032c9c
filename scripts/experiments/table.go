package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// document is what the table goes into, between the markers.
const (
	document = "docs/experiments.md"
	begin    = "<!-- made by make experiments -->"
	end      = "<!-- end -->"
)

// heading is the table's, for the folds and the seeds.
const heading = `%d folds, seeds %v. Shares in percent with 95 %% intervals: of the folds by the corrected resampled t, of the test pictures by Wilson's score on the seeds' mean.

| | accuracy, int8 at a press | macro recall, int8 at a press | accuracy, float, guide box alone | calibration error, int8 at a press | test pictures right, int8 at a press | minutes |
|---|---|---|---|---|---|---|
`

// row is a line of the table. What is not measured is empty.
type row struct{ name, accuracy, macroRecall, float, calibration, tested, minutes string }

func (r row) String() string {
	return "| " + strings.Join([]string{r.name, r.accuracy, r.macroRecall, r.float, r.calibration, r.tested, r.minutes}, " | ") + " |\n"
}

// tested is how many of so many test pictures were right, by each seed.
func tested(right []int, pictures int) string {
	sum := 0
	for _, n := range right {
		sum += n
	}
	each := strings.Trim(strings.ReplaceAll(fmt.Sprint(right), " ", ", "), "[]")
	return fmt.Sprintf("%s of %d: %v", each, pictures, wilson(float64(sum)/float64(len(right)*pictures), float64(pictures)))
}

// replace puts the table between the document's markers.
func replace(text []byte, table string) ([]byte, error) {
	head, rest, ok := bytes.Cut(text, []byte(begin))
	_, tail, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return nil, errors.New(document + " has lost its markers " + begin + " and " + end)
	}
	return slices.Concat(head, []byte(begin+"\n"+table+end), tail), nil
}

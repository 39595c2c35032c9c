// Command experiments measures the recipes on a data set, by cross-validation and
// on its own test pictures, and writes the table into docs/experiments.md. What
// is measured already is not measured again.
//
//	experiments [-quick] [-frozen FILE] [-backbone FILE] DATA OUT
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
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

| | accuracy, int8 | macro recall, int8 | accuracy, float | calibration error, int8 | test pictures right, int8 | minutes |
|---|---|---|---|---|---|---|
`

// effort is how often everything is measured.
type effort struct {
	folds int
	seeds []int
}

func main() {
	quick := flag.Bool("quick", false, "one seed and two folds, into OUT alone")
	linear := flag.String("frozen", "", "measure a linear classifier on this .tflite classifier's features too")
	backbone := flag.String("backbone", "", "measure the default recipe from this .tflite classifier too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "experiments: say DATA, a folder split into train/ and test/, and OUT")
		os.Exit(2)
	}
	recipes, of := slices.Concat(quickly, slowly), effort{5, []int{1, 2, 3}}
	if *quick {
		recipes, of = quickly, effort{2, []int{1}}
	}
	recipes = slices.Concat(recipes, frozen(*linear), startingFrom(*backbone))
	if err := run(ctx, recipes, of, flag.Arg(0), flag.Arg(1), *quick); err != nil {
		fmt.Fprintf(os.Stderr, "experiments: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, recipes []recipe, of effort, data, out string, quick bool) error {
	var rows strings.Builder
	for _, r := range recipes {
		row, err := r.measure(ctx, of, data, r.folder(out))
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		rows.WriteString(row)
	}
	row, err := handmade(ctx, data, filepath.Join(recipes[0].folder(out), "folds"))
	if err != nil {
		return fmt.Errorf("hand-made features: %w", err)
	}
	table := fmt.Sprintf(heading, of.folds, of.seeds) + row + rows.String()
	fmt.Print(table)
	if quick {
		return nil
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	if text, err = replace(text, table); err != nil {
		return err
	}
	return os.WriteFile(document, text, 0o644)
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

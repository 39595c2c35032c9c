// Command experiments measures the recipes on a data set, by cross-validation and
// on its own test pictures, and writes the table into docs/experiments.md. What
// is measured already is not measured again.
//
//	experiments [-quick] [-frozen FILE] [-backbone FILE] DATA OUT
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

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
	recipes, of := slices.Clone(quickly), effort{2, []int{1}}
	if !*quick {
		recipes, of = append(recipes, slowly...), effort{5, []int{1, 2, 3}}
	}
	if *linear != "" {
		recipes = append(recipes, frozen(*linear))
	}
	if *backbone != "" {
		recipes = append(recipes, startingFrom(*backbone))
	}
	if err := run(ctx, recipes, of, flag.Arg(0), flag.Arg(1), *quick); err != nil {
		fmt.Fprintf(os.Stderr, "experiments: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, recipes []recipe, of effort, data, out string, quick bool) error {
	var rows strings.Builder
	for _, r := range recipes {
		measured, err := r.measure(ctx, of, data, out)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		rows.WriteString(measured.String())
	}
	byHand, err := handmade(ctx, data, recipes[0].folds(out))
	if err != nil {
		return fmt.Errorf("hand-made features: %w", err)
	}
	table := fmt.Sprintf(heading, of.folds, of.seeds) + byHand.String() + rows.String()
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

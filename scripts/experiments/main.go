// Command experiments measures the recipes on a data set, by cross-validation and
// on its own test pictures, and writes the table into docs/experiments.md. What
// is measured already is not measured again.
//
//	experiments [-quick] [-backbone FILE] DATA OUT
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// document is what the table goes into, between the markers.
const (
	document = "docs/experiments.md"
	begin    = "<!-- made by make experiments -->"
	end      = "<!-- end -->"
)

// recipe is a row of the table: what crossval and train are told, and train alone.
type recipe struct {
	name          string
	flags, tested []string
}

// withoutDoubt leaves out the trainings that doubt is learnt from, on which no figure
// of the test pictures hangs.
var withoutDoubt = []string{"--config", "scripts/experiments/without-doubt.yaml"}

// effort is how often everything is measured.
type effort struct {
	folds int
	seeds []int
}

func main() {
	quick := flag.Bool("quick", false, "one seed and two folds, into OUT alone")
	backbone := flag.String("backbone", "", "measure the default recipe from this .tflite classifier too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "experiments: say DATA, a folder split into train/ and test/, and OUT")
		os.Exit(2)
	}
	recipes := []recipe{
		{"the paper's network", []string{"--config", "configs/paper.yaml"}, nil},
		{"the default recipe from nothing, 120 epochs", []string{"--config", "scripts/experiments/from-nothing.yaml"}, nil},
		{"the default recipe", nil, withoutDoubt},
	}
	if *backbone != "" {
		recipes = append(recipes, recipe{"from " + filepath.Base(*backbone), []string{"--backbone", *backbone}, withoutDoubt})
	}
	of := effort{5, []int{1, 2, 3}}
	if *quick {
		of = effort{2, []int{1}}
	}
	if err := run(ctx, recipes, of, flag.Arg(0), flag.Arg(1), *quick); err != nil {
		fmt.Fprintf(os.Stderr, "experiments: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, recipes []recipe, of effort, data, out string, quick bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d folds, seeds %v. Shares in percent with 95 %% intervals: of the folds by the corrected resampled t, "+
		"of the test pictures by Wilson's score on the seeds' mean.\n\n", of.folds, of.seeds)
	b.WriteString("| | accuracy, int8 | macro recall, int8 | accuracy, float | calibration error, int8 " +
		"| test pictures right, int8 | minutes |\n|---|---|---|---|---|---|---|\n")
	for _, r := range recipes {
		row, err := measure(ctx, r, of, data, filepath.Join(out, strings.ReplaceAll(r.name, " ", "-")))
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		b.WriteString(row)
	}
	fmt.Print(b.String())
	if quick {
		return nil
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	if text, err = replace(text, b.String()); err != nil {
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

// estimate is a share with its interval.
type estimate struct{ Mean, Low, High float64 }

func (e estimate) String() string {
	return fmt.Sprintf("%.1f (%.1f to %.1f)", 100*e.Mean, 100*e.Low, 100*e.High)
}

// figures are those of one way to ask, of crossval --json.
type figures struct {
	Accuracy    estimate
	MacroRecall estimate `json:"macro_recall"`
}

// measure makes a row.
func measure(ctx context.Context, r recipe, of effort, data, out string) (string, error) {
	var folds struct {
		Kiosk, Float figures
		Calibration  struct{ Error float64 }
		Seconds      float64
	}
	seeds := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(of.seeds)), ","), "[]")
	err := trainer(ctx, &folds, append([]string{
		"crossval", "--data", data, "--out", filepath.Join(out, "folds"), "--folds", fmt.Sprint(of.folds), "--seeds", seeds,
	}, r.flags...))
	if err != nil {
		return "", err
	}
	var rights []string
	right, total := 0, 0
	for _, seed := range of.seeds {
		n, all, err := tested(ctx, r, seed, data, filepath.Join(out, fmt.Sprintf("seed-%d", seed)))
		if err != nil {
			return "", err
		}
		rights = append(rights, fmt.Sprint(n))
		right, total = right+n, total+all
	}
	pictures := total / len(of.seeds)
	return fmt.Sprintf("| %s | %v | %v | %v | %.3f | %s of %d: %v | %.0f |\n", r.name,
		folds.Kiosk.Accuracy, folds.Kiosk.MacroRecall, folds.Float.Accuracy, folds.Calibration.Error,
		strings.Join(rights, ", "), pictures, wilson(float64(right)/float64(total), float64(pictures)), folds.Seconds/60), nil
}

// tested trains on train/ and counts the right answers to test/.
func tested(ctx context.Context, r recipe, seed int, data, out string) (right, all int, err error) {
	var run struct {
		Int8Press struct {
			PerClass map[string]struct{ Correct, Wrong int } `json:"per_class"`
		} `json:"int8_press"`
	}
	args := []string{"train", "--resume", "--data", data, "--out", out, "--seed", fmt.Sprint(seed)}
	err = trainer(ctx, &run, slices.Concat(args, r.flags, r.tested))
	for _, n := range run.Int8Press.PerClass {
		right, all = right+n.Correct, all+n.Correct+n.Wrong
	}
	if err == nil && all == 0 {
		err = fmt.Errorf("%s has no test pictures", data)
	}
	return right, all, err
}

// wilson is the 95 % score interval of a share of n.
func wilson(p, n float64) estimate {
	const z = 1.959963984540054
	centre, spread := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return estimate{p, (centre - spread) / (1 + z*z/n), (centre + spread) / (1 + z*z/n)}
}

// trainer runs canting-trainer and reads its JSON.
func trainer(ctx context.Context, into any, args []string) error {
	c := exec.CommandContext(ctx, "bin/canting-trainer", append(args, "--json")...)
	// A terminal's Ctrl-C reaches this program alone, which hands on one: at a second the
	// trainer would end at once.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		return fmt.Errorf("canting-trainer %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(text, into)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// recipe is a row of the table: what crossval and train are told, and train alone.
type recipe struct {
	name          string
	flags, tested []string
	// testOnly leaves out the cross-validation.
	testOnly bool
}

// quickly are the rows of both tables, slowly those of the whole one besides.
var (
	quickly = []recipe{
		{name: "the paper's network", flags: config("configs/paper.yaml")},
		{name: "the default recipe from nothing, 120 epochs", flags: config("scripts/experiments/from-nothing.yaml")},
		{name: "the default recipe", tested: withoutDoubt},
	}
	slowly = []recipe{
		{name: "seven convolutions from nothing, 150 epochs", flags: config("scripts/experiments/seven-convolutions.yaml"), testOnly: true},
	}
)

// withoutDoubt leaves out the trainings that doubt is learnt from, on which no figure
// of the test pictures hangs.
var withoutDoubt = config("scripts/experiments/without-doubt.yaml")

// frozen is the row of a .tflite classifier's features as they are.
func frozen(file string) recipe {
	return recipe{
		name:  "a linear classifier on " + filepath.Base(file),
		flags: append(config("scripts/experiments/linear.yaml"), "--backbone", file),
	}
}

// startingFrom is the row of a .tflite classifier trained further.
func startingFrom(file string) recipe {
	return recipe{name: "the default recipe from " + filepath.Base(file), flags: []string{"--backbone", file}, tested: withoutDoubt}
}

func config(file string) []string { return []string{"--config", file} }

// folder is where a recipe's trainings are kept.
func (r recipe) folder(out string) string {
	return filepath.Join(out, strings.ReplaceAll(r.name, " ", "-"))
}

// folds is where its cross-validation is.
func (r recipe) folds(out string) string { return filepath.Join(r.folder(out), "folds") }

// measure makes a row, of trainings in a folder below out.
func (r recipe) measure(ctx context.Context, of effort, data, out string) (row, error) {
	found := row{name: r.name}
	if !r.testOnly {
		v, err := r.crossValidate(ctx, of, data, r.folds(out))
		if err != nil {
			return row{}, err
		}
		found.accuracy, found.macroRecall, found.float = v.Kiosk.Accuracy.String(), v.Kiosk.MacroRecall.String(), v.Float.Accuracy.String()
		found.calibration, found.minutes = fmt.Sprintf("%.3f", v.Calibration.Error), fmt.Sprintf("%.0f", v.Seconds/60)
	}
	var right []int
	pictures := 0
	for _, seed := range of.seeds {
		n, all, err := r.test(ctx, seed, data, filepath.Join(r.folder(out), fmt.Sprintf("seed-%d", seed)))
		if err != nil {
			return row{}, err
		}
		right, pictures = append(right, n), all
	}
	found.tested = tested(right, pictures)
	return found, nil
}

// validated is what crossval --json says.
type validated struct {
	Kiosk, Float struct {
		Accuracy    estimate
		MacroRecall estimate `json:"macro_recall"`
	}
	Calibration struct{ Error float64 }
	Seconds     float64
}

func (r recipe) crossValidate(ctx context.Context, of effort, data, out string) (v validated, err error) {
	seeds := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(of.seeds)), ","), "[]")
	return v, trainer(ctx, &v, append([]string{
		"crossval", "--data", data, "--out", out, "--folds", fmt.Sprint(of.folds), "--seeds", seeds,
	}, r.flags...))
}

// test trains on train/ and counts the right answers to test/.
func (r recipe) test(ctx context.Context, seed int, data, out string) (right, all int, err error) {
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

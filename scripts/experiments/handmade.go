package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// handmade makes the row of features chosen by hand, on the same division of the
// pictures as the cross-validation in folds.
func handmade(ctx context.Context, data, folds string) (string, error) {
	c := exec.CommandContext(ctx, "scripts/experiments/handmade.py", data, folds)
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("handmade.py: %w", err)
	}
	var f struct {
		Accuracy      estimate
		MacroRecall   estimate `json:"macro_recall"`
		Right, Tested float64
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return "", fmt.Errorf("handmade.py: %w", err)
	}
	return fmt.Sprintf("| hand-made features and a linear classifier | %v | %v | | | %.0f of %.0f: %v | |\n",
		f.Accuracy, f.MacroRecall, f.Right, f.Tested, wilson(f.Right/f.Tested, f.Tested)), nil
}

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
func handmade(ctx context.Context, data, folds string) (row, error) {
	c := exec.CommandContext(ctx, "scripts/experiments/handmade.py", data, folds)
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		return row{}, fmt.Errorf("handmade.py: %w", err)
	}
	var f struct {
		Accuracy      estimate
		MacroRecall   estimate `json:"macro_recall"`
		Right, Tested int
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return row{}, fmt.Errorf("handmade.py: %w", err)
	}
	return row{
		name:     "hand-made features and a linear classifier",
		accuracy: f.Accuracy.String(), macroRecall: f.MacroRecall.String(), tested: tested([]int{f.Right}, f.Tested),
	}, nil
}

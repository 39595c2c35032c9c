package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHandmadeRow: of red and blue squares each is known, in the folds and in the test.
func TestHandmadeRow(t *testing.T) {
	if err := exec.Command("/usr/bin/python3", "-c", "import skimage, sklearn").Run(); err != nil {
		t.Skip("Python's scikit-image and scikit-learn are not installed: scripts/setup.sh experiments")
	}
	data, folds := t.TempDir(), t.TempDir()
	type answer struct {
		File string `json:"file"`
	}
	held := make([][]answer, 2)
	for motif, dye := range map[string]color.RGBA{"merah": {R: 200, A: 255}, "biru": {B: 200, A: 255}} {
		for i := range 8 {
			file := filepath.Join([]string{"train", "train", "train", "test"}[i%4], motif, fmt.Sprintf("%d.png", i))
			paint(t, filepath.Join(data, file), dye, i)
			held[i/4] = append(held[i/4], answer{file})
		}
	}
	for fold, answers := range held {
		text, err := json.Marshal(map[string]any{"held": answers})
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folds, "seed-1", fmt.Sprintf("fold-%d", fold+1), "fold.json"), text)
	}
	t.Chdir("../..")
	row, err := handmade(context.Background(), data, folds)
	if err != nil {
		t.Fatal(err)
	}
	if want := "| 100.0 (100.0 to 100.0) | 100.0 (100.0 to 100.0) | | | 4 of 4: 100.0 "; !strings.Contains(row, want) {
		t.Errorf("got %s", row)
	}
	if strings.Count(row, "|") != strings.Count(strings.SplitAfter(heading, "\n")[2], "|") {
		t.Errorf("the row has other columns than the table: %s", row)
	}
}

// paint writes a square with a stripe, so that no two are alike.
func paint(t *testing.T, path string, dye color.RGBA, stripe int) {
	t.Helper()
	square := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range square.Pix {
		square.Pix[i] = 255
	}
	for y := range 64 {
		for x := range 64 {
			if x/8 != stripe {
				square.SetRGBA(x, y, dye)
			}
		}
	}
	var b strings.Builder
	if err := png.Encode(&b, square); err != nil {
		t.Fatal(err)
	}
	write(t, path, []byte(b.String()))
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

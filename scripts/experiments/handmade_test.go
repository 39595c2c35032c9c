package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHandmadeRow: of red and grey squares each is known, in the folds and in the
// test, whether a grey one's file has colours or none.
func TestHandmadeRow(t *testing.T) {
	if err := exec.Command("/usr/bin/python3", "-c", "import skimage, sklearn").Run(); err != nil {
		t.Skip("Python's scikit-image and scikit-learn are not installed: scripts/setup.sh experiments")
	}
	data, folds := t.TempDir(), t.TempDir()
	type answer struct {
		File string `json:"file"`
	}
	held := make([][]answer, 2)
	for motif, dye := range map[string]color.RGBA{"merah": {R: 200, A: 255}, "abu": {R: 90, G: 90, B: 90, A: 255}} {
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
	got, err := handmade(context.Background(), data, folds)
	if err != nil {
		t.Fatal(err)
	}
	all := "100.0 (100.0 to 100.0)"
	if got.accuracy != all || got.macroRecall != all || !strings.HasPrefix(got.tested, "4 of 4: 100.0 ") {
		t.Errorf("got %s", got)
	}
}

// paint writes a square with a stripe, so that no two are alike.
func paint(t *testing.T, path string, dye color.RGBA, stripe int) {
	t.Helper()
	var square draw.Image = image.NewRGBA(image.Rect(0, 0, 64, 64))
	if dye.R == dye.G && stripe%2 == 0 {
		square = image.NewGray(square.Bounds())
	}
	draw.Draw(square, square.Bounds(), image.White, image.Point{}, draw.Src)
	for y := range 64 {
		for x := range 64 {
			if x/8 != stripe {
				square.Set(x, y, dye)
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

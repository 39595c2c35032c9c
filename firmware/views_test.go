package firmware

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"testing"

	"canting/capture"
)

// TestViewsOnPhotographs counts the photographs that a model names right by the
// guide box alone, and by more and more of the views together. Model and
// photographs, a folder of one folder a motif, are given by the environment:
// scripts/figures.sh calls it.
func TestViewsOnPhotographs(t *testing.T) {
	c, folder, pictures := ownPhotographs(t)
	right := make([]int, len(c.preprocessor.Views()))
	for _, name := range pictures {
		frame, err := capture.ReadFile(path.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		s := shot{frame: frame, by: c, sight: sight{probabilities: make([]float32, len(c.labels))}}
		for i, v := range c.preprocessor.Views() {
			if err := s.widen(v); err != nil {
				t.Fatal(err)
			}
			if c.judge("", s.sight).label == slices.Index(c.labels, path.Dir(name)) {
				right[i]++
			}
		}
	}
	for i, n := range right {
		t.Logf("%d of %d named right by %d views", n, len(pictures), i+1)
	}
	if right[len(right)-1] < right[0]-len(pictures)/20 {
		t.Error("the views do harm")
	}
}

// ownPhotographs is a model and its photographs, one folder a motif, that the
// environment names; the test is skipped without.
func ownPhotographs(t *testing.T) (c *classifier, folder string, pictures []string) {
	t.Helper()
	model, folder := os.Getenv("CANTING_MODEL"), os.Getenv("CANTING_DATA")
	if model == "" || folder == "" {
		t.Skip("CANTING_MODEL and CANTING_DATA name no model and photographs")
	}
	c, err := newClassifier(readFile(t, model), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	if pictures, err = fs.Glob(os.DirFS(folder), "*/*"); err != nil || len(pictures) == 0 {
		t.Fatalf("no pictures in %s: %v", folder, err)
	}
	return c, folder, pictures
}

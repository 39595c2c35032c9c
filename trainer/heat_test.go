package trainer

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"canting/capture"
	"canting/infer"
	"canting/trainer/draw"
)

// The middle of a drawn cloth, where its motif is, lies in one quadrant of a plain
// ground. The demonstration model's heat for that motif must be there.
func TestHeatIsWhereTheMotifIs(t *testing.T) {
	file, err := os.ReadFile("../firmware/demo/demo.tflite")
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClassifier(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	counts := map[string]int{}
	for _, motif := range draw.Motifs {
		counts[motif] = 6
	}
	if err := draw.Write(t.Context(), dir, draw.Options{Seed: 4, Counts: counts}, nil); err != nil {
		t.Fatal(err)
	}
	cloths, err := fs.Glob(os.DirFS(dir), "*/*/*.jpg")
	if err != nil {
		t.Fatal(err)
	}
	var found, pictures int
	for _, name := range cloths {
		label := slices.Index(c.model.Labels(), filepath.Base(filepath.Dir(name)))
		for quadrant := range 4 {
			if err := c.preprocessor.Normalise(inQuadrant(t, c, filepath.Join(dir, name), quadrant), c.session.Input()); err != nil {
				t.Fatal(err)
			}
			if err := c.session.Run(); err != nil {
				t.Fatal(err)
			}
			heat, ok := c.session.Heat(label)
			if !ok {
				t.Fatal("the demonstration model has no heat map")
			}
			pictures++
			if x, y := centre(heat); quadrant == 2*int(2*y)+int(2*x) {
				found++
			}
		}
	}
	t.Logf("the heat's centre is in the motif's quadrant in %d of %d pictures", found, pictures)
	if pictures == 0 || found < pictures*8/10 {
		t.Error("want 8 in 10")
	}
}

// inQuadrant is the model's picture, RGB: a quadrant (0 to 3, row by row) shows
// the middle of the photographed cloth, the others the middle's mean colour.
func inQuadrant(t *testing.T, c *classifier, path string, quadrant int) []byte {
	t.Helper()
	frame, err := capture.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cloth, err := c.preprocessor.Pixels(frame)
	if err != nil {
		t.Fatal(err)
	}
	side := c.model.Input().Shape[1]
	row, half := 3*side, side/2
	var middle []byte
	for y := range half {
		middle = append(middle, cloth[(side/4+y)*row+3*(side/4):][:3*half]...)
	}
	out := bytes.Repeat(meanColour(middle), side*side)
	for y := range half {
		copy(out[(quadrant/2*half+y)*row+quadrant%2*3*half:], middle[y*3*half:][:3*half])
	}
	return out
}

func meanColour(rgb []byte) []byte {
	var sum [3]int
	for i, v := range rgb {
		sum[i%3] += int(v)
	}
	n := len(rgb) / 3
	return []byte{byte(sum[0] / n), byte(sum[1] / n), byte(sum[2] / n)}
}

// centre is the heat's centre of gravity, as shares of the width and height;
// without any heat it is nowhere.
func centre(h infer.Heat) (x, y float64) {
	var sum float64
	for i, v := range h.Values {
		x += float64(v) * (float64(i%h.Columns) + 0.5) / float64(h.Columns)
		y += float64(v) * (float64(i/h.Columns) + 0.5) / float64(h.Rows)
		sum += float64(v)
	}
	if sum == 0 {
		return -1, -1
	}
	return x / sum, y / sum
}

package trainer

import (
	"bytes"
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"canting/capture"
	"canting/infer"
	"canting/trainer/draw"
)

// shown is a drawn cloth as the model sees it.
type shown struct {
	label int
	rgb   []byte
}

// demonstration is the embedded demonstration's model, and cloths drawn from
// another seed than those that it was trained on.
func demonstration(t *testing.T) (*classifier, []shown) {
	t.Helper()
	file, err := os.ReadFile("../firmware/demo/demo.tflite")
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClassifier(file)
	if err != nil {
		t.Fatal(err)
	}
	dir, counts := t.TempDir(), map[string]int{}
	for _, motif := range draw.Motifs {
		counts[motif] = 6
	}
	if err := draw.Write(t.Context(), dir, draw.Options{Seed: 4, Counts: counts}, nil); err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(os.DirFS(dir), "*/*/*.jpg")
	if err != nil {
		t.Fatal(err)
	}
	var cloths []shown
	for _, name := range names {
		frame, err := capture.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		rgb, err := c.preprocessor.Pixels(frame)
		if err != nil {
			t.Fatal(err)
		}
		cloths = append(cloths, shown{slices.Index(c.model.Labels(), filepath.Base(filepath.Dir(name))), rgb})
	}
	return c, cloths
}

// classify is the label that the model gives a picture.
func classify(t *testing.T, c *classifier, rgb []byte) int {
	t.Helper()
	if err := c.preprocessor.Normalise(rgb, c.session.Input()); err != nil {
		t.Fatal(err)
	}
	if err := c.session.Run(); err != nil {
		t.Fatal(err)
	}
	label, _ := c.alone()
	return label
}

func heat(t *testing.T, c *classifier, label int) infer.Heat {
	t.Helper()
	h, ok := c.session.Heat(label)
	if !ok {
		t.Fatal("the model has no heat map")
	}
	return h
}

// The middle of a drawn cloth, where its motif is, lies in one quadrant of a plain
// ground. The heat for that motif must be there.
func TestHeatIsWhereTheMotifIs(t *testing.T) {
	c, cloths := demonstration(t)
	var found, pictures int
	for _, cloth := range cloths {
		for quadrant := range 4 {
			classify(t, c, inQuadrant(cloth.rgb, c.model.Input().Shape[1], quadrant))
			pictures++
			if x, y := centre(heat(t, c, cloth.label)); quadrant == 2*int(2*y)+int(2*x) {
				found++
			}
		}
	}
	t.Logf("the heat's centre is in the motif's quadrant in %d of %d pictures", found, pictures)
	if pictures == 0 || found < pictures*8/10 {
		t.Error("want 8 in 10")
	}
}

// inQuadrant shows the middle of a picture in a quadrant (0 to 3, row by row), and
// the middle's mean colour in the others.
func inQuadrant(rgb []byte, side, quadrant int) []byte {
	row, half := 3*side, side/2
	var middle []byte
	for y := range half {
		middle = append(middle, rgb[(side/4+y)*row+3*(side/4):][:3*half]...)
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

// What the answer came from is what it does not survive without: the hottest
// quarter of the cells, but not the coldest, is needed for it.
func TestCoveringTheHeatChangesTheAnswer(t *testing.T) {
	c, cloths := demonstration(t)
	var right, withoutHot, withoutCold int
	for _, cloth := range cloths {
		if classify(t, c, cloth.rgb) != cloth.label {
			continue
		}
		right++
		h := heat(t, c, cloth.label)
		cells := byHeat(h)
		quarter := len(cells) / 4
		side := c.model.Input().Shape[1]
		if classify(t, c, cover(cloth.rgb, side, h, cells[:quarter])) == cloth.label {
			withoutCold++
		}
		if classify(t, c, cover(cloth.rgb, side, h, cells[len(cells)-quarter:])) == cloth.label {
			withoutHot++
		}
	}
	t.Logf("of %d right answers %d stay with the coldest quarter covered, and %d with the hottest", right, withoutCold, withoutHot)
	if withoutCold < right*9/10 || withoutHot > right*7/10 {
		t.Error("want 9 in 10 at least, and 7 in 10 at most")
	}
}

// byHeat lists the cells from the coldest to the hottest.
func byHeat(h infer.Heat) []int {
	cells := make([]int, len(h.Values))
	for i := range cells {
		cells[i] = i
	}
	slices.SortStableFunc(cells, func(a, b int) int { return cmp.Compare(h.Values[a], h.Values[b]) })
	return cells
}

// cover paints cells of a square picture in its mean colour.
func cover(rgb []byte, side int, h infer.Heat, cells []int) []byte {
	out, width, height := slices.Clone(rgb), side/h.Columns, side/h.Rows
	patch := bytes.Repeat(meanColour(rgb), width)
	for _, cell := range cells {
		left, top := cell%h.Columns*width, cell/h.Columns*height
		for y := top; y < top+height; y++ {
			copy(out[3*(y*side+left):], patch)
		}
	}
	return out
}

package trainer

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/trainer/dataset"
	"canting/trainer/pattern"
	"canting/trainer/picture"
)

func names(t things) []string {
	var all []string
	for _, series := range t {
		for _, f := range series {
			all = append(all, f.Name)
		}
	}
	return all
}

// The patterns that are measured with are of no series that was learnt from, and neither
// are of a gallery's cloths.
func TestThingsAreApart(t *testing.T) {
	learnt, unseen := names(learntThings()), names(newThings())
	if len(learnt) < 25 || len(unseen) < 25 || len(learnt)+len(unseen) != len(pattern.Strange()) {
		t.Errorf("there are %d families to learn from and %d to measure with", len(learnt), len(unseen))
	}
	for _, name := range learnt {
		if slices.Contains(unseen, name) {
			t.Errorf("%s is on both sides", name)
		}
	}
	for _, series := range []string{"fractal ", "Julia set", "quasicrystal of ", "spirograph of ", "Lissajous ", "mandala of "} {
		in := func(n string) bool { return strings.HasPrefix(n, series) }
		if slices.ContainsFunc(learnt, in) == slices.ContainsFunc(unseen, in) {
			t.Errorf("%q is on both sides or on none", series)
		}
	}
	for _, cloth := range []string{"kawung", "parang", "truntum", "ceplok", "nitik", "clouds curled", "birds grid", "tartan", "overlapping circles"} {
		if slices.Contains(learnt, cloth) || slices.Contains(unseen, cloth) {
			t.Errorf("%s, which may be a motif, is taken for no cloth", cloth)
		}
	}
}

// All kinds differ from each other and from one drawing to the next, and are drawn
// alike again. With CANTING_OUTLIERS=DIR they are kept there to be looked at.
func TestOutliersVary(t *testing.T) {
	const size = 96
	for side, of := range []things{learntThings(), newThings()} {
		all := pixels(t, of.pictures(50, size, "vary"))
		for i, rgb := range all {
			if len(rgb) != size*size*3 {
				t.Fatalf("outlier %d has %d bytes", i, len(rgb))
			}
			for _, other := range all[:i] {
				if bytes.Equal(rgb, other) {
					t.Errorf("outlier %d, %s, is there twice", i, of.kinds()[i/10].name)
				}
			}
		}
		if again := pixels(t, of.pictures(50, size, "vary")); !slices.EqualFunc(all, again, bytes.Equal) {
			t.Error("the same name draws other pictures")
		}
		if dir := os.Getenv("CANTING_OUTLIERS"); dir != "" {
			keepSheet(t, filepath.Join(dir, []string{"learnt.png", "new.png"}[side]), all, size)
		}
	}
}

func pixels(t *testing.T, of []picture.Picture) [][]byte {
	all := make([][]byte, len(of))
	for i, p := range of {
		var err error
		if all[i], err = p.Exact(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// keepSheet writes pictures five in a row.
func keepSheet(t *testing.T, path string, all [][]byte, size int) {
	sheet := image.NewRGBA(image.Rect(0, 0, 5*size, (len(all)+4)/5*size))
	for i, rgb := range all {
		for p := range size * size {
			sheet.Set(i%5*size+p%size, i/5*size+p/size, color.RGBA{rgb[3*p], rgb[3*p+1], rgb[3*p+2], 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Where there is a folder unknown, half of what a network is to be unsure of is of it;
// without one all is drawn.
func TestHalfOfTheOutliersAreTheUsersOwn(t *testing.T) {
	f := newSmallFit(t, small())
	own := func() (n int) {
		for i := range 400 {
			rgb, err := f.outlier(picture.Variation{Crop: 1}, stream(1, streamOutliers, uint64(i)))
			if err != nil {
				t.Fatal(err)
			}
			if white := bytes.Count(rgb, []byte{255}); white == len(rgb) {
				n++
			}
		}
		return n
	}
	if n := own(); n > 0 {
		t.Errorf("without a folder %d of 400 outliers are white", n)
	}
	f.unknown = []picture.Picture{picture.Drawn("white", dataset.NoMotif, f.experiment.Input.Size, func(side int, _ *rand.Rand) []byte {
		return bytes.Repeat([]byte{255}, side*side*3)
	})}
	if n := own(); n < 160 || n > 240 {
		t.Errorf("with a folder of white pictures %d of 400 outliers are white", n)
	}
}

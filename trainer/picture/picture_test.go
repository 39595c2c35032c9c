package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"canting/infer/metadata"
	"canting/trainer/dataset"

	"gonum.org/v1/gonum/spatial/r3"
)

// quadrants is a picture whose corners have four colours.
func quadrants(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, []color.RGBA{
				{250, 10, 10, 255}, {10, 250, 10, 255}, {10, 10, 250, 255}, {250, 250, 10, 255},
			}[2*(2*y/h)+2*x/w])
		}
	}
	return m
}

func write(t *testing.T, name string, encode func(*bytes.Buffer) error) dataset.Sample {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dataset.Sample{Path: path}
}

func load(t *testing.T, samples ...dataset.Sample) ([]Picture, []Unreadable) {
	t.Helper()
	good, bad, err := Load(context.Background(), samples, metadata.Default().Preprocessing, 32)
	if err != nil {
		t.Fatal(err)
	}
	return good, bad
}

func exact(t *testing.T, p Picture) []byte {
	t.Helper()
	rgb, err := p.Exact()
	if err != nil {
		t.Fatal(err)
	}
	return rgb
}

func TestLoad(t *testing.T) {
	good := write(t, "good.png", func(b *bytes.Buffer) error { return png.Encode(b, quadrants(80, 64)) })
	same := write(t, "same.png", func(b *bytes.Buffer) error {
		return (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(b, quadrants(80, 64))
	})
	cut := write(t, "cut.jpg", func(b *bytes.Buffer) error {
		err := jpeg.Encode(b, quadrants(64, 64), nil)
		b.Truncate(b.Len() / 2)
		return err
	})
	text := write(t, "text.jpg", func(b *bytes.Buffer) error { b.WriteString("not a picture"); return nil })
	pictures, bad := load(t, good, cut, same, text)
	if len(pictures) != 2 || len(bad) != 2 || bad[0].Path != cut.Path || bad[1].Path != text.Path {
		t.Fatalf("read %d, could not read %v", len(pictures), bad)
	}
	if pictures[0].Content != pictures[1].Content {
		t.Error("the same pixels in two encodings have two digests")
	}
	p := exact(t, pictures[0])
	if len(p) != 32*32*3 || p[0] < 200 || p[1] > 60 || p[31*3+1] < 200 {
		t.Errorf("the first pixels are %v and %v, want red and green", p[:3], p[31*3:32*3])
	}
}

// TestShelf: a folder that cannot be written to is said, and nothing is left in
// one that can.
func TestShelf(t *testing.T) {
	sample := write(t, "a.png", func(b *bytes.Buffer) error { return png.Encode(b, quadrants(64, 64)) })
	dir := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "missing"))
	_, _, err := Load(context.Background(), []dataset.Sample{sample}, metadata.Default().Preprocessing, 32)
	if err == nil || !strings.Contains(err.Error(), "TMPDIR says where") {
		t.Errorf("got %v", err)
	}
	t.Setenv("TMPDIR", dir)
	full, err := newReader(metadata.Default().Preprocessing, 32)
	if err != nil {
		t.Fatal(err)
	}
	full.shelf.file.Close() // as good as a disk without room
	if _, bad, err := full.all(context.Background(), []dataset.Sample{sample}); err == nil || len(bad) > 0 || !strings.Contains(err.Error(), "TMPDIR says where") {
		t.Errorf("a picture that cannot be kept: %v, %v", bad, err)
	}
	pictures, _ := load(t, sample)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v are left", err, left)
	}
	if rgb := exact(t, pictures[0]); len(rgb) != 32*32*3 {
		t.Errorf("%d bytes", len(rgb))
	}
}

func TestVary(t *testing.T) {
	pictures, _ := load(t, write(t, "a.png", func(b *bytes.Buffer) error { return png.Encode(b, quadrants(64, 64)) }))
	p := pictures[0]
	want := exact(t, p)
	same := Variation{Crop: 1}
	got, err := same.Vary(p, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 8, 31} { // away from the edges between colours
		i := (at*32 + at) * 3
		for c := range 3 {
			if d := int(got[i+c]) - int(want[i+c]); d < -3 || d > 3 {
				t.Errorf("unvaried pixel %d, %d is %v, want %v", at, at, got[i:i+3], want[i:i+3])
			}
		}
	}
	wild := Variation{
		Crop: 0.5, Aspect: 0.2, Rotate90: true, Mirror: true, Rotate: 180, Perspective: 0.2,
		Brightness: 0.3, Contrast: 0.3, Colour: 0.2, Saturation: 0.4, Hue: 10, Gamma: 0.3, Blur: 1, Noise: 0.03, Cutout: 0.3, JPEG: 50,
	}
	one, _ := wild.Vary(p, rand.New(rand.NewPCG(1, 1)))
	again, _ := wild.Vary(p, rand.New(rand.NewPCG(1, 1)))
	other, _ := wild.Vary(p, rand.New(rand.NewPCG(2, 1)))
	if !bytes.Equal(one, again) || bytes.Equal(one, other) {
		t.Error("the same seed must give the same pixels, another seed others")
	}
}

// TestVaryTurnsAndMirrors: quarter turns and flips of four coloured quadrants
// give all eight symmetries of a square.
func TestVaryTurnsAndMirrors(t *testing.T) {
	pictures, _ := load(t, write(t, "a.png", func(b *bytes.Buffer) error { return png.Encode(b, quadrants(64, 64)) }))
	v := Variation{Crop: 1, Rotate90: true, Mirror: true}
	seen := map[string]bool{}
	for seed := range uint64(100) {
		rgb, err := v.Vary(pictures[0], rand.New(rand.NewPCG(seed, 0)))
		if err != nil {
			t.Fatal(err)
		}
		key := ""
		for _, at := range [][2]int{{4, 4}, {4, 27}, {27, 4}, {27, 27}} {
			for c := range 3 {
				key += string('0' + rune(rgb[(at[0]*32+at[1])*3+c]/128))
			}
		}
		seen[key] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d arrangements of the quadrants, a square has 8", len(seen))
	}
}

// TestEachVariationDoesWhatItSays: on a picture of one colour light shows itself
// and geometry does not.
func TestEachVariationDoesWhatItSays(t *testing.T) {
	plain := image.NewRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(plain, plain.Rect, image.NewUniform(color.RGBA{160, 100, 40, 255}), image.Point{}, draw.Src)
	flat, _ := load(t, write(t, "flat.png", func(b *bytes.Buffer) error { return png.Encode(b, plain) }))
	corners, _ := load(t, write(t, "corners.png", func(b *bytes.Buffer) error { return png.Encode(b, quadrants(64, 64)) }))
	for name, c := range map[string]struct {
		v     Variation
		light bool // changes a plain picture too
		place bool // and an even change of a plain picture stays even
	}{
		"aspect":      {Variation{Crop: 0.7, Aspect: 0.5}, false, true},
		"perspective": {Variation{Crop: 1, Perspective: 0.4}, false, true},
		"rotate":      {Variation{Crop: 1, Rotate: 180}, false, true},
		"blur":        {Variation{Crop: 1, Blur: 3}, false, true},
		"gamma":       {Variation{Crop: 1, Gamma: 0.5}, true, true},
		"hue":         {Variation{Crop: 1, Hue: 30}, true, true},
		"saturation":  {Variation{Crop: 1, Saturation: 0.5}, true, true},
		"grey":        {Variation{Crop: 1, Grey: 1}, true, true},
		"negative":    {Variation{Crop: 1, Negative: 1}, true, true},
		"noise":       {Variation{Crop: 1, Noise: 0.1}, true, false},
		"cutout":      {Variation{Crop: 1, Cutout: 0.5}, true, false},
		"jpeg":        {Variation{Crop: 1, JPEG: 5}, true, true},
	} {
		changed, cornersChanged, even := 0, 0, 0
		for seed := range uint64(8) {
			got, err := c.v.Vary(flat[0], rand.New(rand.NewPCG(seed, 0)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, exact(t, flat[0])) {
				changed++
			}
			if bytes.Equal(got[3:], got[:len(got)-3]) {
				even++
			}
			got, err = c.v.Vary(corners[0], rand.New(rand.NewPCG(seed, 0)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, exact(t, corners[0])) {
				cornersChanged++
			}
		}
		if c.light != (changed > 0) || c.place != (even == 8) || cornersChanged < 7 {
			t.Errorf("%s: changes %d of 8 plain pictures, %d stay even, and %d of 8 with corners", name, changed, even, cornersChanged)
		}
	}
}

// TestHueLeavesGreyAlone: and a third of a turn makes red of green.
func TestHueLeavesGreyAlone(t *testing.T) {
	m := hueSaturation(2*math.Pi/3, 1)
	for in, want := range map[r3.Vec]r3.Vec{{X: 1, Y: 1, Z: 1}: {X: 1, Y: 1, Z: 1}, {X: 1}: {Y: 1}, {Y: 1}: {Z: 1}} {
		if got := m.MulVec(in); r3.Norm(r3.Sub(got, want)) > 1e-9 {
			t.Errorf("%v becomes %v, want %v", in, got, want)
		}
	}
}

// TestNegativeExchangesLightAndDark, in the share of the pictures that it says.
func TestNegativeExchangesLightAndDark(t *testing.T) {
	few := 0
	for seed := range uint64(400) {
		rgb := []byte{10, 128, 255}
		Variation{Negative: 0.25}.light(rgb, rand.New(rand.NewPCG(seed, 0)))
		switch {
		case bytes.Equal(rgb, []byte{245, 127, 0}):
			few++
		case !bytes.Equal(rgb, []byte{10, 128, 255}):
			t.Fatalf("10, 128 and 255 became %v", rgb)
		}
	}
	if few < 70 || few > 130 {
		t.Errorf("%d of 400 pictures are negatives, want about 100", few)
	}
}

// BenchmarkVary: everything on, at the default recipe's size.
func BenchmarkVary(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.png")
	var file bytes.Buffer
	if err := errors.Join(png.Encode(&file, quadrants(256, 256)), os.WriteFile(path, file.Bytes(), 0o600)); err != nil {
		b.Fatal(err)
	}
	pictures, _, err := Load(context.Background(), []dataset.Sample{{Path: path}}, metadata.Default().Preprocessing, 96)
	if err != nil {
		b.Fatal(err)
	}
	v := Variation{
		Crop: 0.5, Aspect: 0.2, Rotate90: true, Mirror: true, Rotate: 180, Perspective: 0.2,
		Brightness: 0.3, Contrast: 0.3, Colour: 0.2, Saturation: 0.4, Hue: 10, Gamma: 0.3, Blur: 1, Noise: 0.03, Cutout: 0.3, JPEG: 50,
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		if _, err := v.Vary(pictures[0], rng); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDrawnPicture: it is itself always the same, and its variations never are, but
// for the same state of the generator.
func TestDrawnPicture(t *testing.T) {
	sides := map[int]bool{}
	p := Drawn("dots", 3, 32, func(side int, rng *rand.Rand) []byte {
		sides[side] = true
		rgb := make([]byte, side*side*3)
		for i := range rgb {
			rgb[i] = byte(rng.IntN(256))
		}
		return rgb
	})
	if p.Label != 3 || !bytes.Equal(exact(t, p), exact(t, p)) || len(exact(t, p)) != 32*32*3 {
		t.Errorf("label %d, %d bytes, or another picture each time", p.Label, len(exact(t, p)))
	}
	vary := func(seed uint64) []byte {
		rgb, err := Variation{Crop: 1}.Vary(p, rand.New(rand.NewPCG(seed, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return rgb
	}
	if one := vary(1); len(one) != 32*32*3 || !bytes.Equal(one, vary(1)) || bytes.Equal(one, vary(2)) {
		t.Errorf("a variation of %d bytes, which another state does not change or the same one does", len(one))
	}
	if !sides[32] || !sides[40] || len(sides) != 2 {
		t.Errorf("drawn at the sides %v, want the input's and a little more to cut from", sides)
	}
	if other := Drawn("lines", 3, 32, p.draw); bytes.Equal(exact(t, other), exact(t, p)) {
		t.Error("the name decides nothing")
	}
}

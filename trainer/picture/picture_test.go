package picture

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"canting/infer/metadata"
	"canting/trainer/dataset"
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
	p := pictures[0].Exact
	if len(p) != 32*32*3 || p[0] < 200 || p[1] > 60 || p[31*3+1] < 200 {
		t.Errorf("the first pixels are %v and %v, want red and green", p[:3], p[31*3:32*3])
	}
}

func TestVary(t *testing.T) {
	pictures, _ := load(t, write(t, "a.png", func(b *bytes.Buffer) error { return png.Encode(b, quadrants(64, 64)) }))
	p := pictures[0]
	same := Variation{Crop: 1}
	got, err := same.Vary(p, 32, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 8, 31} { // away from the edges between colours
		i := (at*32 + at) * 3
		for c := range 3 {
			if d := int(got[i+c]) - int(p.Exact[i+c]); d < -3 || d > 3 {
				t.Errorf("unvaried pixel %d, %d is %v, want %v", at, at, got[i:i+3], p.Exact[i:i+3])
			}
		}
	}
	wild := Variation{Crop: 0.5, Rotate90: true, Mirror: true, Rotate: 20, Brightness: 0.3, Contrast: 0.3, Colour: 0.2}
	one, _ := wild.Vary(p, 32, rand.New(rand.NewPCG(1, 1)))
	again, _ := wild.Vary(p, 32, rand.New(rand.NewPCG(1, 1)))
	other, _ := wild.Vary(p, 32, rand.New(rand.NewPCG(2, 1)))
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
		rgb, err := v.Vary(pictures[0], 32, rand.New(rand.NewPCG(seed, 0)))
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

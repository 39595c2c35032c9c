package pattern

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"testing"
)

// seeded is the generator that the tests draw the i-th picture with.
func seeded(i int) *rand.Rand { return rand.New(rand.NewPCG(uint64(i), 1)) }

func TestFamilies(t *testing.T) {
	all := Families()
	if len(all) < 100 {
		t.Errorf("there are %d families", len(all))
	}
	names := map[string]bool{}
	for i, f := range all {
		if names[f.Name] {
			t.Errorf("two families are named %q", f.Name)
		}
		names[f.Name] = true
		one, again, other := f.Draw(48, seeded(i)), f.Draw(48, seeded(i)), f.Draw(48, seeded(-1-i))
		if len(one) != 48*48*3 {
			t.Fatalf("%s: %d bytes", f.Name, len(one))
		}
		if !bytes.Equal(one, again) || bytes.Equal(one, other) {
			t.Errorf("%s: the same seed must give the same pixels, another seed others", f.Name)
		}
	}
}

// TestContact writes a sheet with pictures of every family to look at:
// CANTING_CONTACT=sheet.png go test -run Contact ./trainer/pattern
func TestContact(t *testing.T) {
	path := os.Getenv("CANTING_CONTACT")
	if path == "" {
		t.Skip("CANTING_CONTACT names no file to draw the contact sheet to")
	}
	const side, each, columns = 96, 4, 4
	all := Families()
	rows := (len(all) + columns - 1) / columns
	sheet := image.NewRGBA(image.Rect(0, 0, columns*(each*side+8), rows*(side+4)))
	for i, f := range all {
		t.Logf("row %d, column %d: %s", i/columns+1, i%columns+1, f.Name)
		for k := range each {
			rgb := f.Draw(side, seeded(each*i+k))
			x0, y0 := i%columns*(each*side+8)+k*side, i/columns*(side+4)
			for p := range side * side {
				at := sheet.PixOffset(x0+p%side, y0+p/side)
				copy(sheet.Pix[at:], rgb[3*p:3*p+3])
				sheet.Pix[at+3] = 255
			}
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

// BenchmarkDraw draws one picture of every family, at the size that those of
// 96 pixels are cut from.
func BenchmarkDraw(b *testing.B) {
	all := Families()
	for b.Loop() {
		for i, f := range all {
			f.Draw(144, seeded(i))
		}
	}
	b.ReportMetric(float64(b.N*len(all))/b.Elapsed().Seconds(), "pictures/s")
}

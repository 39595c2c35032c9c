package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// guide is the crop of the models that the tests speak of.
const guide = 0.9

func TestDemonstrationIsFlawless(t *testing.T) {
	for _, f := range demonstration(t) {
		if flaw := Examine(f, guide).Flaw(); flaw != "" {
			t.Errorf("a cloth of the demonstration is %s: %+v", flaw, Examine(f, guide))
		}
	}
}

func TestPlainPicturesAreFlawed(t *testing.T) {
	for value, want := range map[byte]Flaw{0: Dark, 128: Empty, 255: Bright} {
		f := Frame{Width: 64, Height: 48, BGR: bytes.Repeat([]byte{value}, 64*48*3)}
		if flaw := Examine(f, guide).Flaw(); flaw != want {
			t.Errorf("a picture of nothing but %d is %q, want %q", value, flaw, want)
		}
	}
	if flaw := Examine(Frame{}, guide).Flaw(); flaw != Dark {
		t.Errorf("no picture is %q", flaw)
	}
}

// demonstration is the cloths that the kiosk brings along.
func demonstration(t testing.TB) (frames []Frame) {
	t.Helper()
	files, err := filepath.Glob("../firmware/demo/cloths/*.jpg")
	if err != nil || len(files) < 4 {
		t.Fatalf("the demonstration has %d cloths (%v), want at least 4", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	return frames
}

func BenchmarkExamine(b *testing.B) {
	f := drawn(640, 480)
	for b.Loop() {
		Examine(f, guide)
	}
}

package capture

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"canting/infer/metadata"
)

func preprocessor(t *testing.T, params metadata.Preprocessing, in InputSpec) *Preprocessor {
	t.Helper()
	p, err := NewPreprocessor(params, in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The hashes were taken on amd64; the same must come out on arm64 and armhf,
// where the models' golden pairs start at a picture too.
func TestGoldenBytes(t *testing.T) {
	imagenet := metadata.Preprocessing{Crop: 0.9, GreyWorld: true, Mean: [3]float64{123.675, 116.28, 103.53}, Std: [3]float64{58.395, 57.12, 57.375}}
	unit := metadata.Preprocessing{Crop: 1, Std: [3]float64{255, 255, 255}}
	tests := []struct {
		name          string
		width, height int
		params        metadata.Preprocessing
		in            InputSpec
		want          string
	}{
		{"camera to int8", 640, 480, imagenet, InputSpec{96, 96, "int8", 0.0187, -14}, "f7941f9727fb722ea62f58e3eacfcb74db7a9bcf264124d93c88e06c319f9ff7"},
		{"camera to float32", 640, 480, imagenet, InputSpec{96, 96, "float32", 0, 0}, "0cbfba2599ac31f03de79e67561ab26add334401f8f640326f09615c07992734"},
		{"photograph to uint8", 1500, 2001, unit, InputSpec{224, 224, "uint8", 1.0 / 255, 0}, "ae6fda41f9139fccb4b4fadab854472ed144d89b3afbf6bc7d73db09afa00aa4"},
		{"enlarged", 61, 50, unit, InputSpec{96, 80, "int8", 1.0 / 255, -128}, "d3f4060779f0a1662c81f42d7157ef0167a83be85b08a1c759f3bc451fddfb62"},
	}
	for _, test := range tests {
		p := preprocessor(t, test.params, test.in)
		dst := make([]byte, test.in.Width*test.in.Height*3*p.width)
		if err := p.Run(drawn(test.width, test.height), dst); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(dst)
		if got := hex.EncodeToString(sum[:]); got != test.want {
			t.Errorf("%s: SHA-256 of the tensor is %s, want %s", test.name, got, test.want)
		}
	}
}

// Golden pairs start at an encoded picture, so decoding is held too.
func TestGoldenPictures(t *testing.T) {
	photograph, err := EncodeJPEG(drawn(640, 480), 85)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"encoded here":    "232194f9e08f1f13b35704ab7837897dc978c9cf18cd70a0868eb1a5b926275e",
		"baseline.jpg":    "a4210f7f406ff419f6300ac9d8f453094b31c2cadc9f772b1b0ce3744c88517b",
		"progressive.jpg": "a4210f7f406ff419f6300ac9d8f453094b31c2cadc9f772b1b0ce3744c88517b",
		"cmyk.jpg":        "3696314bbccf621337cadd1fb9f239f9c2b6ac169ef9430c265a3d2e46ab910d",
		"picture.png":     "47e547d8afa7f967b545b2faba9f6ca91c972413c570af6d7fa63708a21ca7b7",
		"picture.webp":    "d4a672c2767726deef4e75bfe65b3694dc91b25ec0ce77a56f6e8e169fda5ab0",
		"picture.bmp":     "47e547d8afa7f967b545b2faba9f6ca91c972413c570af6d7fa63708a21ca7b7",
	}
	for name, want := range want {
		b := photograph
		if name != "encoded here" {
			if b, err = os.ReadFile(filepath.Join("testdata", name)); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Decode(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sum := sha256.Sum256(f.BGR)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: SHA-256 of the pixels is %s, want %s", name, got, want)
		}
	}
}

func TestRunIsPixelsThenNormalise(t *testing.T) {
	params := metadata.Preprocessing{Crop: 0.8, Mean: [3]float64{10, 20, 30}, Std: [3]float64{50, 60, 70}}
	in := InputSpec{Width: 32, Height: 24, Type: "int8", Scale: 0.02, ZeroPoint: 5}
	p := preprocessor(t, params, in)
	f := drawn(200, 100)
	rgb, err := p.Pixels(f)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(rgb))
	if err := p.Run(f, got); err != nil {
		t.Fatal(err)
	}
	for i, v := range rgb {
		q := math.RoundToEven((float64(v)-params.Mean[i%3])/params.Std[i%3]/float64(in.Scale)) + 5
		if want := int8(min(max(q, -128), 127)); int8(got[i]) != want {
			t.Fatalf("element %d: %d for the pixel value %d, want %d", i, int8(got[i]), v, want)
		}
	}
}

func TestNormaliseFloat32(t *testing.T) {
	params := metadata.Preprocessing{Crop: 1, Mean: [3]float64{127.5, 127.5, 127.5}, Std: [3]float64{127.5, 127.5, 127.5}}
	p := preprocessor(t, params, InputSpec{Width: 1, Height: 1, Type: "float32"})
	dst := make([]byte, 12)
	if err := p.Normalise([]byte{0, 255, 51}, dst); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{-1, 1, -0.6} {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(dst[4*i:])); got != want {
			t.Errorf("element %d is %v, want %v", i, got, want)
		}
	}
}

func TestTablesRoundHalvesToEvenAndSaturate(t *testing.T) {
	params := metadata.Preprocessing{Crop: 1, Std: [3]float64{1, 1, 1}}
	p := preprocessor(t, params, InputSpec{Width: 1, Height: 1, Type: "uint8", Scale: 2, ZeroPoint: 200})
	for v, want := range map[int]byte{1: 200, 3: 202, 5: 202, 7: 204, 110: 255, 112: 255, 255: 255} {
		if got := p.table[0][v]; got != want {
			t.Errorf("the element of pixel value %d is %d, want %d", v, got, want)
		}
	}
}

func TestPixelsAreTheGuideBoxInRGB(t *testing.T) {
	// A blue square of 60 in a red picture: the guide box exactly.
	f := Frame{Width: 160, Height: 120, BGR: bytes.Repeat([]byte{0, 0, 255}, 160*120)}
	box := GuideBox(160, 120, 0.5)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			copy(f.BGR[(y*160+x)*3:], []byte{255, 0, 0})
		}
	}
	p := preprocessor(t, metadata.Preprocessing{Crop: 0.5, Std: [3]float64{1, 1, 1}}, InputSpec{20, 20, "uint8", 1, 0})
	rgb, err := p.Pixels(f)
	if err != nil {
		t.Fatal(err)
	}
	if want := bytes.Repeat([]byte{0, 0, 255}, 400); !bytes.Equal(rgb, want) {
		t.Error("the resized guide box is not the blue square")
	}
}

func TestShrinkingDoesNotAlias(t *testing.T) {
	// Stripes one pixel wide are far above what 1/5 of the pixels can hold:
	// they must become an even grey, not stripes of another width.
	f := Frame{Width: 480, Height: 480}
	for i := range 480 * 480 {
		v := byte(i % 2 * 255)
		f.BGR = append(f.BGR, v, v, v)
	}
	p := preprocessor(t, metadata.Preprocessing{Crop: 1, Std: [3]float64{1, 1, 1}}, InputSpec{96, 96, "uint8", 1, 0})
	rgb, err := p.Pixels(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range rgb {
		if v < 124 || v > 131 {
			t.Fatalf("byte %d is %d, want about 128", i, v)
		}
	}
}

func TestGreyWorld(t *testing.T) {
	pixels := bytes.Repeat([]byte{50, 100, 150, 30, 60, 90}, 50)
	greyWorld(pixels)
	if want := []byte{100, 100, 100, 60, 60, 60}; !bytes.Equal(pixels[:6], want) {
		t.Errorf("a yellow light left %v, want %v", pixels[:6], want)
	}
	red := bytes.Repeat([]byte{0, 1, 200}, 50)
	greyWorld(red)
	if want := []byte{0, 4, 67}; !bytes.Equal(red[:3], want) {
		t.Errorf("an all but red picture became %v, want %v", red[:3], want)
	}
	black := make([]byte, 30)
	greyWorld(black)
	if !bytes.Equal(black, make([]byte, 30)) {
		t.Error("black did not stay black")
	}
}

func TestGuideBox(t *testing.T) {
	tests := []struct {
		width, height int
		crop          float64
		want          image.Rectangle
	}{
		{640, 480, 1, image.Rect(80, 0, 560, 480)},
		{480, 640, 0.5, image.Rect(120, 200, 360, 440)},
		{5, 4, 0.6, image.Rect(1, 1, 3, 3)},
		{1, 1, 0.001, image.Rect(0, 0, 1, 1)},
	}
	for _, test := range tests {
		if got := GuideBox(test.width, test.height, test.crop); got != test.want {
			t.Errorf("%d x %d, crop %v: %v, want %v", test.width, test.height, test.crop, got, test.want)
		}
	}
}

func TestPreprocessorRefuses(t *testing.T) {
	good := metadata.Preprocessing{Crop: 1, Std: [3]float64{255, 255, 255}}
	for _, in := range []InputSpec{
		{0, 96, "int8", 1, 0},
		{96, 1 << 30, "int8", 1, 0},
		{96, 96, "int16", 1, 0},
		{96, 96, "int8", 0, 0},
		{96, 96, "int8", float32(math.NaN()), 0},
		{96, 96, "int8", 1, 200},
		{96, 96, "uint8", 1, -1},
	} {
		if _, err := NewPreprocessor(good, in); err == nil {
			t.Errorf("%+v was accepted", in)
		}
	}
	if _, err := NewPreprocessor(metadata.Preprocessing{}, InputSpec{96, 96, "int8", 1, 0}); err == nil {
		t.Error("parameters of zeros were accepted")
	}
	p := preprocessor(t, good, InputSpec{8, 8, "int8", 1, 0})
	if err := p.Run(drawn(20, 20), make([]byte, 8*8*3-1)); err == nil {
		t.Error("a short tensor was accepted")
	}
	if err := p.Run(Frame{Width: 20, Height: 20, BGR: make([]byte, 3)}, make([]byte, 8*8*3)); err == nil {
		t.Error("a frame without its pixels was accepted")
	}
}

func TestPreprocessorIsSafeForConcurrentUse(t *testing.T) {
	p := preprocessor(t, metadata.Preprocessing{Crop: 0.9, GreyWorld: true, Std: [3]float64{255, 255, 255}}, InputSpec{64, 64, "int8", 1.0 / 255, -128})
	f := drawn(320, 240)
	want := make([]byte, 64*64*3)
	if err := p.Run(f, want); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got := make([]byte, len(want))
			for range 20 {
				if err := p.Run(f, got); err != nil || !bytes.Equal(got, want) {
					t.Errorf("another tensor than before (error: %v)", err)
					return
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkPreprocessCamera(b *testing.B)     { benchmarkRun(b, 640, 480) }
func BenchmarkPreprocessPhotograph(b *testing.B) { benchmarkRun(b, 4000, 3000) }

func benchmarkRun(b *testing.B, width, height int) {
	p, err := NewPreprocessor(metadata.Preprocessing{Crop: 1, GreyWorld: true, Std: [3]float64{255, 255, 255}}, InputSpec{96, 96, "int8", 1.0 / 255, -128})
	if err != nil {
		b.Fatal(err)
	}
	f, dst := drawn(width, height), make([]byte, 96*96*3)
	for b.Loop() {
		if err := p.Run(f, dst); err != nil {
			b.Fatal(err)
		}
	}
}

//go:build matprofile

package capture

import (
	"bytes"
	"path/filepath"
	"testing"

	"canting/infer/metadata"

	"gocv.io/x/gocv"
)

// Every Mat that is made is closed: OpenCV's memory is not the garbage
// collector's.
func TestNoMatLeaks(t *testing.T) {
	p := preprocessor(t, metadata.Preprocessing{Crop: 0.9, GreyWorld: true, Std: [3]float64{255, 255, 255}}, InputSpec{64, 64, "int8", 1.0 / 255, -128})
	dst := make([]byte, 64*64*3)
	path := filepath.Join(t.TempDir(), "cloth.avi")
	writeVideo(t, path, 25, 12)
	src, err := openVideo(Config{Kind: KindVideo, Source: path})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	src.(*video).pacer.interval = 0
	frame := func() {
		f, err := src.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b, err := EncodeJPEG(f, 80)
		if err != nil {
			t.Fatal(err)
		}
		if f, err = Decode(b); err != nil {
			t.Fatal(err)
		}
		if err := p.Run(f, dst); err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(append(b[:len(b)-40:len(b)-40], 0xFF, 0xD9)); err != nil {
			t.Fatal(err)
		}
		if _, err := Decode([]byte{0xFF, 0xD8, 0xFF, 0xC0, 0, 8, 8, 0, 16, 0, 16, 1, 0xFF, 0xD9}); err == nil {
			t.Fatal("garbage was decoded")
		}
	}
	for range 10 {
		frame()
	}
	after10 := gocv.MatProfile.Count()
	for range 990 {
		frame()
	}
	if after1000 := gocv.MatProfile.Count(); after1000 != after10 {
		var stacks bytes.Buffer
		gocv.MatProfile.WriteTo(&stacks, 1)
		t.Errorf("%d Mats are open after 1,000 frames, %d after 10:\n%s", after1000, after10, stacks.String())
	}
}

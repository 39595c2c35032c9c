package capture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The files in testdata are one picture of 48 x 32: a gradient from brown to
// blue with a white rectangle in the upper left corner.
func TestReadFile(t *testing.T) {
	want, err := ReadFile("testdata/picture.png")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"baseline.jpg", "progressive.jpg", "cmyk.jpg", "picture.webp", "picture.bmp"} {
		t.Run(name, func(t *testing.T) {
			f, err := ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			if f.Width != 48 || f.Height != 32 {
				t.Fatalf("the picture is %d x %d, not 48 x 32", f.Width, f.Height)
			}
			for _, at := range []image.Point{{3, 3}, {40, 4}, {4, 16}, {24, 28}} {
				got, want := f.pixel(at), want.pixel(at)
				for c := range got {
					if d := int(got[c]) - int(want[c]); d < -8 || d > 8 {
						t.Errorf("at %v blue, green, red are %v, want about %v", at, got, want)
						break
					}
				}
			}
		})
	}
}

func TestReadFileTurnsByEXIF(t *testing.T) {
	plain, err := os.ReadFile("testdata/baseline.jpg")
	if err != nil {
		t.Fatal(err)
	}
	// Where the white corner, upper left in the file, is to be seen.
	tests := map[uint16]image.Point{1: {2, 2}, 2: {45, 2}, 3: {45, 29}, 4: {2, 29}, 5: {2, 2}, 6: {29, 2}, 7: {29, 45}, 8: {2, 45}}
	for orientation, corner := range tests {
		f, err := Decode(withOrientation(plain, orientation))
		if err != nil {
			t.Fatal(err)
		}
		if wide := f.Width == 48; wide != (orientation < 5) {
			t.Errorf("orientation %d: the picture is %d x %d", orientation, f.Width, f.Height)
			continue
		}
		if p := f.pixel(corner); min(p[0], p[1], p[2]) < 240 {
			t.Errorf("orientation %d: the pixel at %v is %v, want white", orientation, corner, p)
		}
	}
}

// withOrientation puts an EXIF segment with one tag, 0x0112, after the start
// marker (Exif 2.3, section 4.6).
func withOrientation(jpeg []byte, orientation uint16) []byte {
	tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00")
	tiff = binary.LittleEndian.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, jpeg[:2]...)
	out = append(out, 0xFF, 0xE1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), jpeg[2:]...)
}

func TestDecodeRefusesWhatIsCutShort(t *testing.T) {
	for _, name := range []string{"baseline.jpg", "progressive.jpg", "cmyk.jpg", "picture.png", "picture.webp", "picture.bmp"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, length := range []int{1, 2, 3, 20, 100, len(whole) / 2, len(whole) * 9 / 10, len(whole) - 1} {
			if _, err := Decode(whole[:length]); err == nil {
				t.Errorf("%s cut to %d of %d bytes was decoded", name, length, len(whole))
			}
		}
	}
}

func TestDecodeRefusesACutFileWithAThumbnail(t *testing.T) {
	plain, err := os.ReadFile("testdata/baseline.jpg")
	if err != nil {
		t.Fatal(err)
	}
	// A comment segment that holds a whole JPEG, as EXIF thumbnails do.
	file := append([]byte{0xFF, 0xD8, 0xFF, 0xFE}, binary.BigEndian.AppendUint16(nil, uint16(len(plain)+2))...)
	file = append(append(file, plain...), plain[2:]...)
	if _, err := Decode(file); err != nil {
		t.Fatalf("the whole file: %v", err)
	}
	if _, err := Decode(file[:len(file)-200]); err == nil {
		t.Error("a JPEG whose only end marker is its thumbnail's was decoded")
	}
	if _, err := Decode(append(file, "what telephones append"...)); err != nil {
		t.Errorf("bytes after the end of the image: %v", err)
	}
}

func TestDecodeRefusesGarbage(t *testing.T) {
	flipped, err := os.ReadFile("testdata/picture.png")
	if err != nil {
		t.Fatal(err)
	}
	flipped[len(flipped)/2] ^= 1
	tests := map[string][]byte{
		"nothing":              nil,
		"an empty file":        {},
		"text":                 []byte("this is not a picture"),
		"a marker alone":       {0xFF, 0xD8},
		"no frame":             {0xFF, 0xD8, 0xFF, 0xD9},
		"a length of 0":        {0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xD9},
		"a terapixel":          pngOf(t, 1<<20, 1<<20),
		"a flipped bit":        flipped,
		"a header and garbage": append([]byte{0xFF, 0xD8, 0xFF, 0xC0, 0, 8, 8, 0, 16, 0, 16, 1}, 0xFF, 0xD9),
	}
	for name, b := range tests {
		if _, err := Decode(b); err == nil {
			t.Errorf("%s was decoded", name)
		}
	}
	if _, err := Decode(pngOf(t, 1<<13, 1<<14)); err == nil || !strings.Contains(err.Error(), "at most 67 million") {
		t.Errorf("134 million pixels: %v", err)
	}
}

// pngOf returns a PNG whose header promises width x height pixels.
func pngOf(t *testing.T, width, height uint32) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	b := file.Bytes()
	binary.BigEndian.PutUint32(b[16:], width)
	binary.BigEndian.PutUint32(b[20:], height)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func TestReadFileNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parang.jpg")
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "empty") {
		t.Errorf("an empty file: %v", err)
	}
}

// Opening a pipe would wait for its writer.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.jpg")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, dir, dir + "/", "/dev/null", "/"} {
		if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), path+": it is a folder, a pipe or a device") {
			t.Errorf("%s: %v", path, err)
		}
	}
	notices := ""
	src, err := openSource(Config{Kind: KindImages, Source: dir}, nil, func(s string) { notices += s })
	if err == nil {
		src.Close()
		t.Error("a folder with a pipe alone was opened")
	}
	if !strings.Contains(notices, "pipe.jpg") || !strings.Contains(notices, "not a regular file") {
		t.Errorf("the notices are %q", notices)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"baseline.jpg", "progressive.jpg", "cmyk.jpg", "picture.png", "picture.webp", "picture.bmp"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if frame, err := Decode(b); err == nil {
			if err := frame.check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestEncodeJPEG(t *testing.T) {
	f := drawn(64, 40)
	b, err := EncodeJPEG(f, 90)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if back.Width != 64 || back.Height != 40 {
		t.Errorf("the picture came back as %d x %d", back.Width, back.Height)
	}
	for _, bad := range []Frame{{}, {Width: 2, Height: 2, BGR: make([]byte, 11)}, {Width: -1, Height: -1}} {
		if _, err := EncodeJPEG(bad, 90); err == nil {
			t.Errorf("a frame of %d x %d with %d bytes was encoded", bad.Width, bad.Height, len(bad.BGR))
		}
	}
	if _, err := EncodeJPEG(f, 0); err == nil {
		t.Error("quality 0 was accepted")
	}
}

func TestDecodeGrayAndTransparentPNG(t *testing.T) {
	gray := image.NewGray16(image.Rect(0, 0, 5, 3))
	gray.SetGray16(1, 1, color.Gray16{Y: 0xFFFF})
	rgba := image.NewNRGBA(image.Rect(0, 0, 5, 3))
	rgba.SetNRGBA(1, 1, color.NRGBA{R: 255, G: 255, B: 255, A: 255})
	for _, picture := range []image.Image{gray, rgba} {
		var b bytes.Buffer
		if err := png.Encode(&b, picture); err != nil {
			t.Fatal(err)
		}
		f, err := Decode(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := f.pixel(image.Pt(1, 1)); got != [3]byte{255, 255, 255} {
			t.Errorf("%T: the white pixel is %v", picture, got)
		}
	}
}

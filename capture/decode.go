package capture

import (
	"errors"
	"fmt"
	"io"
	"os"

	"gocv.io/x/gocv"
)

// Bounds on an encoded picture, checked before OpenCV sees it. They leave room
// for a 64-megapixel telephone, which decodes to 192 MiB.
const (
	MaxFileBytes = 64 << 20
	MaxPixels    = 64 << 20
)

// ReadFile reads a JPEG (progressive and CMYK too), PNG, WebP or BMP file,
// turned as its EXIF orientation says. Errors name the file.
func ReadFile(path string) (Frame, error) {
	file, err := os.Open(path)
	if err != nil {
		return Frame{}, fmt.Errorf("read a picture: %w", err)
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, MaxFileBytes+1))
	if err != nil {
		return Frame{}, fmt.Errorf("read a picture: %w", err)
	}
	f, err := Decode(b)
	if err != nil {
		return Frame{}, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Decode is ReadFile for a picture in memory. A picture that was cut short is
// an error, never a frame with a grey rest.
func Decode(b []byte) (Frame, error) {
	if len(b) > MaxFileBytes {
		return Frame{}, fmt.Errorf("the picture is larger than %d MiB", MaxFileBytes>>20)
	}
	size, err := inspect(b)
	if err != nil {
		return Frame{}, err
	}
	if size.X < 1 || size.Y < 1 || size.X > MaxPixels/size.Y {
		return Frame{}, fmt.Errorf("the picture has %d x %d pixels; it must have between 1 and %d million", size.X, size.Y, MaxPixels/1_000_000)
	}
	// Unlike IMDecode, IMDecodeIntoMat does not report through gocv's one
	// global error, which other goroutines write to.
	m := gocv.NewMat()
	defer m.Close()
	if err := gocv.IMDecodeIntoMat(b, gocv.IMReadColor, &m); err != nil {
		return Frame{}, fmt.Errorf("the picture cannot be decoded: %w", err)
	}
	if m.Empty() {
		return Frame{}, errors.New("the picture cannot be decoded: it is damaged or cut short")
	}
	return frameOf(m)
}

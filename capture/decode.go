package capture

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"gocv.io/x/gocv"
)

// Bounds on an encoded picture, checked before OpenCV sees it. They leave room
// for a 64-megapixel telephone, which decodes to 192 MiB.
const (
	maxFileBytes = 64 << 20
	maxPixels    = 64 << 20
)

// ReadFile reads a JPEG (progressive and CMYK too), PNG, WebP or BMP file,
// turned as its EXIF orientation says. Errors name the file.
func ReadFile(path string) (Frame, error) {
	f, err := readPicture(disk{}, path)
	if err != nil {
		return Frame{}, fmt.Errorf("read the picture %s: %w", path, err)
	}
	return f, nil
}

// disk takes any path that the operating system does, unlike os.DirFS.
type disk struct{}

func (disk) Open(path string) (fs.File, error)     { return os.Open(path) }
func (disk) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// readPicture refuses what is not a regular file before it is opened: a pipe
// would wait for its writer for ever.
func readPicture(fsys fs.FS, name string) (Frame, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return Frame{}, err
	}
	if !info.Mode().IsRegular() {
		return Frame{}, errors.New("it is a folder, a pipe or a device, not a regular file")
	}
	file, err := fsys.Open(name)
	if err != nil {
		return Frame{}, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return Frame{}, err
	}
	return Decode(b)
}

// Decode is ReadFile for a picture in memory. A picture that was cut short is
// an error, never a frame with a grey rest.
func Decode(b []byte) (Frame, error) {
	if len(b) > maxFileBytes {
		return Frame{}, fmt.Errorf("the picture is larger than %d MiB", maxFileBytes>>20)
	}
	size, err := inspect(b)
	if err != nil {
		return Frame{}, err
	}
	if size.X < 1 || size.Y < 1 || size.X > maxPixels/size.Y {
		return Frame{}, fmt.Errorf("the picture has %d x %d pixels; it must have at least one and at most %d million", size.X, size.Y, maxPixels/1_000_000)
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

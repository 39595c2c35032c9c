// Package capture gets pictures and makes them a model's input: it reads files,
// survives cameras, and holds the one implementation of crop and normalise that
// the trainer and the kiosk share.
package capture

import (
	"fmt"
	"image"
	"math"
	"runtime"
	"time"

	"gocv.io/x/gocv"
)

// Frame is one picture: 8-bit blue, green, red, rows from top to bottom without
// padding, so that BGR holds Width*Height*3 bytes. Seq counts the frames of a
// source from 1 and At is when the frame was taken; both are zero for a file.
type Frame struct {
	Seq           uint64
	At            time.Time
	Width, Height int
	BGR           []byte
}

func (f Frame) check() error {
	if f.Width < 1 || f.Height < 1 || f.Width > maxPixels/f.Height {
		return fmt.Errorf("a frame of %d x %d pixels: it must have between 1 and %d pixels", f.Width, f.Height, maxPixels)
	}
	if len(f.BGR) != f.Width*f.Height*3 {
		return fmt.Errorf("a frame of %d x %d pixels holds %d bytes, not %d", f.Width, f.Height, len(f.BGR), f.Width*f.Height*3)
	}
	return nil
}

// frameOf copies a picture out of OpenCV's memory.
func frameOf(m gocv.Mat) (Frame, error) {
	if m.Empty() || m.Type() != gocv.MatTypeCV8UC3 || !m.IsContinuous() {
		return Frame{}, fmt.Errorf("OpenCV gave a picture of %d x %d pixels and type %v, not 8-bit BGR", m.Cols(), m.Rows(), m.Type())
	}
	f := Frame{Width: m.Cols(), Height: m.Rows(), BGR: m.ToBytes()}
	return f, f.check()
}

// borrow lends Go memory to OpenCV for as long as the returned function is not
// called. Pinning makes it legal that C++ keeps the pointer between calls.
func borrow(width, height int, bgr []byte) (gocv.Mat, func(), error) {
	var pin runtime.Pinner
	pin.Pin(&bgr[0])
	m, err := gocv.NewMatFromBytes(height, width, gocv.MatTypeCV8UC3, bgr)
	if err != nil {
		pin.Unpin()
		return gocv.Mat{}, nil, err
	}
	return m, func() { m.Close(); pin.Unpin() }, nil
}

// EncodeJPEG compresses a frame with a quality of 1 (small) to 100 (good).
func EncodeJPEG(f Frame, quality int) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("encode a JPEG: %w", err)
	}
	if quality < 1 || quality > 100 {
		return nil, fmt.Errorf("encode a JPEG: quality is %d, it must be between 1 and 100", quality)
	}
	m, release, err := borrow(f.Width, f.Height, f.BGR)
	if err != nil {
		return nil, fmt.Errorf("encode a JPEG: %w", err)
	}
	defer release()
	buf, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, m, []int{gocv.IMWriteJpegQuality, quality})
	if err != nil {
		buf.Close()
		return nil, fmt.Errorf("encode a JPEG of %d x %d pixels: %w", f.Width, f.Height, err)
	}
	defer buf.Close()
	return append([]byte(nil), buf.GetBytes()...), nil
}

// GuideBox is the centred square whose side is crop, in (0, 1], of the shorter
// side of a picture of width x height pixels: what the visitor is asked to fill
// with cloth, and all that a model sees.
func GuideBox(width, height int, crop float64) image.Rectangle {
	shorter := min(width, height)
	side := min(max(int(math.Round(crop*float64(shorter))), 1), shorter)
	x, y := (width-side)/2, (height-side)/2
	return image.Rect(x, y, x+side, y+side)
}

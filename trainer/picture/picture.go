// Package picture reads the training pictures and varies them. A picture is
// RGB, three bytes a pixel, rows from the top, cut and resized by the same
// function as the kiosk's frames.
package picture

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"runtime"
	"sync"

	"canting/capture"
	"canting/infer/metadata"
	"canting/trainer/dataset"
)

// Picture is a readable sample.
type Picture struct {
	dataset.Sample
	// Exact is the network's input, size x size pixels.
	Exact []byte
	// wide is the same view at a higher resolution, to cut augmented
	// pictures from without losing detail.
	wide []byte
	// Content is a digest of the decoded picture, whatever its file format's
	// metadata says.
	Content [sha256.Size]byte
	// Brightness is the guide box's, as the kiosk measures it.
	Brightness float64
}

// Unreadable is a sample that could not be read, and why.
type Unreadable struct {
	dataset.Sample
	Err error
}

// oversample is wide's resolution over the network's.
const oversample = 1.5

func wideSize(size int) int { return int(math.Round(oversample * float64(size))) }

// Load reads samples on all cores. Samples that cannot be read are returned
// apart; an error means that nothing could be done at all.
func Load(ctx context.Context, samples []dataset.Sample, p metadata.Preprocessing, size int) ([]Picture, []Unreadable, error) {
	exact, err := preprocessor(p, size)
	if err != nil {
		return nil, nil, err
	}
	wide, err := preprocessor(p, wideSize(size))
	if err != nil {
		return nil, nil, err
	}
	all := make([]Picture, len(samples))
	errs := make([]error, len(samples))
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				all[i], errs[i] = read(samples[i], p.Crop, exact, wide)
			}
		})
	}
	for i := range samples {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("reading the pictures was stopped: %w", err)
	}
	var good []Picture
	var bad []Unreadable
	for i, err := range errs {
		if err != nil {
			bad = append(bad, Unreadable{Sample: samples[i], Err: err})
		} else {
			good = append(good, all[i])
		}
	}
	return good, bad, nil
}

func read(s dataset.Sample, crop float64, exact, wide *capture.Preprocessor) (Picture, error) {
	frame, err := capture.ReadFile(s.Path)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{Sample: s, Content: sha256.Sum256(frame.BGR), Brightness: capture.Examine(frame, crop).Brightness}
	if p.Exact, err = exact.Pixels(frame); err != nil {
		return Picture{}, err
	}
	p.wide, err = wide.Pixels(frame)
	return p, err
}

// preprocessor makes square RGB pictures; what comes after the pixels is not
// used.
func preprocessor(p metadata.Preprocessing, size int) (*capture.Preprocessor, error) {
	return capture.NewPreprocessor(p, capture.InputSpec{Width: size, Height: size, Type: "float32"})
}

// JPEG encodes the picture at its higher resolution.
func (p Picture) JPEG(quality int) ([]byte, error) {
	side := int(math.Sqrt(float64(len(p.wide) / 3)))
	bgr := make([]byte, len(p.wide))
	for i := 0; i+2 < len(bgr); i += 3 {
		bgr[i], bgr[i+1], bgr[i+2] = p.wide[i+2], p.wide[i+1], p.wide[i]
	}
	return capture.EncodeJPEG(capture.Frame{Width: side, Height: side, BGR: bgr}, quality)
}

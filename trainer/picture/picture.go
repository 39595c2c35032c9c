// Package picture reads the training pictures and varies them. A picture is
// RGB, three bytes a pixel, rows from the top, cut and resized by the same
// function as the kiosk's frames. Decoded ones are kept on the disk.
package picture

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"canting/capture"
	"canting/infer/metadata"
	"canting/trainer/dataset"
)

// Picture is a readable sample, or one that is drawn.
type Picture struct {
	dataset.Sample
	// Content is a digest of the decoded picture, whatever its file format's
	// metadata says.
	Content [sha256.Size]byte
	// Brightness is the guide box's, as the kiosk measures it.
	Brightness float64
	// Thumbnail is the whole centred square in ThumbnailSide x ThumbnailSide pixels,
	// whatever the guide box is; nil of a drawn picture.
	Thumbnail []byte
	// The shelf holds the network's input, of size x size pixels, at exact
	// and, at wide, the same view at a higher resolution, to cut varied
	// pictures from without losing detail.
	shelf       *shelf
	size        int
	exact, wide int64
	// draw is nil for a picture from a file.
	draw func(side int, rng *rand.Rand) []byte
}

// Drawn is a picture for networks that take size x size pixels, which is drawn
// anew each time that it is varied. draw gives side x side pixels; the same state
// of its generator gives the same ones. The picture itself is what it draws first
// of the name's seed.
func Drawn(name string, label, size int, draw func(side int, rng *rand.Rand) []byte) Picture {
	return Picture{
		Sample: dataset.Sample{Path: name, Label: label}, Content: sha256.Sum256([]byte(name)), size: size, draw: draw,
	}
}

// Unreadable is a sample that could not be read, and why.
type Unreadable struct {
	dataset.Sample
	Err error
}

// ThumbnailSide is large enough to tell whether two pictures show the same.
const ThumbnailSide = 16

// oversample is wide's resolution over the network's.
const oversample = 2

func wideSize(size int) int { return oversample * size }

// Exact is the network's input, size x size pixels.
func (p Picture) Exact() ([]byte, error) {
	if p.draw != nil {
		return p.draw(p.size, rand.New(rand.NewChaCha8(p.Content))), nil
	}
	return p.shelf.get(p.exact, p.size*p.size*3)
}

// wideView is the view that varied pictures are cut from, of wideSize.
func (p Picture) wideView() ([]byte, error) {
	side := wideSize(p.size)
	return p.shelf.get(p.wide, side*side*3)
}

// view is what a varied picture is cut from, and its side in pixels. Of a drawn
// one, whose scale is random anyway, it is no larger than turning and tilting need.
func (p Picture) view(rng *rand.Rand) (rgb []byte, side int, err error) {
	if p.draw != nil {
		side = p.size * 5 / 4
		return p.draw(side, rng), side, nil
	}
	rgb, err = p.wideView()
	return rgb, wideSize(p.size), err
}

// Load reads samples on all cores. Samples that cannot be read are returned
// apart; an error means that nothing could be done at all.
func Load(ctx context.Context, samples []dataset.Sample, p metadata.Preprocessing, size int) ([]Picture, []Unreadable, error) {
	r, err := newReader(p, size)
	if err != nil {
		return nil, nil, err
	}
	return r.all(ctx, samples)
}

// all is what Load does with a reader.
func (r *reader) all(ctx context.Context, samples []dataset.Sample) ([]Picture, []Unreadable, error) {
	all := make([]Picture, len(samples))
	errs := make([]error, len(samples))
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				all[i], errs[i] = r.read(samples[i])
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
		switch {
		case errors.Is(err, errShelf): // it is not the picture's fault
			return nil, nil, err
		case err != nil:
			bad = append(bad, Unreadable{Sample: samples[i], Err: err})
		default:
			good = append(good, all[i])
		}
	}
	return good, bad, nil
}

// reader turns files into Pictures.
type reader struct {
	crop        float64
	size        int
	exact, wide *capture.Preprocessor
	thumbnail   *capture.Preprocessor
	shelf       *shelf
}

func newReader(p metadata.Preprocessing, size int) (*reader, error) {
	exact, err := preprocessor(p, size)
	if err != nil {
		return nil, err
	}
	wide, err := preprocessor(p, wideSize(size))
	if err != nil {
		return nil, err
	}
	thumbnail, err := preprocessor(metadata.Default().Preprocessing, ThumbnailSide)
	if err != nil {
		return nil, err
	}
	shelf, err := newShelf()
	if err != nil {
		return nil, err
	}
	return &reader{p.Crop, size, exact, wide, thumbnail, shelf}, nil
}

func (r *reader) read(s dataset.Sample) (Picture, error) {
	frame, err := capture.ReadFile(s.Path)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{
		Sample: s, Content: sha256.Sum256(frame.BGR), Brightness: capture.Examine(frame, r.crop).Brightness,
		shelf: r.shelf, size: r.size,
	}
	if p.exact, err = r.keep(frame, r.exact); err != nil {
		return Picture{}, err
	}
	if p.wide, err = r.keep(frame, r.wide); err != nil {
		return Picture{}, err
	}
	p.Thumbnail, err = r.thumbnail.Pixels(frame)
	return p, err
}

func (r *reader) keep(frame capture.Frame, as *capture.Preprocessor) (at int64, err error) {
	rgb, err := as.Pixels(frame)
	if err != nil {
		return 0, err
	}
	return r.shelf.put(rgb)
}

// preprocessor makes square RGB pictures; what comes after the pixels is not
// used.
func preprocessor(p metadata.Preprocessing, size int) (*capture.Preprocessor, error) {
	return capture.NewPreprocessor(p, capture.InputSpec{Width: size, Height: size, Type: "float32"})
}

// Box is the guide box as a frame of its own, at the higher resolution: what a press
// cuts its views from.
func (p Picture) Box() (capture.Frame, error) {
	side := wideSize(p.size)
	if p.draw != nil {
		rgb := p.draw(side, rand.New(rand.NewChaCha8(p.Content)))
		return capture.Frame{Width: side, Height: side, BGR: swapped(rgb)}, nil
	}
	rgb, err := p.wideView()
	return capture.Frame{Width: side, Height: side, BGR: swapped(rgb)}, err
}

// JPEG encodes the Box.
func (p Picture) JPEG(quality int) ([]byte, error) {
	box, err := p.Box()
	if err != nil {
		return nil, err
	}
	return capture.EncodeJPEG(box, quality)
}

// swapped exchanges red and blue in place.
func swapped(pixels []byte) []byte {
	for i := 0; i+2 < len(pixels); i += 3 {
		pixels[i], pixels[i+2] = pixels[i+2], pixels[i]
	}
	return pixels
}

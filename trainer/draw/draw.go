// Package draw draws batik cloths of the paper's four motifs and photographs them
// in software: the pictures of the embedded demonstration and of the tests, which
// need no camera and no download.
package draw

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"canting/trainer/photo"
)

// Motifs are the four of Azmi, Defit and Sumijan's paper, in its order.
var Motifs = []string{"rumah_gadang", "rangkiang", "kabau_padati", "burung_hong"}

// PaperCounts are the paper's pictures of each motif (its table 2).
var PaperCounts = map[string]int{"rumah_gadang": 150, "rangkiang": 130, "kabau_padati": 50, "burung_hong": 70}

// Options say how many pictures Write draws, and how large.
type Options struct {
	Seed      int64
	Counts    map[string]int // pictures of each motif, train and test together; nil means PaperCounts
	TestShare float64        // of each motif's pictures, from 0 up to but not including 1; 0 means the paper's 0.2
	Size      int            // width in pixels, the height is three quarters; 0 means 384
}

const (
	minSize, maxSize = 96, 4096
	maxCount         = 100_000 // of one motif
)

func (o Options) withDefaults() Options {
	if o.Counts == nil {
		o.Counts = PaperCounts
	}
	if o.TestShare == 0 {
		o.TestShare = 0.2
	}
	if o.Size == 0 {
		o.Size = 384
	}
	return o
}

func (o Options) check() error {
	total := 0
	for motif, count := range o.Counts {
		if !slices.Contains(Motifs, motif) {
			return fmt.Errorf("no motif is named %q; there are %s", motif, strings.Join(Motifs, ", "))
		}
		if count < 0 || count > maxCount {
			return fmt.Errorf("%d pictures of %s were asked for; give 0 to %d", count, motif, maxCount)
		}
		total += count
	}
	if total == 0 {
		return errors.New("no picture was asked for; give a count for at least one motif")
	}
	if !(o.TestShare >= 0 && o.TestShare < 1) {
		return fmt.Errorf("the test share is %v; give at least 0 and less than 1", o.TestShare)
	}
	if o.Size < minSize || o.Size > maxSize || o.Size%4 != 0 {
		return fmt.Errorf("the pictures' width is %d; give a multiple of 4 from %d to %d", o.Size, minSize, maxSize)
	}
	return nil
}

// Write draws the pictures into dir/train/MOTIF and dir/test/MOTIF as JPEG files,
// each of a cloth of its own. The same options give the same files, whatever the
// number of processors. Folders train and test that already hold something are
// refused, since pictures of two runs would mix. Progress, when not nil, is called
// after each picture, from several goroutines. A cancelled context stops the
// drawing; what was written stays.
func Write(ctx context.Context, dir string, o Options, progress func(done, total int)) error {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return err
	}
	files := o.files(dir)
	if err := makeFolders(dir, files); err != nil {
		return err
	}
	var done atomic.Int64
	group, drawing := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		if drawing.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := f.write(o.Size); err != nil {
				return fmt.Errorf("drawing a picture: %w", err)
			}
			if n := int(done.Add(1)); progress != nil {
				progress(n, len(files))
			}
			return nil
		})
	}
	err := group.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped after %d of %d pictures in %s: %w", done.Load(), len(files), dir, err)
	}
	return err
}

// file is a picture and where it goes.
type file struct {
	path    string
	picture picture
}

func (f file) write(width int) error {
	encoded, err := f.picture.photograph(width, photo.Visitor)
	if err != nil {
		return err
	}
	return os.WriteFile(f.path, encoded, 0o644)
}

// files lists what Write draws, in a fixed order.
func (o Options) files(dir string) []file {
	var files []file
	for _, motif := range Motifs {
		count := o.Counts[motif]
		train := count - int(math.Round(float64(count)*o.TestShare))
		for i := range count {
			part := "train"
			if i >= train {
				part = "test"
			}
			files = append(files, file{
				path:    filepath.Join(dir, part, motif, fmt.Sprintf("%s_%04d.jpg", motif, i)),
				picture: picture{motif: motif, seed: o.Seed, index: i},
			})
		}
	}
	return files
}

func makeFolders(dir string, files []file) error {
	for _, part := range []string{"train", "test"} {
		entries, err := os.ReadDir(filepath.Join(dir, part))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("looking at the folder for the drawn pictures: %w", err)
		}
		if len(entries) > 0 {
			return fmt.Errorf("%s is not empty; remove it or choose another folder, so that two sets do not mix", filepath.Join(dir, part))
		}
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return fmt.Errorf("making a folder for the drawn pictures: %w", err)
		}
	}
	return nil
}

// picture names one drawn photograph; it alone decides its pixels.
type picture struct {
	motif string
	seed  int64
	index int
}

func (p picture) rng() *rand.Rand {
	return rand.New(rand.NewPCG(uint64(p.seed), uint64(slices.Index(Motifs, p.motif))<<32|uint64(p.index)))
}

// photograph returns the picture as a JPEG file, width pixels wide, in a shot drawn
// by the given hand.
func (p picture) photograph(width int, hand func(*rand.Rand) photo.Shot) ([]byte, error) {
	rng := p.rng()
	height := width * 3 / 4
	cloth := Cloth(p.motif, 2*height, rng)
	shot := hand(rng)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, shot.Take(cloth, width, height), &jpeg.Options{Quality: shot.Quality}); err != nil {
		return nil, fmt.Errorf("encoding a picture of %s: %w", p.motif, err)
	}
	return b.Bytes(), nil
}

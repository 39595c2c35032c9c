package draw

import (
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"canting/trainer/photo"
)

// Frame is one camera frame of the demonstration and the motif that it shows.
type Frame struct {
	Motif string
	JPEG  []byte
}

const (
	showcaseWidth = 640
	// showcaseIndex is where the demonstration's pictures begin, past every index
	// that Write can use: a model is not shown what it was trained on.
	showcaseIndex = maxCount
	maxShowcase   = 1000
)

// Showcase draws n frames of each motif, 640x480 JPEG, as someone takes them who
// knows how: the motif well in view, in turn one frame of each of Motifs. No frame
// is among the pictures that Write draws. The same seed gives the same bytes.
func Showcase(seed int64, n int) ([]Frame, error) {
	if n < 1 || n > maxShowcase {
		return nil, fmt.Errorf("%d demonstration frames of each motif were asked for; give 1 to %d", n, maxShowcase)
	}
	frames := make([]Frame, n*len(Motifs))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range frames {
		group.Go(func() error {
			p := picture{motif: Motifs[i%len(Motifs)], seed: seed, index: showcaseIndex + i/len(Motifs)}
			encoded, err := p.photograph(showcaseWidth, photo.Steady)
			frames[i] = Frame{p.motif, encoded}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("drawing the demonstration: %w", err)
	}
	return frames, nil
}

package command

import (
	"io"
	"testing"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Trainings with fewer batches an epoch, or more, follow each other: the bar never goes
// back, and is full at the end of the last one.
func TestTheBarGrows(t *testing.T) {
	p := newProgress(io.Discard)
	p.start, p.bar = time.Now(), progressbar.NewOptions(6*fine, progressbar.OptionSetWriter(io.Discard))
	shown := int64(0)
	for epoch, batches := range []int{10, 10, 7, 7, 2000, 2000} {
		for batch := range batches {
			p.Step("", epoch+1, 6, batch+1, batches, 1, 0.5)
			now := p.bar.State().CurrentNum
			if now < shown {
				t.Fatalf("epoch %d, batch %d: the bar goes back from %d to %d", epoch+1, batch+1, shown, now)
			}
			shown = now
		}
	}
	if shown != 6*fine {
		t.Errorf("the bar ends at %d of %d", shown, 6*fine)
	}
}

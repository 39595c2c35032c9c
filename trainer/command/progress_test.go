package command

import (
	"io"
	"strings"
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

// Where there is no terminal, an epoch's line says of which training it is.
func TestTheLineNamesThePart(t *testing.T) {
	var b strings.Builder
	p := newProgress(&b)
	p.Step("", 1, 4, 2, 2, 1, 0.5)
	p.Step("without \x1bkawung, fold 1 of 3 held out", 2, 4, 2, 2, 1, 0.5)
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "epoch 1/4  loss") || !strings.HasPrefix(lines[1], "epoch 2/4 (without \ufffdkawung, fold 1 of 3 held out)  loss") {
		t.Errorf("got %q", lines)
	}
}

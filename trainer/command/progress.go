package command

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows a training: a bar on a terminal, a line an epoch elsewhere.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar
	start time.Time
	first int // the step that was shown first, when resuming not the first one
}

func newProgress(w io.Writer) *progress { return &progress{w: w} }

func (p *progress) Warn(warning string) { fmt.Fprintf(p.w, "warning: %s\n", warning) }

func (p *progress) Step(epoch, epochs, batch, batches int, loss, accuracy float64) {
	now := (epoch-1)*batches + batch
	if p.start.IsZero() {
		p.start, p.first = time.Now(), now-1
		if f, ok := p.w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			p.bar = newBar(p.w, epochs*batches)
		}
	}
	state := fmt.Sprintf("epoch %d/%d  loss %.4f  accuracy %.2f %%", epoch, epochs, loss, 100*accuracy)
	if p.bar != nil {
		p.bar.Describe(state)
		_ = p.bar.Set(now) // a terminal that went away stops no training
		return
	}
	if batch == batches {
		each := time.Since(p.start) / time.Duration(now-p.first)
		left := each * time.Duration(epochs*batches-now)
		fmt.Fprintf(p.w, "%s  %v left\n", state, left.Round(time.Second))
	}
}

func newBar(w io.Writer, steps int) *progressbar.ProgressBar {
	return progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionFullWidth(),
	)
}

// end leaves the bar's line.
func (p *progress) end() {
	if p.bar != nil {
		fmt.Fprintln(p.w)
	}
}

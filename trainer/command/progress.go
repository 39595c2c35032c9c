package command

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows work: a bar on a terminal, elsewhere a line an epoch and
// nothing of drawing.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar
	once  sync.Once
	start time.Time
	first int // the part that ended at start
}

func newProgress(w io.Writer) *progress { return &progress{w: w} }

func (p *progress) Warn(warning string) { fmt.Fprintf(p.w, "warning: %s\n", warning) }

// fine is how many parts of an epoch are told apart: epochs of several trainings have
// different numbers of batches.
const fine = 1000

func (p *progress) Step(part string, epoch, epochs, batch, batches int, loss, accuracy float64) {
	now := (epoch-1)*fine + batch*fine/batches
	if p.start.IsZero() {
		p.start, p.first = time.Now(), now
		p.bar = newBar(p.w, epochs*fine)
	}
	if part != "" {
		part = " (" + plain(part) + ")"
	}
	state := fmt.Sprintf("epoch %d/%d%s  loss %.4f  accuracy %.2f %%", epoch, epochs, part, loss, 100*accuracy)
	if p.bar != nil {
		p.bar.Describe(state)
		_ = p.bar.Set(now) // a terminal that went away stops no training
		return
	}
	if batch == batches {
		each := time.Since(p.start) / time.Duration(max(now-p.first, 1))
		left := each * time.Duration(epochs*fine-now)
		fmt.Fprintf(p.w, "%s  %v left\n", state, left.Round(time.Second))
	}
}

// drawn is called from several goroutines.
func (p *progress) drawn(done, total int) {
	p.once.Do(func() { p.bar = newBar(p.w, total) })
	if p.bar != nil {
		_ = p.bar.Set(done) // a terminal that went away stops no drawing
	}
}

// newBar is nil where w is no terminal.
func newBar(w io.Writer, steps int) *progressbar.ProgressBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
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

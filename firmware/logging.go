package firmware

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
)

// newLog writes structured lines to out. Repeats beyond usualRepeats are held
// back until end, which also ends the goroutine that sums them up.
func newLog(out io.Writer) (log *slog.Logger, end func()) {
	var options slog.HandlerOptions
	if stamped, err := journal.StderrIsJournalStream(); err == nil && stamped && out == os.Stderr {
		options.ReplaceAttr = withoutTime
	}
	r := newRepeats(usualRepeats)
	ctx, cancel := context.WithCancel(context.Background())
	var summing sync.WaitGroup
	summing.Go(func() { r.run(ctx) })
	return slog.New(&sparing{slog.NewTextHandler(out, &options), r, ""}), func() { cancel(); summing.Wait() }
}

// withoutTime leaves the time to the journal, which stamps every line.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// limits say how often lines of one kind are written.
type limits struct {
	lines int           // of one kind
	in    time.Duration // from the first of them
	kinds int           // told apart at a time; the others count as one
}

var usualRepeats = limits{lines: 10, in: time.Minute, kinds: 1000}

// sparing writes a line only if not too many of its kind came before. A kind is
// the level, the message and the attributes that are texts; numbers, times and
// errors differ within it.
type sparing struct {
	next    slog.Handler
	repeats *repeats
	with    string // what WithAttrs and WithGroup added to the kind
}

func (h *sparing) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *sparing) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		addText(&b, a)
	}
	return &sparing{h.next.WithAttrs(attrs), h.repeats, h.with + b.String()}
}

func (h *sparing) WithGroup(name string) slog.Handler {
	return &sparing{h.next.WithGroup(name), h.repeats, h.with + "\x00" + name}
}

func (h *sparing) Handle(ctx context.Context, r slog.Record) error {
	if h.repeats.tooMany(h.kind(r), h.next, r) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

func (h *sparing) kind(r slog.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\x00%s%s", r.Level, r.Message, h.with)
	r.Attrs(func(a slog.Attr) bool { addText(&b, a); return true })
	return b.String()
}

func addText(b *strings.Builder, a slog.Attr) {
	if v := a.Value.Resolve(); v.Kind() == slog.KindString {
		b.WriteString("\x00" + a.Key + "\x00" + v.String())
	}
}

// repeats counts the lines of each kind. It may be used by several goroutines.
type repeats struct {
	limits
	mu   sync.Mutex
	seen map[string]*repeated // by kind
}

// repeated is the lines of one kind.
type repeated struct {
	since    time.Time // of the first
	lines    int       // all of them
	heldBack int
	last     slog.Record // of those held back
	next     slog.Handler
}

// others are the lines of more kinds than are told apart.
const others = ""

func newRepeats(l limits) *repeats { return &repeats{limits: l, seen: map[string]*repeated{}} }

// tooMany counts a line and tells whether to hold it back.
func (r *repeats) tooMany(kind string, next slog.Handler, line slog.Record) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.seen[kind]
	if k == nil && len(r.seen) >= r.kinds {
		kind = others
		k = r.seen[kind]
	}
	if k == nil {
		k = &repeated{since: time.Now()}
		r.seen[kind] = k
	}
	k.lines++
	if k.lines <= r.lines {
		return false
	}
	k.heldBack++
	k.last, k.next = line.Clone(), next
	return true
}

// run sums up what was held back until ctx ends, and then the rest.
func (r *repeats) run(ctx context.Context) {
	tick := time.NewTicker(r.in / 10)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			r.sumUp(time.Now().Add(r.in))
			return
		case now := <-tick.C:
			r.sumUp(now)
		}
	}
}

// sumUp forgets the kinds whose time is over, after a line for each that tells
// how many were held back.
func (r *repeats) sumUp(now time.Time) {
	var over []*repeated
	r.mu.Lock()
	for kind, k := range r.seen {
		if now.Sub(k.since) >= r.in {
			delete(r.seen, kind)
			if kind == others {
				k.last.Message = "lines of many kinds"
			}
			over = append(over, k)
		}
	}
	r.mu.Unlock()
	for _, k := range over {
		if k.heldBack > 0 {
			line := k.last
			line.Message += " (repeated)"
			line.AddAttrs(slog.Int("times", k.heldBack), slog.Time("since", k.since))
			k.next.Handle(context.Background(), line)
		}
	}
}

package firmware

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"canting/capture"
)

// BenchmarkStages times what a press is made of, on one thread, with the
// demonstration's model and a frame of 640 x 480 pixels. docs/budget.md adds it
// up; scripts/bench/stages-arm.sh counts the instructions of each.
func BenchmarkStages(b *testing.B) {
	c := demoClassifier(b)
	f := demoCloths(b)[0].frame(b)
	frames := slices.Repeat([]capture.Frame{f}, 5)
	s := allViews(b, c, f)
	label := c.judge("", s.sight).label
	k, _ := newReel(b, patient, frames...)
	v, err := k.shoot(b.Context(), press{at: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	prepare := func(view capture.View) func() error {
		return func() error { return c.preprocessor.RunView(f, view, c.session.Input()) }
	}
	for _, stage := range []struct {
		name string
		run  func() error
	}{
		{"quality", func() error { c.examine(f); return nil }},
		{"prepare-box", prepare(capture.View{})},
		{"prepare-middle", prepare(c.preprocessor.Views()[1])},
		{"inference", c.session.Run},
		{"heat", func() error { c.session.Heat(label); return nil }},
		{"jpeg", func() error { _, err := capture.EncodeJPEG(f, jpegQuality); return err }},
		{"json", func() error { _, err := json.Marshal(v); return err }},
		{"frame", func() error { allViews(b, c, f); return nil }},
	} {
		b.Run(stage.name, func(b *testing.B) {
			for b.Loop() {
				if err := stage.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package report

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPlotsDecode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plots")
	if err := paperRun(t).WritePlots(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"loss.png", "accuracy.png", "confusion.png", "reliability.png", "familiarity.png"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		plot, err := png.Decode(bytes.NewReader(content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if size := plot.Bounds().Size(); size.X < 800 || size.Y < 800 {
			t.Errorf("%s is %v, too small to be read on paper", name, size)
		}
		colors := map[[3]uint32]bool{}
		for x := range plot.Bounds().Dx() {
			r, g, b, _ := plot.At(x, plot.Bounds().Dy()/3).RGBA()
			colors[[3]uint32{r, g, b}] = true
		}
		if len(colors) < 3 {
			t.Errorf("%s has only %d colours along a line: nothing is drawn", name, len(colors))
		}
	}
}

func TestPlotsOfOddRuns(t *testing.T) {
	many := make([]string, 20)
	tests := make([]int, 20)
	for i := range many {
		many[i], tests[i] = fmt.Sprintf("a motif with quite a long name, %d", i), i%3
	}
	oneEpoch := paperRun(t)
	oneEpoch.Metrics.Epochs = oneEpoch.Metrics.Epochs[:1]
	constant := paperRun(t)
	constant.Metrics.Epochs = []Epoch{{1, 0, 1, 0, 1}, {2, 0, 1, 0, 1}}
	diverged := paperRun(t)
	diverged.Metrics.Epochs = []Epoch{{1, math.NaN(), math.NaN(), math.Inf(1), math.NaN()}}
	huge := paperRun(t)
	huge.Metrics.Epochs = []Epoch{{1, 1e300, 0, 1e-300, 0}, {2, 2, 0, 3, 0}}
	for name, run := range map[string]Run{
		"one epoch": oneEpoch, "constant": constant, "diverged": diverged, "huge loss": huge,
		"one class": runOf(t, []string{"a"}, []int{3}), "twenty classes": runOf(t, many, tests),
		"strange names": runOf(t, []string{"", "\x00\xff\x1b[2J", "五", "a\nb"}, []int{1, 1, 1, 1}),
	} {
		plots, err := run.plots()
		if err != nil || len(plots) != 5 {
			t.Errorf("%s: %d plots, error %v", name, len(plots), err)
		}
	}
}

// Beside a report that knows nothing of doubt no earlier run's picture of it stays.
func TestPlotsOfAnEarlierRunGo(t *testing.T) {
	dir, run := t.TempDir(), paperRun(t)
	if err := run.WritePlots(dir); err != nil {
		t.Fatal(err)
	}
	run.Doubt = nil
	if err := run.WritePlots(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{familiarityFile: false, lossFile: true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMatrixShowsTheFirstClassAtTheTop(t *testing.T) {
	shares := rowShares{{3, 1}, {0, 0}}
	for _, c := range []struct {
		column, row int
		want        float64
	}{{0, 1, 0.75}, {1, 1, 0.25}, {0, 0, 0}, {1, 0, 0}} {
		if got := shares.Z(c.column, c.row); got != c.want {
			t.Errorf("column %d, row %d from the bottom: share %g, want %g", c.column, c.row, got, c.want)
		}
	}
	ticks := classTicks([]string{"first", "second"}, true)
	if ticks[0].Value != 1 || ticks[1].Value != 0 {
		t.Errorf("the true classes stand at %v, want the first one at the top", ticks)
	}
}

func TestClayDarkensSteadily(t *testing.T) {
	shades, err := clayShades()
	if err != nil {
		t.Fatal(err)
	}
	var light []uint32
	for i, c := range shades.Colors() {
		if c == nil {
			t.Fatalf("shade %d is unset", i)
		}
		r, g, b, _ := c.RGBA()
		light = append(light, 2126*r+7152*g+722*b)
	}
	slices.Reverse(light)
	if !slices.IsSorted(light) {
		t.Error("the shades do not darken from the first to the last")
	}
}

func TestRoundTicks(t *testing.T) {
	for _, c := range []struct {
		low, high, leastStep float64
		want                 []string
	}{
		{0, 1.72, 0, []string{"0", "0.2", "0.4", "0.6", "0.8", "1", "1.2", "1.4", "1.6"}},
		{1, 100, 1, []string{"20", "40", "60", "80", "100"}},
		{1, 3, 1, []string{"1", "2", "3"}},
	} {
		var got []string
		for _, tick := range (roundTicks{c.leastStep}).Ticks(c.low, c.high) {
			got = append(got, tick.Label)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("from %g to %g: %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

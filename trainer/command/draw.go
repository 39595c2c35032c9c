package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"canting/trainer/draw"

	"github.com/spf13/cobra"
)

func newDraw() *cobra.Command {
	var out string
	var o draw.Options
	var counts []string
	var frames int
	c := &cobra.Command{
		Use:   "draw --out DIR [--seed S] [--count MOTIF=N,...]",
		Short: "Draw cloths of the paper's four motifs and photograph them in software",
		Long: `Draws cloths of ` + strings.Join(draw.Motifs, ", ") + `,
photographs them in software and writes train/ and test/ to --out, by default
in the paper's numbers. The same seed gives the same pixels. With --frames it
writes that many camera frames a motif instead, for the kiosk's demonstration.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := required(c, "out"); err != nil {
				return err
			}
			if c.Flags().Changed("frames") {
				return drawFrames(out, o.Seed, frames)
			}
			if !(o.TestShare > 0 && o.TestShare < 1) {
				return misuse{fmt.Errorf("--test-share is %v; it must be above 0 and below 1", o.TestShare)}
			}
			var err error
			if o.Counts, err = parseCounts(counts); err != nil {
				return misuse{err}
			}
			show := newProgress(c.ErrOrStderr())
			defer show.end()
			return draw.Write(c.Context(), out, o, show.drawn)
		},
	}
	c.Flags().StringVar(&out, "out", "", "folder to write to")
	c.Flags().Int64Var(&o.Seed, "seed", 1, "seed of the cloths and of the photographing")
	c.Flags().Float64Var(&o.TestShare, "test-share", 0.2, "share of the pictures that go to test/")
	c.Flags().IntVar(&frames, "frames", 0, "write this many 640x480 frames a motif instead")
	c.Flags().StringSliceVar(&counts, "count", nil, "pictures a motif, such as rumah_gadang=10,rangkiang=10 (default: the paper's 150, 130, 50 and 70)")
	return c
}

// parseCounts reads MOTIF=N; nothing given leaves the paper's numbers.
func parseCounts(given []string) (map[string]int, error) {
	if len(given) == 0 {
		return nil, nil
	}
	counts := map[string]int{}
	for _, g := range given {
		motif, number, ok := strings.Cut(g, "=")
		n, err := strconv.Atoi(number)
		if !ok || err != nil {
			return nil, fmt.Errorf("--count %s: write MOTIF=NUMBER, such as rangkiang=20", g)
		}
		counts[motif] = n
	}
	return counts, nil
}

// drawFrames writes n frames a motif as 1-MOTIF.jpg, 2-MOTIF.jpg and so on: in
// the order of their names, in which the kiosk shows them, the motifs take turns.
func drawFrames(dir string, seed int64, n int) error {
	frames, err := draw.Showcase(seed, n)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w", err)
	}
	written := map[string]int{}
	for _, f := range frames {
		written[f.Motif]++
		path := filepath.Join(dir, fmt.Sprintf("%d-%s.jpg", written[f.Motif], f.Motif))
		if err := os.WriteFile(path, f.JPEG, 0o644); err != nil {
			return fmt.Errorf("write a frame: %w", err)
		}
	}
	return nil
}

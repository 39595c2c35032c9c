package command

import (
	"fmt"
	"path/filepath"

	"canting/trainer"

	"github.com/spf13/cobra"
)

func newCurve() *cobra.Command {
	var r recipe
	var folds int
	var seeds []int64
	var asJSON bool
	c := &cobra.Command{
		Use:   "curve --data DIR --out DIR [--config F]",
		Short: "Tell whether more photographs would help, and of which motif",
		Long: `Trains with an eighth, a quarter, half and all of each motif's photographs below
--data, by cross-validation as crossval does, and shows what each doubling
brought: in a sentence, and in curve.html with its picture below --out. It takes
as long as folds x seeds x 4 trainings. Ctrl-C stops cleanly; the same command
goes on.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := r.experiment(c)
			if err != nil {
				return err
			}
			progress := newProgress(c.ErrOrStderr())
			curve, err := trainer.Curve(c.Context(), e, r.data, trainer.CrossvalOptions{Out: r.out, Folds: folds, Seeds: seeds, Show: progress})
			progress.end()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), curve)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\nreport: %s\n", curve.Advice, filepath.Join(r.out, "curve.html"))
			return err
		},
	}
	r.flags(c, "folder to keep each training in")
	r.backboneFlag(c)
	c.Flags().IntVar(&folds, "folds", 5, "number of folds")
	c.Flags().Int64SliceVar(&seeds, "seeds", []int64{1}, "seeds; each repeats the whole with other folds")
	c.Flags().BoolVar(&asJSON, "json", false, "print the figures as JSON")
	return c
}

package command

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"canting/trainer"
	"canting/trainer/report"

	"github.com/spf13/cobra"
)

func newCrossval() *cobra.Command {
	var r recipe
	var folds int
	var seeds []int64
	var asJSON bool
	c := &cobra.Command{
		Use:   "crossval --data DIR --out DIR [--config F] [--folds K] [--seeds S,...]",
		Short: "Measure a configuration by cross-validation over all photographs",
		Long: `Divides all photographs below --data into as many folds as --folds says, each
with the same share of every motif, and for each fold trains on the others and
asks the int8 model about the fold: so every photograph tests a model that has
not seen it. Photographs in one folder below their motif's are taken for those
of one cloth and stay in one fold, as do photographs that are there twice. What
lies in a folder unknown is trained on in every fold, as it is by train. Each
seed divides anew. Ctrl-C stops cleanly; the same command goes on, and a fold
that is done is not done again.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := r.experiment(c)
			if err != nil {
				return err
			}
			progress := newProgress(c.ErrOrStderr())
			result, err := trainer.Crossval(c.Context(), e, r.data, trainer.CrossvalOptions{Out: r.out, Folds: folds, Seeds: seeds, Show: progress})
			progress.end()
			if err != nil {
				return err
			}
			figures, err := result.Report()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), figures)
			}
			printCrossval(c.OutOrStdout(), figures)
			return nil
		},
	}
	r.flags(c, "folder to keep each fold in")
	r.backboneFlag(c)
	c.Flags().IntVar(&folds, "folds", 5, "number of folds")
	c.Flags().Int64SliceVar(&seeds, "seeds", []int64{1, 2, 3}, "seeds; each repeats the whole with other folds")
	c.Flags().BoolVar(&asJSON, "json", false, "print the figures as JSON")
	return c
}

func printCrossval(w io.Writer, r report.Crossval) {
	fmt.Fprintf(w, "%d photographs, %d folds, seeds %v; means with 95 %% intervals (corrected resampled t)\n", r.Pictures, r.Folds, r.Seeds)
	for _, row := range []struct {
		name string
		of   report.Folds
	}{{"int8, as the kiosk asks", r.Kiosk}, {"int8, guide box alone", r.Int8}, {"float, guide box alone", r.Float}} {
		fmt.Fprintf(w, "%-24s accuracy %v   macro recall %v\n", row.name, row.of.Accuracy, row.of.MacroRecall)
	}
	fmt.Fprintf(w, "%-24s calibration error %.3f, by chance alone %.3f, at a temperature of %.2f that other folds asked for\n",
		"int8, as the kiosk asks", r.Calibration.Error, r.Calibration.ByChance, r.Calibration.Temperature)
	for _, class := range slices.Sorted(maps.Keys(r.Kiosk.Recall)) {
		fmt.Fprintf(w, "%-24s recall %v\n", plain(class), r.Kiosk.Recall[class])
	}
}

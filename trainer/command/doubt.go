package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"canting/trainer"

	"github.com/spf13/cobra"
)

func newDoubt() *cobra.Command {
	var r recipe
	var asJSON bool
	c := &cobra.Command{
		Use:   "doubt --data DIR --out DIR [--config F]",
		Short: "Measure what a model makes of cloths that it has never seen",
		Long: `Trains a model without each motif below --data in turn, and counts how often
it names one all the same: of test pictures of its own motifs, of the motif left
out, and of things that are no cloth, by kind. The shares are those where 95 of
100 of the known are named and, in brackets, by the rule in the model. Ctrl-C stops; the same command goes on.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := r.experiment(c)
			if err != nil {
				return err
			}
			progress := newProgress(c.ErrOrStderr())
			measured, err := trainer.LeaveOut(c.Context(), e, r.data, r.out, progress)
			progress.end()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), measured)
			}
			printDoubt(c.OutOrStdout(), measured)
			return nil
		},
	}
	r.flags(c, "folder to keep the models in")
	r.seedFlag(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the figures as JSON")
	return c
}

// printDoubt writes, as Markdown, the shares that are named where 95 of 100 of the
// known test pictures are and, in brackets, by the rule that is in the model.
func printDoubt(w io.Writer, measured []trainer.LeftOut) {
	fmt.Fprint(w, "| left out | right of the known | known named | the motif left out |")
	for _, o := range measured[0].Others[1:] {
		fmt.Fprintf(w, " %s |", o.Name)
	}
	fmt.Fprintf(w, " all that is no cloth |\n|%s\n", strings.Repeat("---|", 4+len(measured[0].Others)))
	all := trainer.LeftOut{Motif: "all", Others: make([]trainer.Other, len(measured[0].Others))}
	for _, m := range measured {
		printDoubtRow(w, m)
		all.Right, all.Known = all.Right+m.Right, all.Known.Plus(m.Known)
		for i, o := range m.Others {
			all.Others[i].Named = all.Others[i].Named.Plus(o.Named)
			all.Others[i].Accepted += o.Accepted / float64(len(measured))
		}
	}
	printDoubtRow(w, all)
}

func printDoubtRow(w io.Writer, m trainer.LeftOut) {
	fmt.Fprintf(w, "| %s | %d of %d | 95 %% (%.0f %%) |", plain(m.Motif), m.Right, m.Known.Total(), 100*m.Known.Share())
	var things trainer.Other
	kinds := m.Others[1:]
	for _, o := range kinds {
		things.Named = things.Named.Plus(o.Named)
		things.Accepted += o.Accepted / float64(len(kinds))
	}
	for _, o := range append(slices.Clone(m.Others), things) {
		fmt.Fprintf(w, " %.1f %% (%.1f %%) |", 100*o.Accepted, 100*o.Named.Share())
	}
	fmt.Fprintln(w)
}

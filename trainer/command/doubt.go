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
	var asJSON, taught bool
	c := &cobra.Command{
		Use:   "doubt --data DIR --out DIR [--taught] [--config F]",
		Short: "Measure what a model makes of cloths that it has never seen",
		Long: `Trains a model without each motif below --data in turn, and counts how often
it names one all the same: of test pictures of its own motifs, of the motif left
out, and of things that are no cloth, by kind. The shares are those where 95 of
100 of the known are named and, in brackets, by the rule in the model; a second
table has them where fewer of the known are, which decision.accept in a recipe
asks for. --taught measures what a folder unknown is worth: the training pictures
of the motif left out lie in it, and the model is asked about the test pictures.
The figures are kept in doubt.json. Ctrl-C stops; the same command goes on.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := r.experiment(c)
			if err != nil {
				return err
			}
			progress := newProgress(c.ErrOrStderr())
			measured, err := trainer.LeaveOut(c.Context(), e, r.data, trainer.LeaveOutOptions{Out: r.out, Taught: taught, Show: progress})
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
	r.backboneFlag(c)
	r.seedFlag(c)
	c.Flags().BoolVar(&taught, "taught", false, "put the training pictures of the motif left out into the folder unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print the figures as JSON")
	return c
}

// printDoubt writes, as Markdown, the shares that are named where 95 of 100 of the
// known test pictures are and, in brackets, by the rule that is in the model; then what
// becomes of them where fewer of the known are.
func printDoubt(w io.Writer, measured []trainer.LeftOut) {
	fmt.Fprint(w, "| left out | right of the known | known named | the motif left out |")
	for _, o := range measured[0].Others[1:] {
		fmt.Fprintf(w, " %s |", o.Name)
	}
	fmt.Fprintf(w, " all that is no cloth |\n|%s\n", strings.Repeat("---|", 4+len(measured[0].Others)))
	all := trainer.LeftOut{Motif: "all"}
	for _, m := range measured {
		printDoubtRow(w, m)
		all.Right, all.Known = all.Right+m.Right, all.Known.Plus(m.Known)
	}
	for i := range measured[0].Others {
		var same []trainer.Other
		for _, m := range measured {
			same = append(same, m.Others[i])
		}
		all.Others = append(all.Others, together(same))
	}
	printDoubtRow(w, all)
	printAccepting(w, all)
}

func printDoubtRow(w io.Writer, m trainer.LeftOut) {
	fmt.Fprintf(w, "| %s | %d of %d | %.0f %% (%.0f %%) |", plain(m.Motif), m.Right, m.Known.Total(), 100*trainer.Accepting[0], 100*m.Known.Share())
	for _, o := range append(slices.Clone(m.Others), together(m.Others[1:])) {
		fmt.Fprintf(w, " %.1f %% (%.1f %%) |", 100*o.Accepted[0], 100*o.Named.Share())
	}
	fmt.Fprintln(w)
}

// together is the sum of what was named, and the mean of the shares.
func together(others []trainer.Other) (all trainer.Other) {
	for _, o := range others {
		all.Named = all.Named.Plus(o.Named)
		for i, share := range o.Accepted {
			all.Accepted[i] += share / float64(len(others))
		}
	}
	return all
}

func printAccepting(w io.Writer, all trainer.LeftOut) {
	fmt.Fprint(w, "\n| known named |")
	for _, share := range trainer.Accepting {
		fmt.Fprintf(w, " %.0f %% |", 100*share)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(trainer.Accepting)))
	for _, row := range []struct {
		name string
		of   trainer.Other
	}{{"motifs left out", all.Others[0]}, {"all that is no cloth", together(all.Others[1:])}} {
		fmt.Fprintf(w, "| %s |", row.name)
		for _, share := range row.of.Accepted {
			fmt.Fprintf(w, " %.1f %% |", 100*share)
		}
		fmt.Fprintln(w)
	}
}

package command

import (
	"fmt"
	"io"

	"canting/trainer"
	"canting/trainer/report"

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
out, and of things that are no cloth. Ctrl-C stops; the same command goes on.`,
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

// printDoubt writes the shares named as Markdown: by the rule that is in the model,
// then what each measure would name where it names 95 of 100 of the known.
func printDoubt(w io.Writer, measured []trainer.LeftOut) {
	fmt.Fprint(w, "| left out | right of the known | known named | left out named | no cloth named |")
	for _, s := range measured[0].Scores {
		fmt.Fprintf(w, " %s alone: left out, no cloth |", s.Name)
	}
	fmt.Fprint(w, "\n|---|---|---|---|---|")
	for range measured[0].Scores {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
	var known, left, others report.Naming
	right := 0
	scores := make([]trainer.Score, len(measured[0].Scores))
	for _, m := range measured {
		printDoubtRow(w, plain(m.Motif), m.Right, m.Known, m.Left, m.Others, m.Scores)
		right += m.Right
		known, left, others = known.Plus(m.Known), left.Plus(m.Left), others.Plus(m.Others)
		for i, s := range m.Scores {
			scores[i].Left += s.Left / float64(len(measured))
			scores[i].Others += s.Others / float64(len(measured))
		}
	}
	printDoubtRow(w, "all", right, known, left, others, scores)
}

func printDoubtRow(w io.Writer, name string, right int, known, left, others report.Naming, scores []trainer.Score) {
	fmt.Fprintf(w, "| %s | %d of %d |", name, right, known.Total())
	for _, n := range []report.Naming{known, left, others} {
		fmt.Fprintf(w, " %.1f %% |", 100*n.Share())
	}
	for _, s := range scores {
		fmt.Fprintf(w, " %.0f %%, %.0f %% |", 100*s.Left, 100*s.Others)
	}
	fmt.Fprintln(w)
}

package command

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"canting/trainer"

	"github.com/spf13/cobra"
)

func newCompare() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "compare RUN RUN",
		Short: "Tell what differs between two trainings or cross-validations",
		Long: `Reads run.json in the folders of two runs and prints the settings that differ,
the figures of both, and whether the second is better on the pictures that both
were tested with, with a 95 % interval.`,
		Args: exactly(2, "two runs' folders"),
		RunE: func(c *cobra.Command, args []string) error {
			var records [2]*trainer.Record
			for i, dir := range args {
				r, err := trainer.ReadRecord(dir)
				if err != nil {
					return err
				}
				records[i] = r
			}
			found, err := trainer.Compare(records[0], records[1])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), found)
			}
			return printComparison(c.OutOrStdout(), args, found)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func printComparison(w io.Writer, runs []string, found *trainer.Comparison) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "settings that differ\t%s\t%s\n", plain(runs[0]), plain(runs[1]))
	for _, s := range found.Settings {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", plain(s.Name), cmp.Or(plain(s.First), "-"), cmp.Or(plain(s.Second), "-"))
	}
	if len(found.Settings) == 0 {
		fmt.Fprintln(t, "  none\t\t")
	}
	fmt.Fprintln(t, "figures\t\t")
	for _, f := range found.Figures {
		fmt.Fprintf(t, "  %s\t%.2f %%\t%.2f %%\n", plain(f.Name), 100*f.First, 100*f.Second)
	}
	fmt.Fprintf(t, "  time\t%.0f s\t%.0f s\n", found.Seconds[0], found.Seconds[1])
	if err := t.Flush(); err != nil {
		return err
	}
	if found.Pictures == 0 {
		fmt.Fprintln(w, "No picture was a test picture of both, so their figures cannot be compared.")
		return nil
	}
	fmt.Fprintf(w, "On the %d pictures that both were tested with, as a visitor's press asks, the second has\n", found.Pictures)
	fmt.Fprintf(w, "%+.1f points of accuracy (95 %% interval %+.1f to %+.1f) and %+.1f of macro recall (%+.1f to %+.1f).\n",
		100*found.Accuracy.Mean, 100*found.Accuracy.Low, 100*found.Accuracy.High,
		100*found.MacroRecall.Mean, 100*found.MacroRecall.Low, 100*found.MacroRecall.High)
	if m := found.McNemar; m != nil {
		fmt.Fprintf(w, "%d pictures only the first names right, %d only the second (McNemar's exact test: p = %.3f).\n", m.OnlyFirst, m.OnlySecond, m.P)
	}
	switch a := found.Accuracy; {
	case found.Changed == 0:
		fmt.Fprintln(w, "Both name the same pictures right.")
	case a.Low <= 0 && a.High >= 0:
		fmt.Fprintln(w, "So few pictures do not tell which of the two is better.")
	}
	return nil
}

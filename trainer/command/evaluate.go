package command

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"canting/trainer"
	"canting/trainer/dataset"
	"canting/trainer/report"

	"github.com/spf13/cobra"
)

func newEvaluate() *cobra.Command {
	var model, data string
	var asJSON, list bool
	c := &cobra.Command{
		Use:   "evaluate --model M.tflite --data DIR",
		Short: "Measure a model on labelled photographs",
		Long: `Classifies every photograph below --data, one folder a motif, as the kiosk's
live label would and as a visitor's press would, and counts the right answers,
and those that it would call unknown: a folder unknown beside the motifs' should
all be. Of a folder split into train/ and test/ it takes test/.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := required(c, "model", "data"); err != nil {
				return err
			}
			file, err := os.ReadFile(model)
			if err != nil {
				return fmt.Errorf("read the model: %w", err)
			}
			warn := func(w string) { fmt.Fprintf(c.ErrOrStderr(), "warning: %s\n", w) }
			tell := func(v trainer.Verdict) {
				if list {
					told := plain(v.Label)
					if v.Unknown {
						told = dataset.Unknown
					}
					fmt.Fprintf(c.OutOrStdout(), "%s\t%s\t%.3f\t%s\n", v.Path, plain(v.Label), v.Probability, told)
				}
			}
			e, err := trainer.Evaluate(c.Context(), file, data, tell, warn)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), e)
			}
			printEvaluation(c.OutOrStdout(), e)
			return nil
		},
	}
	c.Flags().StringVar(&model, "model", "", "the model file")
	c.Flags().StringVar(&data, "data", "", "folder of labelled photographs")
	c.Flags().BoolVar(&list, "list", false, "print each picture's file, likeliest label, its probability, and what the live label would say, by the guide box alone, first")
	c.Flags().BoolVar(&asJSON, "json", false, "print accuracy, macro_recall, per_class and the same of a press as JSON")
	return c
}

func printEvaluation(w io.Writer, e report.Evaluation) {
	for _, class := range slices.Sorted(maps.Keys(e.PerClass)) {
		n := e.PerClass[class]
		fmt.Fprintf(w, "%-24s %4d right %4d wrong\n", plain(class), n.Correct, n.Wrong)
	}
	lo, hi := report.Interval(e.Correct(), e.Total())
	fmt.Fprintf(w, "%d of %d right, %.2f %% (95 %% interval %.1f to %.1f)\n", e.Correct(), e.Total(), 100*e.Accuracy, 100*lo, 100*hi)
	fmt.Fprintf(w, "a visitor's press, which looks closer besides, gets %d right, %.2f %%;\n", e.Press.Correct(), 100*e.Press.Accuracy)
	fmt.Fprintf(w, "it names %d of them and says unknown to %d", e.Press.Motifs.Named, e.Press.Motifs.Unknown)
	if all := e.Press.Others.Total(); all > 0 {
		fmt.Fprintf(w, "; of the %d pictures in %s it names %d", all, dataset.Unknown, e.Press.Others.Named)
	}
	fmt.Fprintln(w)
}

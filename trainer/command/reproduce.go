package command

import (
	"fmt"

	"canting/configs"
	"canting/trainer"
	"canting/trainer/report"

	"github.com/spf13/cobra"
)

func newReproduce() *cobra.Command {
	var data, out string
	var seed int64
	var epochs int
	var resume bool
	c := &cobra.Command{
		Use:   "reproduce --data DIR [--out DIR]",
		Short: "Run the paper's experiment and print its tables",
		Long: `Trains the network of configs/paper.yaml on --data as the paper did and prints
the paper's tables 2 to 6 for it beside the paper's own figures.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := required(c, "data"); err != nil {
				return err
			}
			e := configs.PaperExperiment()
			e.Seed = seed
			if c.Flags().Changed("epochs") {
				e.Training.Epochs = epochs
			}
			if err := e.Validate(); err != nil {
				return misuse{err}
			}
			progress := newProgress(c.ErrOrStderr())
			run, err := trainer.Train(c.Context(), trainer.Job{Data: data, Out: out, Experiment: e, Resume: resume, Show: progress})
			progress.end()
			if err != nil {
				return err
			}
			if err := report.PaperTables(c.OutOrStdout(), *run); err != nil {
				return fmt.Errorf("print the tables: %w", err)
			}
			summarize(c.OutOrStdout(), run, out)
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "", "folder of photographs")
	c.Flags().StringVar(&out, "out", "reproduced", "folder to write to")
	c.Flags().BoolVar(&resume, "resume", false, "go on from the checkpoint in --out")
	c.Flags().Int64Var(&seed, "seed", 1, "seed of every random choice")
	c.Flags().IntVar(&epochs, "epochs", 100, "epochs, instead of the paper's 100")
	return c
}

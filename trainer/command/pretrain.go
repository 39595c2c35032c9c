package command

import (
	"fmt"
	"path/filepath"

	"canting/configs"
	"canting/trainer"

	"github.com/spf13/cobra"
)

func newPretrain() *cobra.Command {
	var r recipe
	var resume bool
	c := &cobra.Command{
		Use:   "pretrain --out DIR [--config F]",
		Short: "Train a backbone on drawn patterns, for other trainings to start from",
		Long: `Trains the network to tell two hundred families of drawn patterns apart, and
writes it to --out as ` + trainer.BackboneName + `. train --backbone starts from it. No photograph
has a part in it, and no pattern is shown twice. The backbone that train starts
from by default was made by this command.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := required(c, "out"); err != nil {
				return err
			}
			e, err := r.or(c, configs.PretrainExperiment())
			if err != nil {
				return err
			}
			progress := newProgress(c.ErrOrStderr())
			last, err := trainer.Pretrain(c.Context(), trainer.Job{Out: r.out, Experiment: e, Resume: resume, Show: progress})
			progress.end()
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "families named right: %.1f %% of patterns kept apart, loss %.3f\nbackbone: %s\n",
				100*last.TestAccuracy, last.TestLoss, filepath.Join(r.out, trainer.BackboneName))
			return nil
		},
	}
	c.Flags().StringVar(&r.out, "out", "", "folder to write to")
	c.Flags().StringVar(&r.config, "config", "", "experiment's YAML file (default: configs/pretrain.yaml, built in)")
	r.seedFlag(c)
	c.Flags().BoolVar(&resume, "resume", false, "go on from the checkpoint in --out")
	return c
}

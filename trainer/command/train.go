package command

import (
	"fmt"
	"io"
	"path/filepath"

	"canting/capture"
	"canting/configs"
	"canting/trainer"
	"canting/trainer/report"

	"github.com/spf13/cobra"
)

func newTrain() *cobra.Command {
	var data, out, config, backbone string
	var seed int64
	var resume, asJSON bool
	c := &cobra.Command{
		Use:   "train --data DIR --out DIR [--config F]",
		Short: "Train a model on photographs",
		Long: `Trains a model on the photographs below --data, one folder a motif, or train/
and test/ of such, and writes model.tflite, metrics.json, report.html and plots
to --out. Ctrl-C stops cleanly and keeps the best state so far.

With --backbone FILE the network starts from another one's layers, whatever it
was trained to tell apart: those of a float or 8-bit .tflite classifier up to
its last layer, which a new one replaces. Its input's size and normalisation go
before the configuration's. The configuration's backbone.rate says how fast its
layers learn, 0 that only the new layer does.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := required(c, "data", "out"); err != nil {
				return err
			}
			e, err := experiment(config)
			if err != nil {
				return err
			}
			if c.Flags().Changed("seed") {
				e.Seed = seed
			}
			if c.Flags().Changed("backbone") {
				e.Backbone.File = backbone
			}
			progress := newProgress(c.ErrOrStderr())
			run, err := trainer.Train(c.Context(), trainer.Job{Data: data, Out: out, Experiment: e, Resume: resume, Show: progress})
			progress.end()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), run.Metrics)
			}
			summarize(c.OutOrStdout(), run, out)
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "", "folder of photographs")
	c.Flags().StringVar(&out, "out", "", "folder to write to")
	c.Flags().StringVar(&config, "config", "", "experiment's YAML file (default: configs/trainer.yaml, built in)")
	c.Flags().StringVar(&backbone, "backbone", "", ".tflite classifier to start from, instead of the configuration's network")
	c.Flags().Int64Var(&seed, "seed", 1, "seed of every random choice, instead of the configuration's")
	c.Flags().BoolVar(&resume, "resume", false, "go on from the checkpoint in --out")
	c.Flags().BoolVar(&asJSON, "json", false, "print metrics.json's content")
	return c
}

func experiment(path string) (*configs.Experiment, error) {
	if path == "" {
		return configs.DefaultExperiment(), nil
	}
	return configs.LoadExperiment(path)
}

func summarize(w io.Writer, run *report.Run, out string) {
	m := run.Metrics
	if n := m.Int8.Total(); n > 0 {
		lo, hi := report.Interval(m.Int8.Correct(), n)
		fmt.Fprintf(w, "int8: %d of %d test pictures right, %.2f %% (95 %% interval %.1f to %.1f); as a press asks, by %d views: %d; float: %d\n",
			m.Int8.Correct(), n, 100*m.Int8.Accuracy, 100*lo, 100*hi, len(capture.Views), m.Int8Press.Correct(), m.Float.Correct())
	}
	fmt.Fprintf(w, "model:  %s (%d bytes)\nreport: %s\n", filepath.Join(out, run.Model.Name), run.Model.Bytes, filepath.Join(out, "report.html"))
}

package command

import (
	"fmt"
	"io"
	"path/filepath"

	"canting/trainer"
	"canting/trainer/report"

	"github.com/spf13/cobra"
)

func newTrain() *cobra.Command {
	var r recipe
	var resume, asJSON bool
	c := &cobra.Command{
		Use:   "train --data DIR --out DIR [--config F]",
		Short: "Train a model on photographs",
		Long: `Trains a model on the photographs below --data, one folder a motif, or train/
and test/ of such, and writes model.tflite, metrics.json, report.html and plots
to --out. Ctrl-C stops cleanly and keeps what was learnt so far.

The network starts from a built-in one that knows drawn patterns or, with
--backbone FILE, from another one's layers, whatever it was trained to tell
apart: those of a float or 8-bit .tflite classifier up to its last layer, which
a new one replaces. Such a file's input size and normalisation go before the
configuration's. The configuration's backbone.rate says how fast its layers
learn, 0 that only the new layer does.`,
		Args: exactly(0, "flags only"),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := r.experiment(c)
			if err != nil {
				return err
			}
			progress := newProgress(c.ErrOrStderr())
			run, err := trainer.Train(c.Context(), trainer.Job{Data: r.data, Out: r.out, Experiment: e, Resume: resume, Show: progress})
			progress.end()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), run.Metrics)
			}
			summarize(c.OutOrStdout(), run, r.out)
			return nil
		},
	}
	r.flags(c, "folder to write to")
	r.backboneFlag(c)
	r.seedFlag(c)
	c.Flags().BoolVar(&resume, "resume", false, "go on from the checkpoint in --out")
	c.Flags().BoolVar(&asJSON, "json", false, "print metrics.json's content")
	return c
}

func summarize(w io.Writer, run *report.Run, out string) {
	m := run.Metrics
	if n := m.Int8Press.Total(); n > 0 {
		lo, hi := report.Interval(m.Int8Press.Correct(), n)
		fmt.Fprintf(w, "int8, as a press asks, by several views: %d of %d test pictures right, %.2f %% (95 %% interval %.1f to %.1f); by the guide box alone: %d; float: %d\n",
			m.Int8Press.Correct(), n, 100*m.Int8Press.Accuracy, 100*lo, 100*hi, m.Int8.Correct(), m.Float.Correct())
	}
	fmt.Fprintf(w, "model:  %s (%d bytes)\nreport: %s\n", filepath.Join(out, run.Model.Name), run.Model.Bytes, filepath.Join(out, "report.html"))
}

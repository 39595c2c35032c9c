package firmware

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"canting/capture"
	"canting/firmware/demo"
)

// classified is the JSON line of one file.
type classified struct {
	File        string             `json:"file"`
	Label       string             `json:"label"`
	Confidence  float32            `json:"confidence"`
	Unknown     bool               `json:"unknown"`
	Scores      map[string]float32 `json:"scores"`
	InferenceUS float64            `json:"inference_us"`
}

func classifyCommand() *cobra.Command {
	var model string
	var asJSON bool
	command := &cobra.Command{
		Use:   "classify [--model M.tflite] [--json] FILE...",
		Short: "Tell the motif of picture files, one line a file",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			file := demo.Model()
			if model != "" {
				var err error
				if file, _, err = readModel(model, maxModelBytes); err != nil {
					return err
				}
			}
			classifier, err := newClassifier(file, 1)
			if err != nil {
				return err
			}
			defer classifier.close()
			return classifyFiles(classifier, files, asJSON, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	command.Flags().StringVar(&model, "model", "", "classify with `M.tflite` instead of the demonstration model")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return command
}

// classifyFiles goes on after a file that cannot be read, and says so at the
// end by its error.
func classifyFiles(c *classifier, files []string, asJSON bool, stdout, stderr io.Writer) error {
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	failed := 0
	for _, file := range files {
		line, err := classifyFile(c, file)
		if err != nil {
			failed++
			fmt.Fprintf(stderr, "canting: %v\n", err)
			continue
		}
		if asJSON {
			err = encoder.Encode(line)
		} else {
			_, err = fmt.Fprintln(stdout, line)
		}
		if err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files could not be classified", failed, len(files))
	}
	return nil
}

func classifyFile(c *classifier, file string) (classified, error) {
	frame, err := capture.ReadFile(file)
	if err != nil {
		return classified{}, err
	}
	probabilities, took, err := c.classify(frame)
	if err != nil {
		return classified{}, fmt.Errorf("%s: %w", file, err)
	}
	decided := c.model.Decide(probabilities)
	line := classified{
		File:        file,
		Label:       decided.Label,
		Confidence:  decided.Confidence,
		Unknown:     decided.Unknown,
		Scores:      make(map[string]float32, len(probabilities)),
		InferenceUS: float64(took.Nanoseconds()) / 1000,
	}
	for i, label := range c.labels {
		line.Scores[label] = probabilities[i]
	}
	return line, nil
}

// String is the line for a person.
func (c classified) String() string {
	if c.Unknown {
		return fmt.Sprintf("%s: unknown (nearest: %s, %.1f %%)", c.File, c.Label, 100*c.Confidence)
	}
	return fmt.Sprintf("%s: %s (%.1f %%)", c.File, c.Label, 100*c.Confidence)
}

package firmware

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

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
	InferenceUS float64            `json:"inference_us"` // of all views together
}

func classifyCommand() *cobra.Command {
	var model string
	var asJSON, press bool
	command := &cobra.Command{
		Use:   "classify [--model M.tflite] [--press] [--json] FILE...",
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
			if !classifier.model.HasMetadata() {
				fmt.Fprintln(c.ErrOrStderr(), "canting:", assumed)
			}
			views := []capture.View{{}}
			if press {
				views = classifier.preprocessor.Views()
			}
			return classifyFiles(c.Context(), classifier, views, files, asJSON, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	command.Flags().StringVar(&model, "model", "", "classify with `M.tflite` instead of the demonstration model")
	command.Flags().BoolVar(&press, "press", false, "look as at a press of the shutter, in all the model's views, instead of at the guide box alone as the live label does")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return command
}

// classifyFiles goes on after a file that cannot be read, and says so at the
// end by its error. It ends with ctx, after the file at hand.
func classifyFiles(ctx context.Context, c *classifier, views []capture.View, files []string, asJSON bool, stdout, stderr io.Writer) error {
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	failed := 0
	for i, file := range files {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted after %d of %d files", i, len(files))
		}
		line, err := classifyFile(c, views, file)
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

func classifyFile(c *classifier, views []capture.View, file string) (classified, error) {
	frame, err := capture.ReadFile(file)
	if err != nil {
		return classified{}, err
	}
	seen := shot{frame: frame, by: c, sight: sight{probabilities: make([]float32, len(c.labels))}}
	for _, v := range views {
		if err := seen.widen(v); err != nil {
			return classified{}, fmt.Errorf("%s: %w", file, err)
		}
	}
	decided := c.model.Decide(seen.probabilities, seen.evidence)
	line := classified{
		File:        file,
		Label:       decided.Label,
		Confidence:  decided.Confidence,
		Unknown:     decided.Unknown,
		Scores:      make(map[string]float32, len(seen.probabilities)),
		InferenceUS: float64(seen.took.inference.Nanoseconds()) / 1000,
	}
	for i, label := range c.labels {
		line.Scores[label] = seen.probabilities[i]
	}
	return line, nil
}

// String is the line for a person.
func (c classified) String() string {
	label := printable(c.Label)
	if c.Unknown {
		return fmt.Sprintf("%s: unknown (nearest: %s, %.1f %%)", c.File, label, 100*c.Confidence)
	}
	return fmt.Sprintf("%s: %s (%.1f %%)", c.File, label, 100*c.Confidence)
}

// printable escapes, as Go does, what a terminal would obey instead of show.
func printable(label string) string {
	var b strings.Builder
	for _, r := range label {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"canting/infer/metadata"
	"canting/infer/tflite"

	"github.com/spf13/cobra"
)

func newInspect() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "inspect M.tflite",
		Short: "Print a model's layers, shapes, scales and sizes",
		Args:  exactly(1, "one model file"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read the model: %w", err)
			}
			m, err := tflite.Parse(file)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), summary{len(file), m.Description, m.Labels, layers(m), m.Canting})
			}
			return inspect(c.OutOrStdout(), m, len(file))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print them as JSON, with the canting metadata")
	return c
}

// summary is what inspect --json prints.
type summary struct {
	Bytes       int             `json:"bytes"`
	Description string          `json:"description"`
	Labels      []string        `json:"labels"`
	Layers      []layer         `json:"layers"`
	Canting     json.RawMessage `json:"canting,omitempty"`
}

// layer is one output tensor of an operator, or an input of the model.
type layer struct {
	Operator      string    `json:"operator"`
	Output        string    `json:"output"`
	Shape         []int     `json:"shape"`
	Type          string    `json:"type"`
	Scale         []float32 `json:"scale"`
	ZeroPoint     []int64   `json:"zero_point"`
	ConstantBytes int       `json:"constant_bytes"`
}

func layers(m *tflite.Model) []layer {
	var all []layer
	add := func(operator string, tensor, constants int) {
		t := m.Tensors[tensor]
		all = append(all, layer{operator, t.Name, t.Shape, t.Type.String(), t.Quant.Scale, t.Quant.ZeroPoint, constants})
	}
	for _, i := range m.Inputs {
		add("input", i, 0)
	}
	for _, op := range m.Operators {
		constants := 0
		for _, i := range op.Inputs {
			if i >= 0 {
				constants += len(m.Tensors[i].Data)
			}
		}
		for _, i := range op.Outputs {
			add(op.Code.String(), i, constants)
		}
	}
	return all
}

func inspect(w io.Writer, m *tflite.Model, size int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "operator\toutput\tshape\ttype\tscale\tzero point\tconstants")
	for _, l := range layers(m) {
		scale, zero := "-", "-"
		if len(l.Scale) == 1 {
			scale, zero = fmt.Sprintf("%.6g", l.Scale[0]), fmt.Sprint(l.ZeroPoint[0])
		}
		fmt.Fprintf(t, "%s\t%s\t%v\t%s\t%s\t%s\t%d\n", l.Operator, plain(l.Output), l.Shape, l.Type, scale, zero, l.ConstantBytes)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\nfile: %d bytes\nlabels: %s\n", plain(m.Description), size, plain(strings.Join(m.Labels, ", ")))
	if m.Canting == nil {
		fmt.Fprintln(w, "no canting metadata: preprocessing would be assumed")
		return nil
	}
	card, err := metadata.Parse(m.Canting)
	if err != nil {
		fmt.Fprintf(w, "its canting metadata cannot be used: %v\n", err)
		return nil
	}
	if of := card.Provenance; of.Tool != "" {
		fmt.Fprintf(w, "trained by %s, seed %d, on %d pictures, data set SHA-256 %s\n", plain(of.Tool), of.Seed, of.Pictures, plain(of.DataSet))
	}
	by := "confidence"
	if card.Doubt != nil {
		by = "familiarity"
	}
	fmt.Fprintf(w, "confidence at a temperature of %.2f; named from a %s of %.2f on\n", card.Temperature, by, card.Threshold)
	return nil
}

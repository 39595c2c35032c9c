package command

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"canting/infer/tflite"

	"github.com/spf13/cobra"
)

func newInspect() *cobra.Command {
	return &cobra.Command{
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
			return inspect(c.OutOrStdout(), m, len(file))
		},
	}
}

func inspect(w io.Writer, m *tflite.Model, size int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "#\toperator\toutput\tshape\ttype\tscale\tzero point\tconstants")
	for _, i := range m.Inputs {
		row(t, m, "", "input", i, 0)
	}
	for n, op := range m.Operators {
		bytes := 0
		for _, i := range op.Inputs {
			if i >= 0 {
				bytes += len(m.Tensors[i].Data)
			}
		}
		for _, i := range op.Outputs {
			row(t, m, fmt.Sprint(n), op.Code.String(), i, bytes)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\nfile: %d bytes\nlabels: %s\n", m.Description, size, strings.Join(m.Labels, ", "))
	if m.Canting == nil {
		fmt.Fprintln(w, "no canting metadata: preprocessing would be assumed")
	}
	return nil
}

func row(w io.Writer, m *tflite.Model, number, what string, tensor, constants int) {
	t := m.Tensors[tensor]
	scale, zero := "-", "-"
	if n := len(t.Quant.Scale); n == 1 {
		scale, zero = fmt.Sprintf("%.6g", t.Quant.Scale[0]), fmt.Sprint(t.Quant.ZeroPoint[0])
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%s\t%s\t%s\t%d\n", number, what, t.Name, t.Shape, t.Type, scale, zero, constants)
}

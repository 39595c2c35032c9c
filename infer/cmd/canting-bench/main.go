// Command canting-bench times a model, or runs it over tensors from a .npy file.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// misuse is an error of how the program was called.
type misuse struct{ error }

// run returns the exit code: 0 done, 1 failed, 2 misused.
func run(args []string, stdout, stderr io.Writer) int {
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "canting-bench:", err)
	var m misuse
	if errors.As(err, &m) {
		return 2
	}
	return 1
}

// settings are the command line's flags.
type settings struct {
	model, kernel, input, output string
	runs, threads                int
	profile, json                bool
}

func command() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:           "canting-bench --model M.tflite",
		Short:         "Time a model, or run it over tensors from a .npy file",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse{fmt.Errorf("unexpected argument %q; see --help", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return misuse{err}
			}
			return s.execute(cmd.OutOrStdout())
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misuse{err} })
	f := cmd.Flags()
	f.StringVar(&s.model, "model", "", "the .tflite file (required)")
	f.IntVar(&s.runs, "runs", 50, "do exactly so many inferences")
	f.IntVar(&s.threads, "threads", 1, "threads of one inference")
	f.StringVar(&s.kernel, "kernel", "", "instruction set: generic, neon, dotprod, avx2, vnni (default the best one)")
	f.BoolVar(&s.profile, "profile", false, "print the time of each operator")
	f.BoolVar(&s.json, "json", false, "print JSON")
	f.StringVar(&s.input, "input", "", "a .npy file with an input tensor, or a stack of them along the first dimension")
	f.StringVar(&s.output, "output", "", "the .npy file that gets the output tensors")
	return cmd
}

func (s *settings) check() error {
	switch {
	case s.model == "":
		return errors.New("--model is missing: name a .tflite file")
	case s.runs < 1:
		return fmt.Errorf("--runs is %d, it must be at least 1", s.runs)
	case s.threads < 1:
		return fmt.Errorf("--threads is %d, it must be at least 1", s.threads)
	case (s.input == "") != (s.output == ""):
		return errors.New("--input and --output go together")
	case s.input != "" && s.profile:
		return errors.New("--profile times inferences, it does not go with --input")
	}
	return nil
}

// Package command is canting-trainer's command line.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	done    = 0
	failed  = 1
	misused = 2
)

// misuse marks an error in how the command was called.
type misuse struct{ error }

// Run executes the command line and returns the exit code. The first signal
// asks the command to stop cleanly, a second one ends the process.
func Run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return done
	}
	fmt.Fprintf(stderr, "canting-trainer: %v\n", err)
	var m misuse
	if errors.As(err, &m) {
		return misused
	}
	return failed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "canting-trainer",
		Short:         "Train Canting's models from photographs",
		Long:          "canting-trainer turns folders of photographs, one a motif, into a model for the kiosk.",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, _ []string) error {
			return misuse{fmt.Errorf("say what to do: %s --help lists the commands", c.Name())}
		},
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse{fmt.Errorf("there is no command %q: %s --help lists the commands", args[0], c.Name())}
			}
			return nil
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misuse{err} })
	root.AddCommand(newTrain(), newEvaluate(), newDoubt(), newDraw(), newPretrain(), newReproduce(), newInspect(), newCrossval(), newCompare(), newCurve())
	return root
}

// exactly refuses any other number of arguments than n.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return misuse{fmt.Errorf("%s takes %s, not %d arguments: %s", c.CommandPath(), what, len(args), c.UseLine())}
		}
		return nil
	}
}

// required reports the first of the named flags that was not given.
func required(c *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if !c.Flags().Changed(name) {
			return misuse{fmt.Errorf("%s needs --%s: %s --help explains it", c.CommandPath(), name, c.CommandPath())}
		}
	}
	return nil
}

// printJSON writes a value for scripts.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// plain replaces what would steer a terminal: labels come from model files.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

package firmware

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2
)

// Main runs the command line in args and returns the exit code. The first SIGINT
// or SIGTERM ends it cleanly, a second one ends the process.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	started := false
	root := Command()
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if err := c.ValidateFlagGroups(); err != nil { // cobra itself asks only after this
			return err
		}
		started = true
		return nil
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case !started: // cobra refused the command line
		fmt.Fprintf(stderr, "canting: %v\nRun \"canting --help\" for the commands.\n", err)
		return exitMisuse
	default:
		fmt.Fprintf(stderr, "canting: %v\n", err)
		return exitFailed
	}
}

// Command is the command line; Main runs it, and the manual is made of it.
func Command() *cobra.Command {
	root := &cobra.Command{
		Use:           "canting",
		Short:         "Tell the motifs of batik, live, from a camera",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(runCommand(), cameraCommand(), classifyCommand(), modelsCommand(), doctorCommand(), versionCommand())
	return root
}

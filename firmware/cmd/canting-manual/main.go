// Command canting-manual writes what a package holds beside canting and is made
// of its commands: the manual pages and the shells' completions.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra/doc"

	"canting/firmware"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: canting-manual FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "canting-manual:", err)
		os.Exit(1)
	}
}

// write lays the files out below the folder as they lie below /usr/share. The
// pages are dated by SOURCE_DATE_EPOCH where that is set.
func write(share string) error {
	root := firmware.Command()
	root.DisableAutoGenTag = true
	manual := filepath.Join(share, "man/man1")
	if err := os.MkdirAll(manual, 0o755); err != nil {
		return err
	}
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "Canting", Manual: "Canting"}, manual); err != nil {
		return fmt.Errorf("write the manual pages: %w", err)
	}
	completions := []struct {
		path     string
		generate func(path string) error
	}{
		{"bash-completion/completions/canting", func(path string) error { return root.GenBashCompletionFileV2(path, true) }},
		{"zsh/vendor-completions/_canting", root.GenZshCompletionFile},
		{"fish/vendor_completions.d/canting.fish", func(path string) error { return root.GenFishCompletionFile(path, true) }},
	}
	for _, c := range completions {
		path := filepath.Join(share, c.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := c.generate(path); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

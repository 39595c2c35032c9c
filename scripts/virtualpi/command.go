package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// command runs a program of this machine and returns its stdout.
func command(ctx context.Context, name string, arguments ...string) (string, error) {
	var stderr bytes.Buffer
	c := exec.CommandContext(ctx, name, arguments...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// Command canting-trainer trains Canting's models from photographs.
package main

import (
	"os"

	"canting/trainer/command"
)

func main() { os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr)) }

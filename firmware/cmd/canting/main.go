// Canting is the kiosk that tells the motifs of batik.
package main

import (
	"os"

	"canting/firmware"
)

func main() { os.Exit(firmware.Main(os.Args[1:], os.Stdout, os.Stderr)) }

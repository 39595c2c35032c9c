// Armasm turns arm64 assembly in the GNU syntax into Go's. Go's assembler has no
// mnemonic for most vector instructions of integers; the GNU assembler has all
// of them, and macros. So kernels are written for the latter in files ending in
// .asm, which the go command ignores, and checked in beside the _arm64.s files
// made of them here, so that nobody needs binutils to build.
//
//	go run ./scripts/armasm infer/kernel/dotprod/gemm.asm          writes gemm_arm64.s beside it
//	go run ./scripts/armasm -check infer/kernel/dotprod/gemm.asm   fails when that file is not up to date
//
// A function starts with a line that gives its Go declaration, and its label:
//
//	//func addRows(dst, src *int8, n int)
//	addRows:
//
// Its arguments, each of 8 bytes, arrive in x0, x1, ... in their order. It is a
// leaf without a stack frame: it may use all vector registers and x0 to x27 but
// x18, and ends by ret. Comments directly above the declaration and those at the
// top of the file are carried over.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: armasm [-check] FILE.asm...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	for _, path := range flag.Args() {
		if err := run(path, *check); err != nil {
			fmt.Fprintf(os.Stderr, "armasm: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

// outputPath is the Go file made of an .asm file.
func outputPath(path string) (string, error) {
	stem, ok := strings.CutSuffix(path, ".asm")
	if !ok {
		return "", errors.New("its name does not end in .asm")
	}
	return stem + "_arm64.s", nil
}

func run(path string, check bool) error {
	output, err := outputPath(path)
	if err != nil {
		return err
	}
	want, err := generate(path)
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(output, want, 0o644)
	}
	got, err := os.ReadFile(output)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s is not what it assembles to; run: go run ./scripts/armasm %s", output, path)
	}
	return nil
}

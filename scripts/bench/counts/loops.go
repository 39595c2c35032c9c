package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// loop is an inner loop of a kernel: no other loop lies in it.
type loop struct {
	function string
	// body is the instructions as binutils writes them, the branch back last.
	body []string
	// products is the number of multiplications of weights in one turn.
	products int
}

// leastProducts leaves out loops over tails.
const leastProducts = 32

// printLoops lists the inner loops with multiplications of every arm64 kernel.
func printLoops() error {
	files, err := filepath.Glob("infer/kernel/*/*_arm64.s")
	if err != nil {
		return err
	}
	header := []string{"kernel", "function", "instructions", "products"}
	for _, c := range cores {
		name := c.name
		if c.scheduler != name {
			name = fmt.Sprintf("%s for %s", c.scheduler, name)
		}
		header = append(header, name+": cycles", "products per cycle")
	}
	head(header, 2)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, l := range innerLoops(string(text)) {
			if err := l.print(filepath.Base(filepath.Dir(file))); err != nil {
				return fmt.Errorf("%s, %s: %w", file, l.function, err)
			}
		}
	}
	return nil
}

func (l loop) print(kernel string) error {
	cells := []string{kernel, l.function, strconv.Itoa(len(l.body)), strconv.Itoa(l.products)}
	for _, c := range cores {
		if kernel == "dotprod" && c.name != "cortex-a76" {
			cells = append(cells, "–", "–")
			continue
		}
		cycles, err := l.cycles(c.scheduler)
		if err != nil {
			return err
		}
		cells = append(cells, fmt.Sprintf("%.1f", cycles), fmt.Sprintf("%.1f", float64(l.products)/cycles))
	}
	row(cells)
	return nil
}

var (
	functionLine = regexp.MustCompile(`^TEXT ·(\w+)\(SB\)`)
	wordLine     = regexp.MustCompile(`^\tWORD \$0x([0-9a-f]{8}) // (.*)$`)
)

// innerLoops reads a file that scripts/armasm made: one instruction a line,
// its word and what binutils calls it.
func innerLoops(text string) []loop {
	var loops []loop
	var function string
	var words []uint32
	var names []string
	for line := range strings.Lines(text + "TEXT ·end(SB)\n") {
		if m := functionLine.FindStringSubmatch(line); m != nil {
			loops = append(loops, loopsOf(function, words, names)...)
			function, words, names = m[1], nil, nil
		} else if m := wordLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			word, _ := strconv.ParseUint(m[1], 16, 32)
			words, names = append(words, uint32(word)), append(names, m[2])
		} else if strings.HasPrefix(line, "\t") {
			// Arguments' loads and the return are Go's own instructions, never within a loop.
			words, names = append(words, 0), append(names, "")
		}
	}
	return loops
}

// loopsOf finds the branches back; the one whose target lies behind all earlier
// branches back closes an inner loop.
func loopsOf(function string, words []uint32, names []string) []loop {
	var loops []loop
	closed := -1
	for i, w := range words {
		distance, ok := branch(w)
		if !ok || distance >= 0 {
			continue
		}
		if start := i + distance; start > closed {
			l := loop{function: function, body: names[start : i+1]}
			for _, name := range l.body {
				l.products += products(name)
			}
			if l.products >= leastProducts {
				loops = append(loops, l)
			}
		}
		closed = i
	}
	return loops
}

// branch returns how many instructions a branch within a function goes, by the
// encodings of B, B.cond, CBZ, CBNZ, TBZ and TBNZ.
func branch(w uint32) (distance int, ok bool) {
	switch {
	case w>>26 == 0x05:
		return signed(w, 26), true
	case w>>24 == 0x54, w>>25&0x3f == 0x1a:
		return signed(w>>5, 19), true
	case w>>25&0x3f == 0x1b:
		return signed(w>>5, 14), true
	}
	return 0, false
}

// signed is the low bits of a word as a signed number.
func signed(w uint32, bits int) int { return int(int32(w<<(32-bits)) >> (32 - bits)) }

var arrangement = regexp.MustCompile(`^(\w+)\s+v\d+\.(\d+)[bhsd]`)

// products is how many products of int8 or int16 an instruction computes.
func products(instruction string) int {
	m := arrangement.FindStringSubmatch(instruction)
	if m == nil {
		return 0
	}
	lanes, _ := strconv.Atoi(m[2])
	switch classes[classOf(m[1], true)].name {
	case "dot product":
		return 4 * lanes
	case "multiply":
		return lanes
	}
	return 0
}

const mca = "llvm-mca-19"

func mcaVersion() string {
	out, err := exec.Command(mca, "--version").Output()
	if m := regexp.MustCompile(`version (\S+)`).FindSubmatch(out); err == nil && m != nil {
		return "llvm-mca " + string(m[1])
	}
	return "llvm-mca of an unknown version"
}

var branchTarget = regexp.MustCompile(`\w+\+0x[0-9a-f]+$|\S+$`)

// cycles is how long one of many turns of the loop takes on a processor.
func (l loop) cycles(scheduler string) (float64, error) {
	const turns = 200
	var source strings.Builder
	source.WriteString("loop:\n")
	for _, instruction := range l.body {
		if mnemonic, _, _ := strings.Cut(instruction, " "); isBranch(mnemonic) {
			instruction = branchTarget.ReplaceAllString(instruction, "loop")
		}
		fmt.Fprintln(&source, instruction)
	}
	cmd := exec.Command(mca, "-mtriple=aarch64", "-mcpu="+scheduler, "-mattr=+dotprod", "-json", fmt.Sprintf("-iterations=%d", turns))
	cmd.Stdin = strings.NewReader(source.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", mca, err, strings.TrimSpace(stderr.String()))
	}
	var report struct {
		CodeRegions []struct {
			SummaryView struct{ TotalCycles float64 }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil || len(report.CodeRegions) != 1 {
		return 0, fmt.Errorf("%s: its answer can't be read: %w", mca, err)
	}
	return report.CodeRegions[0].SummaryView.TotalCycles / turns, nil
}

func isBranch(mnemonic string) bool {
	return strings.HasPrefix(mnemonic, "b.") || mnemonic == "b" || strings.HasPrefix(mnemonic, "cb") || strings.HasPrefix(mnemonic, "tb")
}

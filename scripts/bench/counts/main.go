// Command counts prints, as Markdown, how many arm64 instructions the engine
// executes for one inference of the four networks, by class, and what llvm-mca
// says of the kernels' inner loops. It is run from the repository's root.
package main

import (
	"flag"
	"fmt"
	"log"
	"strings"
	"time"

	"canting/scripts/bench/networks"
)

// core is a processor of a Raspberry Pi. Scheduler is the model of llvm-mca
// that stands for it: LLVM has none of the A72 and the A76.
type core struct{ name, boards, scheduler string }

var cores = []core{
	{"cortex-a53", "Pi 3, Zero 2 W", "cortex-a53"},
	{"cortex-a72", "Pi 4", "cortex-a57"},
	{"cortex-a76", "Pi 5", "neoverse-n1"},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("counts: ")
	e := emulator{}
	flag.StringVar(&e.program, "engine", "build/bench/canting-bench-arm64", "this engine's static arm64 program")
	flag.StringVar(&e.plugin, "plugin", "build/bench/mnemonics.so", "the QEMU plugin")
	flag.IntVar(&e.runs, "runs", 10, "inferences; twice as many are counted as well, and the difference taken")
	flag.Parse()
	fmt.Printf("%s, %s; millions of executed instructions for one inference, one thread.\n\n", time.Now().Format(time.DateOnly), e.version())
	if err := printCounts(&e); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\nInner loops, by %s: products and cycles of one turn.\n\n", mcaVersion())
	if err := printLoops(); err != nil {
		log.Fatal(err)
	}
}

func printCounts(e *emulator) error {
	header := []string{"network", "core", "kernel", "all"}
	for _, c := range classes {
		header = append(header, c.name)
	}
	head(append(header, "MAC per instruction"), 3)
	for _, n := range networks.Present() {
		for _, c := range cores {
			r, err := e.count(c.name, n.TFLite)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", n.Name, c.name, err)
			}
			cells := []string{n.Name, fmt.Sprintf("%s (%s)", c.name, c.boards), r.kernel, millions(r.all())}
			for i := range classes {
				cells = append(cells, millions(r.counts[i]))
			}
			row(append(cells, fmt.Sprintf("%.2f", float64(r.macs)/r.all())))
		}
	}
	return nil
}

// A class that stands still may differ by a few instructions of the runtime.
func millions(n float64) string { return fmt.Sprintf("%.3f", max(n, 0)/1e6) }

// head prints a table's first lines; so many columns hold text, the others numbers.
func head(names []string, text int) {
	row(names)
	row(append(repeat("---", text), repeat("---:", len(names)-text)...))
}

func repeat(s string, n int) []string {
	return strings.Fields(strings.Repeat(s+" ", n))
}

func row(cells []string) { fmt.Println("| " + strings.Join(cells, " | ") + " |") }

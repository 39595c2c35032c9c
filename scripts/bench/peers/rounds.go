package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"canting/scripts/bench/networks"
)

// bench holds the settings of a measurement.
type bench struct {
	library, engine string
	rounds, cpu     int
	seconds         float64
}

// contestant is an engine in one of its forms.
type contestant struct {
	name string
	// environment is added to the process's own.
	environment []string
	command     func(networks.Network) []string
}

// contestants are in the order in which they take turns: those that are
// compared stand side by side.
func (b *bench) contestants() []contestant {
	self := os.Args[0]
	canting := func(kernel string) contestant {
		return contestant{name: "Canting " + kernel, command: func(n networks.Network) []string {
			return []string{b.engine, "--json", "--kernel", kernel, "--model", n.TFLite}
		}}
	}
	oneDNN := func(n networks.Network) []string { return []string{self, "--peer", "onednn", "--model", n.TFLite} }
	return []contestant{
		canting("vnni"),
		{name: "ONNX Runtime", command: func(n networks.Network) []string {
			return []string{self, "--onnxruntime", b.library, "--peer", "onnxruntime", "--model", n.ONNX}
		}},
		{name: "oneDNN", command: oneDNN},
		canting("avx2"),
		{name: "oneDNN held to AVX2", command: oneDNN, environment: []string{"ONEDNN_MAX_CPU_ISA=AVX2"}},
	}
}

// compared are the ratios to print: the first one's time over the second's.
var compared = [][2]string{
	{"Canting vnni", "ONNX Runtime"},
	{"Canting vnni", "oneDNN"},
	{"oneDNN", "ONNX Runtime"},
	{"Canting avx2", "oneDNN held to AVX2"},
}

// times are a contestant's medians, one for each round.
type times map[string]map[string][]float64

func (b *bench) all() error {
	nets := networks.Present()
	if len(nets) == 0 {
		return fmt.Errorf("none of the networks is here")
	}
	started := time.Now()
	measured := times{}
	for _, n := range nets {
		if err := b.measure(n, measured); err != nil {
			return err
		}
	}
	return b.print(nets, measured, started)
}

// measure lets the contestants take turns on one network. One that can't run,
// since the processor lacks its instructions, is left out aloud.
func (b *bench) measure(n networks.Network, measured times) error {
	type turn struct {
		contestant
		runs int
	}
	var turns []turn
	for _, c := range b.contestants() {
		median, err := b.time(c, n, 20)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s is left out on %s: %v\n", c.name, n.Name, err)
			continue
		}
		turns = append(turns, turn{c, max(20, int(b.seconds*1e6/median))})
	}
	for range b.rounds {
		for _, t := range turns {
			median, err := b.time(t.contestant, n, t.runs)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", t.name, n.Name, err)
			}
			if measured[t.name] == nil {
				measured[t.name] = map[string][]float64{}
			}
			measured[t.name][n.Name] = append(measured[t.name][n.Name], median)
		}
	}
	return nil
}

// priority keeps other programs off the core while one is timed, where the user
// may ask for real-time scheduling.
var priority = sync.OnceValue(func() []string {
	command := []string{"chrt", "--rr", "1"}
	if exec.Command(command[0], append(command[1:], "true")...).Run() != nil {
		return nil
	}
	return command
})

// time runs one contestant in a process of its own and returns its median time
// in microseconds.
func (b *bench) time(c contestant, n networks.Network, runs int) (float64, error) {
	args := slices.Concat(priority(), []string{"taskset", "--cpu-list", strconv.Itoa(b.cpu)}, c.command(n), []string{"--runs", strconv.Itoa(runs)})
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(append(os.Environ(), "OMP_NUM_THREADS=1"), c.environment...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var t timing
	if err := json.Unmarshal(out, &t); err != nil {
		return 0, fmt.Errorf("reading %q: %w", out, err)
	}
	return t.Median, nil
}

func (b *bench) print(nets []networks.Network, measured times, started time.Time) error {
	version, err := onnxRuntimeVersion(b.library)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s. %s and %s. One thread, pinned to core %d; medians of %d rounds in microseconds, ratios the medians of each round's.\n\n",
		started.Format(time.DateOnly), processor(), version, oneDNNVersion(), b.cpu, b.rounds)
	header, line := "|", "|---"
	for _, n := range nets {
		header += " | " + n.Name
		line += "|---:"
	}
	fmt.Printf("%s |\n%s|\n", header, line)
	for _, c := range b.contestants() {
		row("%.1f", c.name, nets, func(net string) []float64 { return measured[c.name][net] })
	}
	for _, pair := range compared {
		row("**%.2f**", pair[0]+" / "+pair[1], nets, func(net string) []float64 {
			return ratios(measured[pair[0]][net], measured[pair[1]][net])
		})
	}
	return nil
}

func row(format, name string, nets []networks.Network, values func(net string) []float64) {
	fmt.Printf("| %s", name)
	for _, n := range nets {
		cell := "–"
		if v := values(n.Name); len(v) > 0 {
			cell = fmt.Sprintf(format, median(v))
		}
		fmt.Printf(" | %s", cell)
	}
	fmt.Println(" |")
}

// ratios divides round by round, so that a load that comes and goes falls on
// both sides.
func ratios(a, b []float64) []float64 {
	var out []float64
	for i := range min(len(a), len(b)) {
		out = append(out, a[i]/b[i])
	}
	return out
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// processor names the processor as Linux does.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unnamed processor"
}

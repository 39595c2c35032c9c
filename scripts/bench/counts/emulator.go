package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// emulator runs the engine under qemu-user with the plugin that counts.
type emulator struct {
	program, plugin string
	runs            int
}

// inference is what one takes: instructions of each class.
type inference struct {
	kernel string
	macs   int64
	counts []float64
}

func (r inference) all() float64 {
	sum := 0.0
	for _, n := range r.counts {
		sum += n
	}
	return sum
}

func (e *emulator) version() string {
	out, err := exec.Command("qemu-aarch64", "--version").Output()
	if err != nil {
		return "QEMU of an unknown version"
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// count takes the difference of 2N and N inferences, so that starting the
// program and loading the model do not count.
func (e *emulator) count(core, model string) (inference, error) {
	once, _, err := e.run(core, model, e.runs)
	if err != nil {
		return inference{}, err
	}
	twice, about, err := e.run(core, model, 2*e.runs)
	if err != nil {
		return inference{}, err
	}
	r := inference{kernel: about.Kernel, macs: about.MACs, counts: make([]float64, len(classes))}
	for i := range r.counts {
		r.counts[i] = float64(twice[i]-once[i]) / float64(e.runs)
	}
	return r, nil
}

// about is what canting-bench says of the model.
type about struct {
	Kernel string `json:"kernel"`
	MACs   int64  `json:"macs"`
}

// run returns the executed instructions of each class.
func (e *emulator) run(core, model string, runs int) (counts []int64, a about, err error) {
	dir, err := os.MkdirTemp("", "counts")
	if err != nil {
		return nil, a, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "mnemonics")
	cmd := exec.Command("qemu-aarch64", "-cpu", core, "-plugin", e.plugin+",out="+file,
		e.program, "--json", "--model", model, "--runs", strconv.Itoa(runs))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, a, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	if err := json.Unmarshal(out, &a); err != nil {
		return nil, a, fmt.Errorf("reading %q: %w", out, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, a, err
	}
	counts = make([]int64, len(classes))
	for line := range strings.Lines(string(text)) {
		var unit, mnemonic string
		var n int64
		if _, err := fmt.Sscan(line, &unit, &mnemonic, &n); err != nil {
			return nil, a, fmt.Errorf("reading %q: %w", line, err)
		}
		counts[classOf(mnemonic, unit == "simd")] += n
	}
	return counts, a, nil
}

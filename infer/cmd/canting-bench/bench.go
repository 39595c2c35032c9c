package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"canting/infer"
)

func (s *settings) execute(out io.Writer) error {
	file, err := os.ReadFile(s.model)
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	m, err := infer.Load(file, infer.Options{Kernel: s.kernel, Threads: s.threads})
	if err != nil {
		return fmt.Errorf("%s: %w", s.model, err)
	}
	session := m.NewSession()
	defer session.Close()
	if s.input != "" {
		return runTensors(m, session, s.input, s.output)
	}
	r := result{Model: filepath.Base(s.model), Kernel: m.Kernel(), Threads: s.threads, MACs: m.MACs(), ArenaBytes: m.ArenaBytes()}
	if err := r.measure(m, session, s.runs, s.profile); err != nil {
		return err
	}
	if s.json {
		return json.NewEncoder(out).Encode(r)
	}
	return r.print(out)
}

// result is what --json prints. Times are in microseconds.
type result struct {
	Model      string    `json:"model"`
	Kernel     string    `json:"kernel"`
	Threads    int       `json:"threads"`
	Median     float64   `json:"median_us"`
	Min        float64   `json:"min_us"`
	P90        float64   `json:"p90_us"`
	MACs       int64     `json:"macs"`
	GMACPerS   float64   `json:"gmac_per_s"`
	ArenaBytes int       `json:"arena_bytes"`
	Operators  []profile `json:"operators,omitempty"`
}

// profile is one operator's share, its time being the median of all runs.
type profile struct {
	Index    int     `json:"index"`
	Operator string  `json:"operator"`
	Kernel   string  `json:"kernel"`
	Shape    string  `json:"shape"`
	Time     float64 `json:"us"`
	GMACPerS float64 `json:"gmac_per_s"`
	Share    float64 `json:"share"`
}

// measure does exactly so many inferences. The input holds zeros: the time does
// not depend on it.
func (r *result) measure(m *infer.Model, s *infer.Session, runs int, profiled bool) error {
	times := make([]time.Duration, runs)
	perStep := make([][]time.Duration, runs)
	steps := m.Steps()
	for i := range times {
		if profiled {
			perStep[i] = make([]time.Duration, len(steps))
		}
		start := time.Now()
		var err error
		if profiled {
			err = s.Profile(perStep[i])
		} else {
			err = s.Run()
		}
		if err != nil {
			return err
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	r.Median, r.Min, r.P90 = microseconds(times[runs/2]), microseconds(times[0]), microseconds(times[runs*9/10])
	r.GMACPerS = gmacPerS(r.MACs, r.Median)
	if profiled {
		r.split(steps, perStep)
	}
	return nil
}

// split divides the time among the operators; runs holds their times in each run.
func (r *result) split(steps []infer.Step, runs [][]time.Duration) {
	var total float64
	times := make([]time.Duration, len(runs))
	for i, step := range steps {
		for j := range runs {
			times[j] = runs[j][i]
		}
		slices.Sort(times)
		us := microseconds(times[len(times)/2])
		total += us
		r.Operators = append(r.Operators, profile{step.Index, step.Operator, step.Kernel, step.Shape, us, gmacPerS(step.MACs, us), 0})
	}
	for i := range r.Operators {
		r.Operators[i].Share = r.Operators[i].Time / total
	}
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func gmacPerS(macs int64, us float64) float64 { return float64(macs) / us / 1000 }

func (r *result) print(out io.Writer) error {
	fmt.Fprintf(out, "%s: kernel %s, threads %d\n", r.Model, r.Kernel, r.Threads)
	fmt.Fprintf(out, "median %.1f us, least %.1f us, 90th percentile %.1f us\n", r.Median, r.Min, r.P90)
	fmt.Fprintf(out, "%.3f million MAC, %.2f GMAC/s, arena %d bytes\n", float64(r.MACs)/1e6, r.GMACPerS, r.ArenaBytes)
	if len(r.Operators) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\n#\toperator\tkernel\tshape\tus\tGMAC/s\tshare")
	for _, o := range r.Operators {
		speed := "-" // only convolutions and dense layers multiply and accumulate
		if o.GMACPerS > 0 {
			speed = fmt.Sprintf("%.2f", o.GMACPerS)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%.1f\t%s\t%.1f %%\n", o.Index, o.Operator, o.Kernel, o.Shape, o.Time, speed, 100*o.Share)
	}
	return w.Flush()
}

// Command peers times this engine and two others, ONNX Runtime and oneDNN, on
// the four networks in interleaved rounds and prints a Markdown table. One
// thread, pinned to one core. It is run from the repository's root.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("peers: ")
	b := bench{}
	flag.StringVar(&b.library, "onnxruntime", "build/bench/onnxruntime/libonnxruntime.so.1", "ONNX Runtime's library")
	flag.StringVar(&b.engine, "engine", "build/bench/canting-bench", "this engine's program")
	flag.IntVar(&b.rounds, "rounds", 7, "rounds; the medians are taken over them")
	flag.Float64Var(&b.seconds, "seconds", 0.3, "seconds of one engine on one network in one round")
	flag.IntVar(&b.cpu, "cpu", 1, "the core to run on")
	peer := flag.String("peer", "", "time one peer, onnxruntime or onednn, and print JSON")
	model := flag.String("model", "", "the peer's model")
	runs := flag.Int("runs", 20, "do exactly so many inferences")
	flag.Parse()
	var err error
	if *peer != "" {
		err = b.one(*peer, *model, *runs)
	} else {
		err = b.all()
	}
	if err != nil {
		log.Fatal(err)
	}
}

// timing is what both a peer and canting-bench print, in microseconds.
type timing struct {
	Median float64 `json:"median_us"`
}

func (b *bench) one(peer, model string, runs int) error {
	// oneDNN's primitives may lean on memory of the thread that made them.
	runtime.LockOSThread()
	var run func() error
	var err error
	switch peer {
	case "onnxruntime":
		run, err = onnxRuntime(b.library, model)
	case "onednn":
		run, err = oneDNN(model)
	default:
		err = errors.New("--peer is onnxruntime or onednn")
	}
	if err != nil {
		return err
	}
	times := make([]time.Duration, runs)
	for i := range times {
		start := time.Now()
		if err := run(); err != nil {
			return fmt.Errorf("%s: %w", peer, err)
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return json.NewEncoder(os.Stdout).Encode(timing{float64(times[runs/2].Nanoseconds()) / 1000})
}

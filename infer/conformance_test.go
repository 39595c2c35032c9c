package infer

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"canting/infer/kernel"
	"canting/infer/tflite"
)

// int8Models are the peers' models that this engine runs.
func int8Models(t *testing.T) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(peers, "*", "*.tflite"))
	var names []string
	for _, f := range files {
		if base := filepath.Base(f); !strings.Contains(base, "float") && base != "pretrainedResnet.tflite" {
			names = append(names, filepath.Join(filepath.Base(filepath.Dir(f)), base))
		}
	}
	if len(names) == 0 {
		t.Skip("../shared/models is absent: nothing is compared with LiteRT")
	}
	return names
}

// patches fills an input with blocks of random values, as large as a seed says,
// and noise over them: closer to pictures than noise alone, and further from
// the same answer for all.
func patches(input []byte, shape []int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	block, noise := 1+r.IntN(32), 1+r.IntN(64)
	width, channels := 1, 1
	if len(shape) == 4 {
		width, channels = shape[2], shape[3]
	}
	values := map[[3]int]int{}
	for i := range input {
		x, y, c := i/channels%width, i/channels/width, i%channels
		at := [3]int{x / block, y / block, c}
		if _, ok := values[at]; !ok {
			values[at] = r.IntN(256)
		}
		input[i] = byte(min(max(values[at]+r.IntN(noise)-noise/2, 0), 255))
	}
}

// openBatch is the model whose shape signature leaves the batch size open, which
// LiteRT's wrapper can't size.
const openBatch = "mlcommons-tiny/pretrainedResnet_large_int8.tflite"

// batchOfOne is the file written again by this project, which has no shape
// signatures.
func batchOfOne(t *testing.T, file []byte) []byte {
	t.Helper()
	m, err := tflite.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, m)
}

// Each of the peers' models on seeded inputs, beside LiteRT on the same.
func TestModelsAnswerAsLiteRT(t *testing.T) {
	if testing.Short() {
		t.Skip("LiteRT is slow to emulate")
	}
	const inputs = 100
	var questions []question
	var models []*Model
	names := int8Models(t)
	for _, name := range names {
		file, err := os.ReadFile(filepath.Join(peers, name))
		if err != nil {
			t.Fatal(err)
		}
		m := load(t, name, Options{Threads: 2})
		size := elements(m.Input().Shape)
		in := make([]byte, inputs*size)
		for i := range uint64(inputs) {
			patches(in[int(i)*size:][:size], m.Input().Shape, i)
		}
		if name == openBatch {
			t.Logf("%s leaves its batch size open: LiteRT gets a copy with a batch of 1", name)
			file = batchOfOne(t, file)
		}
		models, questions = append(models, m), append(questions, question{file, in})
	}
	table := []string{fmt.Sprintf("%-62s %9s %14s %8s %7s", "model", "top label", "bytes equal", "largest", "labels")}
	for i, theirs := range askLiteRT(t, questions) {
		var a agreement
		size := elements(models[i].Output().Shape)
		ours := answers(t, models[i], questions[i].inputs)
		for at := 0; at < len(ours); at += size {
			a.add(models[i], ours[at:at+size], theirs[at:at+size])
		}
		table = append(table, fmt.Sprintf("%-62s %5d/%d %6d/%7d %8d %7d", names[i], a.tops, a.runs, a.bytes-a.differ, a.bytes, a.worst, a.labels()))
		if a.differ > 0 || a.runs != inputs {
			t.Errorf("%s: the answers are not LiteRT's", names[i])
		}
	}
	t.Logf("%s kernels beside LiteRT, %d inputs a model\n%s", models[0].Kernel(), inputs, strings.Join(table, "\n"))
}

// Every set of kernels, whatever it joins, gives plain Go's answers.
func TestKernelsAnswerAlike(t *testing.T) {
	t.Setenv(kernel.Variable, "") // it would go before the names
	for _, name := range append([]string{""}, int8Models(t)...) {
		if testing.Short() && name != "" && !strings.Contains(name, "vww") {
			continue
		}
		file := encode(t, classifier())
		if name != "" {
			var err error
			if file, err = os.ReadFile(filepath.Join(peers, name)); err != nil {
				t.Fatal(err)
			}
		}
		var want []byte
		for _, set := range append([]string{"generic"}, kernel.Available()...) {
			m, err := Load(file, Options{Kernel: set, Threads: 2})
			if err != nil {
				t.Fatal(err)
			}
			in := make([]byte, elements(m.Input().Shape))
			patches(in, m.Input().Shape, 7)
			got := answers(t, m, in)
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %s answers %v, plain Go %v", name, set, got, want)
			}
		}
	}
}

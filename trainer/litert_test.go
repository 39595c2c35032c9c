package trainer

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"canting/capture"
	"canting/configs"
	"canting/infer"
	"canting/trainer/dataset"
)

// oracle is installed by `make litert`.
const oracle = "../build/litert/oracle.mjs"

// litert asks LiteRT for its answers to raw input tensors, one after another.
func litert(t *testing.T, model, inputs []byte) []byte {
	t.Helper()
	if _, err := os.Stat(oracle); err != nil {
		t.Skip("LiteRT is not installed; `make litert` installs it")
	}
	dir := t.TempDir()
	in, out, file := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, ModelName)
	put(t, in, inputs)
	put(t, file, model)
	if message, err := exec.Command("node", oracle, file, in, out).CombinedOutput(); err != nil {
		t.Fatalf("LiteRT refuses the model: %v\n%s", err, message)
	}
	answers, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func topInt8(output []byte) int {
	top := 0
	for i, v := range output {
		if int8(v) > int8(output[top]) {
			top = i
		}
	}
	return top
}

// TestLiteRTGivesTheSameBytes: trained models, on pictures and on noise.
func TestLiteRTGivesTheSameBytes(t *testing.T) {
	for name, network := range map[string][]configs.Stage{
		"pools": small().Network,
		"residuals": {
			{Conv: 6, Kernel: 3, Stride: 2, Norm: true},
			{Depthwise: 3, Stride: 2, Norm: true},
			{Residual: 6},
			{Residual: 8, Stride: 2},
			{Mean: true},
		},
	} {
		t.Run(name, func(t *testing.T) { sameBytesAsLiteRT(t, network) })
	}
}

func sameBytesAsLiteRT(t *testing.T, network []configs.Stage) {
	dir := cloths(t, 10, 5)
	e := small()
	e.Network, e.Training.Epochs = network, 4
	_, file := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e})
	c, err := newClassifier(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := load(context.Background(), dir, e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	var inputs []byte
	for _, p := range d.test {
		in := make([]byte, len(c.session.Input()))
		rgb, err := p.Exact()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.preprocessor.Normalise(rgb, in); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, in...)
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for range 100 * len(c.session.Input()) {
		inputs = append(inputs, byte(rng.Uint32()))
	}
	theirs, ours := litert(t, file, inputs), answers(t, c.model, inputs)
	if !bytes.Equal(theirs, ours) {
		t.Errorf("of %d output bytes, %d differ from LiteRT's", len(ours), different(ours, theirs))
	}
}

// TestLiteRTOnPhotographs compares top labels for a model and a labelled
// folder of photographs given by the environment: `make figures` calls it.
func TestLiteRTOnPhotographs(t *testing.T) {
	model, dir := os.Getenv("CANTING_MODEL"), os.Getenv("CANTING_DATA")
	if model == "" || dir == "" {
		t.Skip("CANTING_MODEL and CANTING_DATA name no model and photographs")
	}
	file, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClassifier(file)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := dataset.Labelled(dir, c.model.Labels(), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	var inputs []byte
	for _, s := range samples {
		frame, err := capture.ReadFile(s.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.run(frame); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, c.session.Input()...)
	}
	theirs, ours := litert(t, file, inputs), answers(t, c.model, inputs)
	width, same := len(ours)/len(samples), 0
	for i := range samples {
		if topInt8(ours[i*width:(i+1)*width]) == topInt8(theirs[i*width:(i+1)*width]) {
			same++
		}
	}
	t.Logf("LiteRT's top label is ours on %d of %d photographs; %d of %d output bytes differ", same, len(samples), different(ours, theirs), len(ours))
	if same != len(samples) {
		t.Error("LiteRT names other motifs")
	}
}

func answers(t *testing.T, m *infer.Model, inputs []byte) []byte {
	t.Helper()
	s := m.NewSession()
	var out []byte
	for in := range slices.Chunk(inputs, len(s.Input())) {
		copy(s.Input(), in)
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		out = append(out, s.Output()...)
	}
	return out
}

func different(a, b []byte) int {
	n := max(len(a), len(b)) - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

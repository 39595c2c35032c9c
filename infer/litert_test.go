package infer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// oracle is installed by `make litert`.
const oracle = "../build/litert/oracle.mjs"

// question is a model file and raw input tensors for it, one after another.
type question struct{ file, inputs []byte }

// askLiteRT returns LiteRT's raw answers to each question.
func askLiteRT(t *testing.T, questions []question) [][]byte {
	t.Helper()
	if _, err := os.Stat(oracle); err != nil {
		t.Skip("LiteRT is not installed; `make litert` installs it")
	}
	dir := t.TempDir()
	args := []string{oracle}
	for i, q := range questions {
		var files []string
		for _, kind := range []string{"tflite", "in", "out"} {
			files = append(files, filepath.Join(dir, fmt.Sprintf("%d.%s", i, kind)))
		}
		for j, content := range [][]byte{q.file, q.inputs} {
			if err := os.WriteFile(files[j], content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, files...)
	}
	if message, err := exec.Command("node", args...).CombinedOutput(); err != nil {
		t.Fatalf("LiteRT refuses a model: %v\n%s", err, message)
	}
	answers := make([][]byte, len(questions))
	for i := range answers {
		var err error
		if answers[i], err = os.ReadFile(args[3*i+3]); err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

// answers are this engine's, to raw input tensors one after another.
func answers(t *testing.T, m *Model, inputs []byte) []byte {
	t.Helper()
	s := m.NewSession()
	defer s.Close()
	var out []byte
	for len(inputs) > 0 {
		inputs = inputs[copy(s.Input(), inputs):]
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		out = append(out, s.Output()...)
	}
	return out
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/infer"

	"github.com/sbinet/npyio"
)

const peers = "../../../../shared/models"

func peerModel(t *testing.T, name string) string {
	t.Helper()
	name = filepath.Join(peers, name)
	if _, err := os.Stat(name); err != nil {
		t.Skip("../shared/models is absent")
	}
	return name
}

func invoke(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage.tflite")
	if err := os.WriteFile(garbage, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
	}{
		{"--help", 0},
		{"--model " + garbage, 1},
		{"--model absent.tflite", 1},
		{"", 2},
		{"--model x --runs 0", 2},
		{"--model x --threads 0", 2},
		{"--model x --input y", 2},
		{"--model x surplus", 2},
		{"--nonsense", 2},
	} {
		if code, _, stderr := invoke(strings.Fields(c.args)...); code != c.code || code != 0 && stderr == "" {
			t.Errorf("%q: exit code %d, want %d; it says %q", c.args, code, c.code, stderr)
		}
	}
}

func TestJSON(t *testing.T) {
	model := peerModel(t, "mlcommons-tiny/kws_ref_model.tflite")
	code, stdout, stderr := invoke("--model", model, "--runs", "3", "--threads", "2", "--kernel", "generic", "--json", "--profile")
	if code != 0 {
		t.Fatal(stderr)
	}
	var r result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	var share float64
	for _, o := range r.Operators {
		share += o.Share
		if o.Kernel != "generic" || o.Shape == "" {
			t.Errorf("%+v", o)
		}
	}
	if r.Kernel != "generic" || r.Threads != 2 || r.MACs != 2656768 || !(r.Min > 0 && r.Min <= r.Median && r.Median <= r.P90) || share < 0.99 || share > 1.01 {
		t.Errorf("%+v", r)
	}
}

// A stack of tensors gives the same answers as LiteRT gave one by one.
func TestStack(t *testing.T) {
	model := peerModel(t, "mlcommons-tiny/pretrainedResnet_quant.tflite")
	dir := t.TempDir()
	output := filepath.Join(dir, "out.npy")
	tensors := readInt8(t, filepath.Join(peers, "golden", "resnet8_1000_in.npy"))
	input := filepath.Join(dir, "in.npy")
	info := infer.TensorInfo{Type: "int8", Shape: []int{1, 32, 32, 3}}
	if err := writeTensors(input, info, tensors[:7*32*32*3]); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := invoke("--model", model, "--input", input, "--output", output); code != 0 {
		t.Fatal(stderr)
	}
	want := readInt8(t, filepath.Join(peers, "golden", "resnet8_1000_out.npy"))
	if got := readInt8(t, output); !slices.Equal(got, want[:70]) {
		t.Errorf("%v, LiteRT answers %v", got, want[:70])
	}
}

func readInt8(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := npyio.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := rawElements(r, "int8")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadTensorsRefuses(t *testing.T) {
	info := infer.TensorInfo{Type: "int8", Shape: []int{1, 2}}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"empty":      "",
		"no newline": "\x93NUMPY\x01\x00\x08\x00{'descr'",
		"lies":       "\x93NUMPY\x01\x00\x46\x00{'descr': '|i1', 'fortran_order': False, 'shape': (1000000, 2), }     \n",
		"another":    "\x93NUMPY\x01\x00\x46\x00{'descr': '|i1', 'fortran_order': False, 'shape': (1, 3), }           \n123",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readTensors(file, info); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

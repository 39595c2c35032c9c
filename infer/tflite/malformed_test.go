package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
)

// parseWithin parses and fails on what a malformed file must not do: panic, take
// long, or allocate beyond twice its size plus 1 MiB.
func parseWithin(t *testing.T, what string, file []byte) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, err := Parse(file)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(2*len(file)+1<<20); got > most {
		t.Errorf("%s: %d bytes allocated, more than %d", what, got, most)
	}
	if took > time.Second {
		t.Errorf("%s: took %v", what, took)
	}
	return err
}

func encoded(t *testing.T) []byte {
	t.Helper()
	file, err := sample(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTruncatedFilesAreRefused(t *testing.T) {
	file := encoded(t)
	for n := range file {
		if err := parseWithin(t, fmt.Sprintf("the first %d bytes", n), file[:n:n]); err == nil {
			t.Errorf("the first %d of %d bytes were accepted", n, len(file))
		}
	}
}

func TestFlippedBitsAreHarmless(t *testing.T) {
	file := encoded(t)
	for bit := range 8 * len(file) {
		spoilt := append([]byte(nil), file...)
		spoilt[bit/8] ^= 1 << (bit % 8)
		_ = parseWithin(t, fmt.Sprintf("bit %d flipped", bit), spoilt)
	}
}

func TestExtremeIntegersAreHarmless(t *testing.T) {
	file := encoded(t)
	for at := 0; at+4 <= len(file); at++ {
		for _, v := range []uint32{0, 1, math.MaxUint32, math.MaxInt32, 1 << 31, 1 << 30, 1 << 16, uint32(len(file))} {
			spoilt := append([]byte(nil), file...)
			binary.LittleEndian.PutUint32(spoilt[at:], v)
			_ = parseWithin(t, fmt.Sprintf("%#x at byte %d", v, at), spoilt)
		}
	}
}

// A vector of a million offsets to one table describes a million tables.
func TestSharedTablesAreBounded(t *testing.T) {
	const (
		n               = 1 << 20
		vector          = 120
		tensorVtable    = vector + 4 + 4*n
		tensor          = tensorVtable + 4
		model, subgraph = 32, 96
	)
	file := make([]byte, tensor+4)
	words := func(at int, list ...uint32) {
		for i, w := range list {
			binary.LittleEndian.PutUint32(file[at+4*i:], w)
		}
	}
	halves := func(at int, list ...uint16) {
		for i, v := range list {
			binary.LittleEndian.PutUint16(file[at+2*i:], v)
		}
	}
	words(0, model)
	copy(file[4:], identifier)
	halves(16, 10, 12, 4, 0, 8)                  // the model's fields: version at 4, subgraphs at 8
	words(model, model-16, schemaVersion, 64-40) // its vector of subgraphs is at 64
	words(64, 1, subgraph-68)                    // which has one
	halves(80, 6, 8, 4)                          // the subgraph's field: tensors at 4
	words(subgraph, subgraph-80, vector-subgraph-4)
	words(vector, n)
	halves(tensorVtable, 4, 4) // a tensor without fields
	words(tensor, tensor-tensorVtable)
	for i := range n {
		at := vector + 4 + 4*i
		words(at, uint32(tensor-at))
	}
	err := parseWithin(t, "shared tensors", file)
	if err == nil || !strings.Contains(err.Error(), "1048576 tensors: the file describes more") {
		t.Errorf("the error is %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range []*Model{{}, {Tensors: []Tensor{{Type: Int8, Shape: []int{1}, Data: []byte{1}}}, Inputs: []int{0}, Outputs: []int{0}, Labels: []string{"a"}}} {
		file, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Parse(file)
		if err != nil {
			return
		}
		// What is accepted is consistent: every tensor number is one.
		for _, op := range m.Operators {
			for _, i := range op.Inputs {
				if i < -1 || i >= len(m.Tensors) {
					t.Fatalf("input %d of %d tensors", i, len(m.Tensors))
				}
			}
		}
	})
}

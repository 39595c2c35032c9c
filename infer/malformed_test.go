package infer

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"canting/infer/tflite"
)

// trial counts what became of malformed files.
type trial struct {
	tried, refused int
	// slowest is the longest Load, greediest the most that one allocated before
	// it failed, less twice the file.
	slowest   time.Duration
	greediest int64
}

// load loads a malformed file and fails on what it must not do: panic, take
// long, or allocate beyond twice its size plus 1 MiB. A file that is accepted is
// one that runs.
func (tr *trial) load(t *testing.T, file []byte, what func() string) (err error) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: panic: %v", what(), r)
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	m, err := Load(file, Options{Kernel: "generic"})
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	tr.tried++
	tr.slowest = max(tr.slowest, took)
	if took > time.Second {
		t.Errorf("%s: took %v", what(), took)
	}
	if err == nil {
		tr.run(t, m, what)
		return nil
	}
	tr.refused++
	greed := int64(after.TotalAlloc-before.TotalAlloc) - 2*int64(len(file))
	tr.greediest = max(tr.greediest, greed)
	if greed > 1<<20 {
		t.Errorf("%s: allocates twice the file and %d bytes", what(), greed)
	}
	return err
}

// run runs a model that is not too large for a test.
func (tr *trial) run(t *testing.T, m *Model, what func() string) {
	t.Helper()
	if m.MACs() > 1e6 || m.ArenaBytes() > 1<<20 {
		return
	}
	s := m.NewSession()
	defer s.Close()
	if err := s.Run(); err != nil {
		t.Errorf("%s: it is accepted and does not run: %v", what(), err)
	}
	tr.heat(t, s, what)
}

// heat asks for heat maps, which are in order or not there.
func (tr *trial) heat(t *testing.T, s *Session, what func() string) {
	t.Helper()
	for label := range min(len(s.model.labels), 3) {
		h, ok := s.Heat(label)
		if ok && (h.Rows < 1 || len(h.Values) != h.Rows*h.Columns) {
			t.Errorf("%s: it has %dx%d cells of heat and %d values", what(), h.Rows, h.Columns, len(h.Values))
		}
		for _, v := range h.Values {
			if !(v >= 0 && v <= 1) {
				t.Errorf("%s: it has the heat %v", what(), v)
			}
		}
	}
}

func (tr *trial) report(t *testing.T, what string) {
	t.Helper()
	t.Logf("%d files with %s: %d refused, %d still sound, and run; no panic; at most %v and twice the file plus %d KiB",
		tr.tried, what, tr.refused, tr.tried-tr.refused, tr.slowest, tr.greediest>>10)
}

// files are small models of every operator, and a real one.
func files(t *testing.T) map[string][]byte {
	t.Helper()
	if testing.Short() {
		t.Skip("malformed files take long to emulate")
	}
	list := map[string][]byte{"classifier": encode(t, classifier())}
	for _, f := range drafts {
		list[f.name] = encode(t, &newDraft(f.draw, tflite.Int8, 3).m)
	}
	for _, tail := range tails {
		list[tail.name] = encode(t, drawTail(tail.draw, 3))
	}
	return list
}

// withReal adds a real model.
func withReal(t *testing.T, list map[string][]byte) map[string][]byte {
	t.Helper()
	const name = "mlcommons-tiny/kws_ref_model.tflite"
	file, err := os.ReadFile(filepath.Join(peers, name))
	if err != nil {
		t.Log("../shared/models is absent: only models of this test's own are spoilt")
		return list
	}
	list[name] = file
	return list
}

func TestTruncatedFilesAreRefused(t *testing.T) {
	var tr trial
	for name, file := range withReal(t, files(t)) {
		for n := range file {
			what := func() string { return fmt.Sprintf("%s cut to %d of %d bytes", name, n, len(file)) }
			if tr.load(t, file[:n:n], what) == nil {
				t.Errorf("%s is accepted", what())
			}
		}
	}
	tr.report(t, "their ends cut off")
}

func TestFlippedBitsAreHarmless(t *testing.T) {
	var tr trial
	for name, file := range files(t) {
		constant := constantBytes(t, file)
		for bit := range 8 * len(file) {
			if constant[bit/8] {
				continue
			}
			file[bit/8] ^= 1 << (bit % 8)
			_ = tr.load(t, file, func() string { return fmt.Sprintf("%s with bit %d flipped", name, bit) })
			file[bit/8] ^= 1 << (bit % 8)
		}
	}
	tr.report(t, "one bit flipped")
}

// Extremes, and factors whose products overflow 32 or 64 bits.
func TestExtremeIntegersAreHarmless(t *testing.T) {
	var tr trial
	for name, file := range withReal(t, files(t)) {
		constant := constantBytes(t, file)
		for at := 0; at+4 <= len(file); at += 4 {
			if constant[at] {
				continue
			}
			was := binary.LittleEndian.Uint32(file[at:])
			for _, v := range []uint32{0, 1, math.MaxUint32, math.MaxInt32, 1 << 31, 46341, 65536, 1 << 20, 1 << 30} {
				binary.LittleEndian.PutUint32(file[at:], v)
				_ = tr.load(t, file, func() string { return fmt.Sprintf("%s with %#x at byte %d", name, v, at) })
			}
			binary.LittleEndian.PutUint32(file[at:], was)
		}
	}
	tr.report(t, "one integer at an extreme")
}

// Scales are numbers that no integer field reaches.
func TestExtremeScalesAreHarmless(t *testing.T) {
	var tr trial
	for name, file := range files(t) {
		m, err := tflite.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.Tensors {
			for j := range m.Tensors[i].Quant.Scale {
				scale := &m.Tensors[i].Quant.Scale[j]
				was := *scale
				for _, v := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat32, math.MaxFloat32, 1e-20, 1e20} {
					*scale = float32(v)
					unsound := !(v > 0) || math.IsInf(v, 1)
					what := func() string { return fmt.Sprintf("%s, tensor %d with a scale of %v", name, i, v) }
					if tr.load(t, encode(t, m), what) == nil && unsound && m.Tensors[i].Type != tflite.Int32 {
						t.Errorf("%s is accepted", what())
					}
				}
				*scale = was
			}
		}
	}
	tr.report(t, "an unsound or extreme scale")
}

// Many small things: the plan may not outgrow the file either.
func TestLongGraphsAreBounded(t *testing.T) {
	var tr trial
	for _, n := range []int{100, 300, 500} {
		m := &tflite.Model{Tensors: []tflite.Tensor{int8Tensor("", 1)}, Inputs: []int{0}, Outputs: []int{0}}
		for i := 1; i <= n; i++ {
			next := int8Tensor("", 1)
			next.Quant.ZeroPoint[0] = int64(i % 100)
			m.Tensors = append(m.Tensors, next)
			m.Operators = append(m.Operators, tflite.Operator{Code: tflite.Relu, Inputs: []int{i - 1}, Outputs: []int{i}})
		}
		m.Operators[n-1].Inputs[0] = n
		if tr.load(t, encode(t, m), func() string { return fmt.Sprintf("a chain of %d operators", n) }) == nil {
			t.Errorf("a chain of %d operators that ends in a loop is accepted", n)
		}
	}
	tr.report(t, "long chains of operators")
}

// constantBytes marks the bytes of weights and the like.
func constantBytes(t *testing.T, file []byte) []bool {
	t.Helper()
	m, err := tflite.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	marked := make([]bool, len(file))
	for i := range m.Tensors {
		data := m.Tensors[i].Data
		if len(data) == 0 || m.Tensors[i].Type == tflite.Int32 && len(data) <= 32 {
			continue // axes and amounts of padding are fields like others
		}
		start := int(uintptr(unsafe.Pointer(&data[0])) - uintptr(unsafe.Pointer(&file[0])))
		for j := range data {
			marked[start+j] = true
		}
	}
	return marked
}

func FuzzLoad(f *testing.F) {
	f.Add(encode(f, classifier()))
	for _, draft := range drafts {
		d := newDraft(draft.draw, tflite.Int8, 1)
		f.Add(encode(f, &d.m))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var tr trial
		_ = tr.load(t, file, func() string { return "this file" })
	})
}

package infer

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbinet/npyio"
)

const peers = "../../shared/models"

// golden is one line of the table of LiteRT's answers.
type golden struct{ model, input, output string }

func goldens(t testing.TB) []golden {
	t.Helper()
	f, err := os.Open(filepath.Join(peers, "golden", "index.csv"))
	if err != nil {
		t.Skip("../shared/models is absent: nothing is compared with LiteRT's answers")
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []golden
	for _, l := range lines[1:] {
		list = append(list, golden{l[0], l[1], l[2]})
	}
	return list
}

// readTensor reads the raw bytes of an 8-bit .npy file.
func readTensor(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(peers, "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := npyio.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for _, d := range r.Header.Descr.Shape {
		n *= d
	}
	if r.Header.Descr.Type == "|i1" {
		v := make([]int8, n)
		err = r.Read(&v)
		if err == nil {
			return bytesOf(v)
		}
	}
	v := make([]byte, n)
	if err == nil {
		err = r.Read(&v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func load(t testing.TB, name string, opts Options) *Model {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(peers, name))
	if err != nil {
		t.Skip("../shared/models is absent")
	}
	m, err := Load(file, opts)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

// agreement compares outputs byte by byte.
type agreement struct {
	bytes, differ, worst, runs, tops int
	// seen are the top labels.
	seen map[int]bool
}

// labels is how many different top labels there were.
func (a *agreement) labels() int { return len(a.seen) }

func (a *agreement) add(m *Model, got, want []byte) {
	value := func(b byte) int {
		if m.Output().Type == "int8" {
			return int(int8(b))
		}
		return int(b)
	}
	var gotTop, wantTop int
	for i := range want {
		a.bytes++
		if d := max(value(got[i])-value(want[i]), value(want[i])-value(got[i])); d > 0 {
			a.differ++
			a.worst = max(a.worst, d)
		}
		if value(got[i]) > value(got[gotTop]) {
			gotTop = i
		}
		if value(want[i]) > value(want[wantTop]) {
			wantTop = i
		}
	}
	a.runs++
	if a.seen == nil {
		a.seen = map[int]bool{}
	}
	a.seen[wantTop] = true
	if gotTop == wantTop {
		a.tops++
	}
}

func (a *agreement) report(t *testing.T, m *Model, name string) {
	t.Helper()
	t.Logf("%s (%s): top label %d of %d, %d of %d bytes differ, by %d at most", name, m.Kernel(), a.tops, a.runs, a.differ, a.bytes, a.worst)
	if a.runs == 0 || a.differ > 0 {
		t.Errorf("%s: the answers are not LiteRT's", name)
	}
}

func TestAnswersAreLiteRTs(t *testing.T) {
	byModel := map[string][]golden{}
	var names []string
	for _, g := range goldens(t) {
		if byModel[g.model] == nil {
			names = append(names, g.model)
		}
		byModel[g.model] = append(byModel[g.model], g)
	}
	for _, name := range names {
		m := load(t, name, Options{Threads: 2})
		s := m.NewSession()
		var a agreement
		if testing.Short() {
			byModel[name] = byModel[name][:1]
		}
		for _, g := range byModel[name] {
			copy(s.Input(), readTensor(t, g.input))
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			a.add(m, s.Output(), readTensor(t, g.output))
		}
		s.Close()
		a.report(t, m, name)
	}
}

func TestResNet8AnswersAreLiteRTs(t *testing.T) {
	goldens(t)
	m := load(t, "mlcommons-tiny/pretrainedResnet_quant.tflite", Options{Threads: 2})
	in, want := readTensor(t, "resnet8_1000_in.npy"), readTensor(t, "resnet8_1000_out.npy")
	if testing.Short() {
		want = want[:20*10]
	}
	s := m.NewSession()
	defer s.Close()
	var a agreement
	for len(want) > 0 {
		n := copy(s.Input(), in)
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		a.add(m, s.Output(), want[:len(s.Output())])
		in, want = in[n:], want[len(s.Output()):]
	}
	a.report(t, m, "CIFAR-10 pictures")
}

// The float models beside the int8 ones are refused with a reason.
func TestPeerModelsLoad(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(peers, "*", "*.tflite"))
	if len(files) == 0 {
		t.Skip("../shared/models is absent")
	}
	loaded := 0
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Load(file, Options{})
		switch base := filepath.Base(name); {
		case strings.Contains(base, "float") || base == "pretrainedResnet.tflite":
			if err == nil || !strings.Contains(err.Error(), "operator 0 (CONV_2D)") {
				t.Errorf("%s: the float model's error is %v", base, err)
			}
		case err != nil:
			t.Errorf("%s: %v", base, err)
		default:
			loaded++
		}
	}
	if loaded != 10 {
		t.Errorf("%d int8 and uint8 models loaded, want 10", loaded)
	}
}

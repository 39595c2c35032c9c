package infer

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"canting/infer/metadata"
	"canting/infer/tflite"
)

// calibrated is the small classifier with a temperature and a threshold.
func calibrated(t *testing.T, temperature, threshold float64, change func(*tflite.Model)) *Model {
	t.Helper()
	c := metadata.Default()
	c.Temperature, c.Threshold = temperature, threshold
	m := classifier()
	var err error
	if m.Canting, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(m)
	}
	model, err := Load(encode(t, m), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func near(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-6 })
}

func TestProbabilities(t *testing.T) {
	// 192/256, 64/256 and nothing.
	raw := []byte{64, 0x80 + 64, 0x80}
	p := make([]float32, 3)
	calibrated(t, 1, 0, nil).Probabilities(p, raw)
	if !near(p, []float32{0.75, 0.25, 0}) {
		t.Errorf("the outputs themselves are %v", p)
	}
	// With T = 2 each is its square root, 0 standing for 1/512.
	calibrated(t, 2, 0, nil).Probabilities(p, raw)
	a, b, c := math.Sqrt(0.75), math.Sqrt(0.25), math.Sqrt(1.0/512)
	if s := a + b + c; !near(p, []float32{float32(a / s), float32(b / s), float32(c / s)}) {
		t.Errorf("with T = 2 they are %v", p)
	}
	// Logits 0.5*(q+3) over T = 2.
	logits := calibrated(t, 2, 0, func(m *tflite.Model) { m.Operators, m.Outputs = m.Operators[:4], []int{7} })
	logits.Probabilities(p, []byte{1, 0xfd, 0xf9})
	a, b, c = math.Exp(1), 1, math.Exp(-1)
	if s := a + b + c; !near(p, []float32{float32(a / s), float32(b / s), float32(c / s)}) {
		t.Errorf("the softmax of logits is %v", p)
	}
}

func TestDecide(t *testing.T) {
	m := calibrated(t, 1, 0.5, nil)
	scores := []float32{0.2, 0.3, 0.5}
	if c := m.Decide(scores, 0); c.Label != "burung hong" || c.Confidence != 0.5 || c.Unknown || !slices.Equal(c.Scores, scores) {
		t.Errorf("%+v", c)
	}
	if c := m.Decide([]float32{0.2, 0.49, 0.31}, 0); c.Label != "rangkiang" || !c.Unknown {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsSaidOfAModel(t *testing.T) {
	m := calibrated(t, 1, 0.5, func(m *tflite.Model) { m.Labels = nil })
	if !m.HasMetadata() || m.Metadata().Threshold != 0.5 {
		t.Errorf("the metadata are %+v", m.Metadata())
	}
	if want := []string{"class 0", "class 1", "class 2"}; !slices.Equal(m.Labels(), want) {
		t.Errorf("the labels are %v, want %v", m.Labels(), want)
	}
	in, out := m.Input(), m.Output()
	if in.Type != "int8" || !slices.Equal(in.Shape, []int{1, 4, 4, 1}) || in.Scale != 0.5 || in.ZeroPoint != -3 || out.Name != "scores" {
		t.Errorf("input %+v, output %+v", in, out)
	}
	if m.MACs() != 4*4*2*9+3*8 || len(m.Digest()) != 64 || m.Kernel() == "" {
		t.Errorf("%d MAC, digest %q, kernel %q", m.MACs(), m.Digest(), m.Kernel())
	}
}

func TestLabelsAreUnique(t *testing.T) {
	for _, c := range []struct{ list, want []string }{
		{[]string{"a", "b", "c"}, []string{"a", "b", "c"}},
		{[]string{"crane", "b", "crane"}, []string{"crane 0", "b", "crane 2"}},
		{[]string{"a", "a", "a 1"}, []string{"a 0", "a 1 1", "a 1"}},
		{[]string{"a", "a", "a"}, []string{"a 0", "a 1", "a 2"}},
	} {
		m := calibrated(t, 1, 0, func(m *tflite.Model) { m.Labels = c.list })
		if got := m.Labels(); !slices.Equal(got, c.want) {
			t.Errorf("%q become %q, want %q", c.list, got, c.want)
		}
	}
}

// The bytes that a picture becomes are capture's to test.
func TestPreprocessingAssumedWithoutMetadata(t *testing.T) {
	for _, c := range []struct {
		change    func(*tflite.Tensor)
		mean, std float64
	}{
		{func(*tflite.Tensor) {}, -3 + 128, 2},
		{func(in *tflite.Tensor) {
			in.Quant = tflite.Quantization{Scale: []float32{1. / 128}, ZeroPoint: []int64{0}}
		}, 128, 128},
	} {
		m := classifier()
		c.change(&m.Tensors[0])
		model, err := Load(encode(t, m), Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := model.Metadata().Preprocessing
		if want := (metadata.Preprocessing{Crop: 1, Mean: [3]float64{c.mean, c.mean, c.mean}, Std: [3]float64{c.std, c.std, c.std}}); p != want {
			t.Errorf("%+v, want %+v", p, want)
		}
	}
	said := calibrated(t, 1, 0, nil).Metadata().Preprocessing
	if said != metadata.Default().Preprocessing {
		t.Errorf("what the metadata say became %+v", said)
	}
}

// Whatever a file says of temperature and scale, probabilities are numbers.
func TestProbabilitiesOfExtremeModels(t *testing.T) {
	raw := []byte{127, 0x80 + 64, 0x80}
	logits := func(scale float32) func(*tflite.Model) {
		return func(m *tflite.Model) {
			m.Operators, m.Outputs = m.Operators[:4], []int{7}
			m.Tensors[7].Quant.Scale = []float32{scale}
		}
	}
	real := func(m *tflite.Model) {
		logits(1e38)(m)
		m.Tensors = append(m.Tensors, tflite.Tensor{Name: "real", Type: tflite.Float32, Shape: m.Tensors[7].Shape})
		last := len(m.Tensors) - 1
		m.Operators, m.Outputs = append(m.Operators, tflite.Operator{Code: tflite.Dequantize, Inputs: []int{7}, Outputs: []int{last}}), []int{last}
	}
	infinite := []byte{0, 0, 0x80, 0x7f, 0, 0, 0, 0, 0, 0, 0x80, 0xff} // and 0, and minus infinite
	for _, c := range []struct {
		name        string
		temperature float64
		change      func(*tflite.Model)
		raw         []byte
	}{
		{"the least temperature", math.SmallestNonzeroFloat64, nil, raw},
		{"the least temperature of logits", math.SmallestNonzeroFloat64, logits(0.5), raw},
		{"a large scale", 1, logits(1e38), raw},
		{"a small scale", 1, logits(1e-38), raw},
		{"float32 beyond its range", 1, real, infinite},
	} {
		p := make([]float32, 3)
		calibrated(t, c.temperature, 0, c.change).Probabilities(p, c.raw)
		if sum := float64(p[0] + p[1] + p[2]); !(math.Abs(sum-1) < 1e-6) || p[0] < p[1] || p[1] < p[2] {
			t.Errorf("%s: the probabilities are %v", c.name, p)
		}
	}
}

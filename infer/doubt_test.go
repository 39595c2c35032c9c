package infer

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"canting/infer/kernel"
	"canting/infer/metadata"
	"canting/infer/tflite"
)

// doubtful is a drawn classifier of four labels behind a mean of the feature map,
// with a way to doubt its features.
func doubtful(t *testing.T, seed uint64, change func(*metadata.Canting)) []byte {
	t.Helper()
	m := drawTail(tails[4].draw, seed)
	c := metadata.Default()
	c.Doubt = &metadata.Doubt{
		Directions: metadata.Matrix{Columns: mapChannels, Numbers: make([]float32, 4*mapChannels)},
		Offsets:    []float32{0, -1, 20, 3},
	}
	for i := range c.Doubt.Directions.Numbers {
		c.Doubt.Directions.Numbers[i] = float32(i*i%5) - 1.5
	}
	if change != nil {
		change(&c)
	}
	var err error
	if m.Canting, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	return encode(t, m)
}

// asked runs a model on patches.
func asked(t *testing.T, file []byte, set string, seed uint64) *Session {
	t.Helper()
	m, err := Load(file, Options{Kernel: set})
	if err != nil {
		t.Fatal(err)
	}
	s := m.NewSession()
	t.Cleanup(s.Close)
	patches(s.Input(), m.Input().Shape, seed)
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	return s
}

// The features are the last feature map's means, up to their rounding.
func TestFeaturesAreWhatTheLogitsAreMadeOf(t *testing.T) {
	for seed := range uint64(10) {
		file := doubtful(t, seed, nil)
		got := asked(t, file, "", seed).Features()
		want := average(mapOf(t, file, seed), mapChannels)
		if len(got) != len(want) {
			t.Fatalf("there are %d features, want %d", len(got), len(want))
		}
		m, err := tflite.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range m.Operators {
			if op.Code != tflite.Mean {
				continue
			}
			step := float64(m.Tensors[op.Outputs[0]].Quant.Scale[0])
			zero := float64(m.Tensors[op.Outputs[0]].Quant.ZeroPoint[0])
			for i := range want {
				want[i] = min(max(want[i], (-128-zero)*step), (127-zero)*step)
				if math.Abs(float64(got[i])-want[i]) > 0.501*step {
					t.Errorf("seed %d: feature %d is %v, the mean is %v", seed, i, got[i], want[i])
				}
			}
		}
	}
}

func TestEvidenceIsOfTheLabelWithTheBestOdds(t *testing.T) {
	for seed := range uint64(10) {
		s := asked(t, doubtful(t, seed, nil), "", seed)
		d, most := s.model.Metadata().Doubt, math.Inf(-1)
		for label, offset := range d.Offsets {
			odds := float64(offset)
			for i, f := range s.Features() {
				odds += float64(d.Directions.Row(label)[i]) * float64(f)
			}
			most = max(most, odds)
		}
		if got := float64(s.Evidence()); math.Abs(got-most) > 1e-4*(1+math.Abs(most)) {
			t.Errorf("seed %d: the evidence is %v, want %v", seed, got, most)
		}
	}
}

// evidence is a digest of the drawn models' evidence; see tailsHeat.
const evidence = 0xaeb48a72ac226b61

func TestEvidenceIsTheSameEverywhere(t *testing.T) {
	t.Setenv(kernel.Variable, "") // it would go before the names
	for _, set := range kernel.Available() {
		digest := fnv.New64a()
		for seed := range uint64(10) {
			bits := math.Float32bits(asked(t, doubtful(t, seed, nil), set, seed).Evidence())
			digest.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
		}
		if got := digest.Sum64(); got != evidence {
			t.Errorf("%s: the digest of the evidence is %#x, want %#x", set, got, uint64(evidence))
		}
	}
}

func TestFamiliarity(t *testing.T) {
	s := asked(t, doubtful(t, 1, func(c *metadata.Canting) { c.Threshold = 0.5 }), "", 1)
	for evidence, want := range map[float32]float64{0: 0.5, 3: 1 / (1 + math.Exp(-3)), -1e6: 0, 1e6: 1} {
		if got := s.model.Familiarity(0.3, evidence); math.Abs(got-want) > 1e-9 {
			t.Errorf("evidence of %v gives %v, want %v", evidence, got, want)
		}
	}
	sure := []float32{0, 1, 0, 0}
	if c := s.model.Decide(sure, 0.1); c.Unknown || c.Confidence != 1 {
		t.Errorf("a known picture is answered with %+v", c)
	}
	if c := s.model.Decide(sure, -0.1); !c.Unknown || c.Confidence != 1 {
		t.Errorf("a strange picture is answered with %+v", c)
	}
}

// The pool of several runs' probabilities is the softmax of their mean logits.
func TestPoolIsOfTheMeanLogits(t *testing.T) {
	m := calibrated(t, 0.7, 0.5, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	output := make([]byte, m.Output().Shape[1])
	labels := len(m.Labels())
	pooled, probabilities, logits, mean := make([]float32, labels), make([]float32, labels), make([]float32, labels), make([]float64, labels)
	for n := 1; n <= 7; n++ {
		for i := range output {
			output[i] = byte(rng.Uint32())
		}
		m.Probabilities(probabilities, output)
		m.Pool(pooled, probabilities, n)
		if n == 1 && !slices.Equal(pooled, probabilities) {
			t.Errorf("one view's %v become %v", probabilities, pooled)
		}
		m.Logits(logits, output)
		sum := 0.0
		for i, z := range logits {
			mean[i] += (float64(z) - mean[i]) / float64(n)
			sum += math.Exp(mean[i] / 0.7)
		}
		for i, p := range pooled {
			if want := math.Exp(mean[i]/0.7) / sum; math.Abs(float64(p)-want) > 1e-5 {
				t.Errorf("of %d views label %d has %v, want %v", n, i, p, want)
			}
		}
	}
}

// An output that is rounded to 0 rules nothing out.
func TestPoolOfWhatIsRounded(t *testing.T) {
	m := calibrated(t, 1, 0.5, nil)
	sure := make([]float32, len(m.Labels()))
	sure[0] = 255. / 256
	mean := slices.Clone(sure)
	for n := 2; n < 5; n++ {
		if m.Pool(mean, sure, n); !(mean[0] > 0.98 && mean[0] < 1) {
			t.Fatalf("%d sure views are pooled to %v", n, mean)
		}
	}
}

// A model that does not tell how to doubt it is doubted by its confidence.
func TestFamiliarityOfOlderModels(t *testing.T) {
	m := calibrated(t, 1, 0.5, nil)
	s := m.NewSession()
	defer s.Close()
	if s.Evidence() != 0 || m.Familiarity(0.25, 99) != 0.25 {
		t.Errorf("evidence %v, familiarity %v", s.Evidence(), m.Familiarity(0.25, 99))
	}
	foreign, err := Load(encode(t, drawTail(func(d *draft, x int) {
		d.operator(tflite.Relu, nil, d.tensor(1, mapSide, mapSide, mapChannels), x)
	}, 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := foreign.NewSession()
	defer other.Close()
	if other.Features() != nil || other.Evidence() != 0 {
		t.Error("a model without a last fully connected layer has features")
	}
}

func TestDoubtThatDoesNotFitIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*metadata.Doubt){
		"another number of features": func(d *metadata.Doubt) {
			d.Directions = metadata.Matrix{Columns: 1, Numbers: make([]float32, 4)}
		},
		"a label too few": func(d *metadata.Doubt) {
			d.Directions.Numbers, d.Offsets = d.Directions.Numbers[:3*mapChannels], d.Offsets[:3]
		},
	} {
		file := doubtful(t, 1, func(c *metadata.Canting) { spoil(c.Doubt) })
		if _, err := Load(file, Options{}); err == nil || !strings.Contains(err.Error(), "how to doubt") {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

// Whatever a file says, evidence and familiarity are numbers or the file is
// refused.
func FuzzDoubt(f *testing.F) {
	m := drawTail(tails[4].draw, 1)
	f.Add(`{"directions":{"columns":6,"numbers":"AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/"},"offsets":[0,1,2,3]}`, 1.0)
	f.Add(`{"directions":{"columns":6,"numbers":"awteXWsLXt1rC15dawte3WsLXl1rC17dawteXWsLXt1rC15dawte3WsLXl1rC17dawteXWsLXt1rC15dawte3WsLXl1rC17dawteXWsLXt1rC15dawte3WsLXl1rC17d"},"offsets":[1e18,-1e18,0,0]}`, 1e-300)
	f.Fuzz(func(t *testing.T, doubt string, temperature float64) {
		text, err := json.Marshal(temperature)
		if err != nil {
			t.Skip()
		}
		m.Canting = []byte(`{"schema":1,"preprocessing":{"crop":1,"std":[1,1,1]},"temperature":` + string(text) + `,"threshold":0.5,"doubt":` + doubt + `}`)
		file, err := m.Encode()
		if err != nil {
			return
		}
		model, err := Load(file, Options{Kernel: "generic"})
		if err != nil || model.canting.Doubt == nil {
			return
		}
		s := model.NewSession()
		defer s.Close()
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		p := make([]float32, 4)
		model.Probabilities(p, s.Output())
		if got := model.Decide(p, s.Evidence()); !(got.Familiarity >= 0 && got.Familiarity <= 1) {
			t.Errorf("the familiarity is %v of evidence of %v", got.Familiarity, s.Evidence())
		}
	})
}

package infer

import (
	"encoding/json"
	"hash/fnv"
	"math"
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
		Axes:  metadata.Matrix{Columns: mapChannels, Numbers: make([]float32, 2*mapChannels)},
		Means: metadata.Matrix{Columns: 2, Numbers: []float32{0, 0, 1, 2, 300, 0, 0, 300}},
	}
	for i := range c.Doubt.Axes.Numbers {
		c.Doubt.Axes.Numbers[i] = float32(i%5) - 1.5
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

func TestDistanceIsToTheNearestMean(t *testing.T) {
	for seed := range uint64(10) {
		s := asked(t, doubtful(t, seed, nil), "", seed)
		d := s.model.Metadata().Doubt
		nearest := math.Inf(1)
		for label := range 4 {
			sum := 0.0
			for axis := range 2 {
				at := 0.0
				for i, f := range s.Features() {
					at += float64(d.Axes.Row(axis)[i]) * float64(f)
				}
				sum += (at - float64(d.Means.Row(label)[axis])) * (at - float64(d.Means.Row(label)[axis]))
			}
			nearest = min(nearest, math.Sqrt(sum))
		}
		if got := float64(s.Distance()); math.Abs(got-nearest) > 1e-4*nearest {
			t.Errorf("seed %d: the distance is %v, want %v", seed, got, nearest)
		}
	}
}

// distances is a digest of the drawn models' distances; see tailsHeat.
const distances = 0xf2ad6d487d26903f

func TestDistanceIsTheSameEverywhere(t *testing.T) {
	t.Setenv(kernel.Variable, "") // it would go before the names
	for _, set := range kernel.Available() {
		digest := fnv.New64a()
		for seed := range uint64(10) {
			bits := math.Float32bits(asked(t, doubtful(t, seed, nil), set, seed).Distance())
			digest.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
		}
		if got := digest.Sum64(); got != distances {
			t.Errorf("%s: the digest of the distances is %#x, want %#x", set, got, uint64(distances))
		}
	}
}

func TestFamiliarity(t *testing.T) {
	s := asked(t, doubtful(t, 1, func(c *metadata.Canting) {
		c.Doubt.Bias, c.Doubt.Distance, c.Doubt.Confidence, c.Threshold = 3, -1, 2, 0.5
	}), "", 1)
	for _, c := range []struct {
		p, distance float32
		want        float64
	}{{1, 3, 0.5}, {1, 0, 1 / (1 + math.Exp(-3))}, {0.5, 1, 1 / (1 + math.Exp(-2-2*math.Log(0.5)))}} {
		if got := s.model.Familiarity(c.p, c.distance); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v gives %v", c, got)
		}
	}
	sure := []float32{0, 1, 0, 0}
	if c := s.model.Decide(sure, 2.9); c.Unknown || c.Confidence != 1 {
		t.Errorf("a near picture is answered with %+v", c)
	}
	if c := s.model.Decide(sure, 3.1); !c.Unknown || c.Confidence != 1 {
		t.Errorf("a far picture is answered with %+v", c)
	}
	if got := s.model.Familiarity(0, 0); math.IsNaN(got) || got < 0 || got > 1 {
		t.Errorf("of a probability of 0 the familiarity is %v", got)
	}
}

// A model that does not tell how to doubt it is doubted by its confidence.
func TestFamiliarityOfOlderModels(t *testing.T) {
	m := calibrated(t, 1, 0.5, nil)
	s := m.NewSession()
	defer s.Close()
	if s.Distance() != 0 || m.Familiarity(0.25, 99) != 0.25 {
		t.Errorf("distance %v, familiarity %v", s.Distance(), m.Familiarity(0.25, 99))
	}
	foreign, err := Load(encode(t, drawTail(func(d *draft, x int) {
		d.operator(tflite.Relu, nil, d.tensor(1, mapSide, mapSide, mapChannels), x)
	}, 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := foreign.NewSession()
	defer other.Close()
	if other.Features() != nil || other.Distance() != 0 {
		t.Error("a model without a last fully connected layer has features")
	}
}

func TestDoubtThatDoesNotFitIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*metadata.Doubt){
		"another number of features": func(d *metadata.Doubt) {
			d.Axes.Columns, d.Means = 2*mapChannels, metadata.Matrix{Columns: 1, Numbers: make([]float32, 4)}
		},
		"a label too few": func(d *metadata.Doubt) { d.Means.Numbers = d.Means.Numbers[:6] },
	} {
		file := doubtful(t, 1, func(c *metadata.Canting) { spoil(c.Doubt) })
		if _, err := Load(file, Options{}); err == nil || !strings.Contains(err.Error(), "how to doubt") {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

// Whatever a file says, distance and familiarity are numbers or the file is
// refused.
func FuzzDoubt(f *testing.F) {
	m := drawTail(tails[4].draw, 1)
	f.Add(`{"axes":{"columns":6,"numbers":"AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/"},"means":{"columns":1,"numbers":"AACAPwAAgD8AAIA/AACAPw=="},"bias":1,"distance":-1,"confidence":1}`, 1.0)
	f.Add(`{"axes":{"columns":6,"numbers":"//9/f///f3///39///9/f///f3///39/"},"means":{"columns":1,"numbers":"AACAPwAAgD8AAIA/AACAPw=="},"bias":1e18,"distance":-1e18}`, 1e-300)
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
		if got := model.Decide(p, s.Distance()); !(got.Familiarity >= 0 && got.Familiarity <= 1) {
			t.Errorf("the familiarity is %v at a distance of %v", got.Familiarity, s.Distance())
		}
	})
}

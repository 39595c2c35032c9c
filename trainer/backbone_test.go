package trainer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/capture"
	"canting/configs"
	"canting/infer/metadata"
	"canting/infer/tflite"
	"canting/trainer/backbone"
	"canting/trainer/nn"

	"gorgonia.org/tensor"
)

const peerModels = "../../shared/models"

// TestBackboneFeaturesAreTheFiles: of other people's classifiers, cut before the
// classifier and asked for a photograph. Float files go to LiteRT, quantized ones
// to the engine, whose answers are LiteRT's; their rounding is what the tolerance
// is for.
func TestBackboneFeaturesAreTheFiles(t *testing.T) {
	photograph, err := capture.ReadFile(filepath.Join(peerModels, "google-coral", "cat.bmp"))
	if err != nil {
		t.Skip("../shared/models is absent: no other classifier is taken over")
	}
	for name, tolerance := range map[string]float64{
		"google-coral/mobilenet_v1_0.25_128_quant.tflite":                    0.1,
		"google-coral/mobilenet_v1_0.5_160_quant.tflite":                     0.1,
		"google-coral/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite": 0.1,
		"google-coral/mobilenet_v2_1.0_224_quant.tflite":                     0.1,
		"google-coral/tf2_mobilenet_v2_1.0_224_ptq.tflite":                   0.1,
		"mlcommons-tiny/pretrainedResnet.tflite":                             1e-5,
		"mlcommons-tiny/pretrainedResnet_quant.tflite":                       0.1,
		"mlcommons-tiny/vww_96_float.tflite":                                 1e-5,
		"mlcommons-tiny/vww_96_int8.tflite":                                  0.1,
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join(peerModels, name))
			if err != nil {
				t.Fatal(err)
			}
			b, err := backbone.Read(file, 0)
			if err != nil {
				t.Fatal(err)
			}
			x, want := featuresOf(t, file, b.Size, photograph)
			n := nn.Network{Layers: b.Layers}
			got := n.Forward(tensor.New(tensor.WithShape(1, b.Size, b.Size, 3), tensor.WithBacking(x)), false).Data().([]float32)
			if off := distance(got, want); !(off <= tolerance) {
				t.Errorf("%d features are off by %.2g of their size", len(got), off)
			} else {
				t.Logf("%d features are off by %.2g of their size", len(got), off)
			}
		})
	}
}

// distance is the length of a-b as a share of b's.
func distance(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var off, all float64
	for i := range b {
		off += float64(a[i]-b[i]) * float64(a[i]-b[i])
		all += float64(b[i]) * float64(b[i])
	}
	return math.Sqrt(off / all)
}

// featuresOf makes what a file's classifier reads its output, and gives the
// input that a photograph becomes and the output for it.
func featuresOf(t *testing.T, file []byte, size int, photograph capture.Frame) (x, features []float32) {
	t.Helper()
	m, err := tflite.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if c := slices.IndexFunc(m.Operators, func(op tflite.Operator) bool {
		return op.Code == tflite.AveragePool2D || op.Code == tflite.Mean
	}); c >= 0 {
		m.Outputs, m.Operators, m.Labels = m.Operators[c].Outputs, m.Operators[:c+1], nil
	}
	cut, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if m.Tensors[m.Inputs[0]].Type == tflite.Float32 {
		p, err := capture.NewPreprocessor(metadata.Default().Preprocessing, capture.InputSpec{Width: size, Height: size, Type: "float32"})
		if err != nil {
			t.Fatal(err)
		}
		in := make([]byte, 4*3*size*size)
		if err := p.Run(photograph, in); err != nil {
			t.Fatal(err)
		}
		return reals(in), reals(litert(t, cut, in))
	}
	c, err := newClassifier(cut)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.run(photograph); err != nil {
		t.Fatal(err)
	}
	in, out := c.model.Input(), c.model.Output()
	return dequantized(c.session.Input(), in.Type, in.Scale, in.ZeroPoint), dequantized(c.session.Output(), out.Type, out.Scale, out.ZeroPoint)
}

func reals(b []byte) []float32 {
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v
}

func dequantized(b []byte, kind string, scale float32, zero int) []float32 {
	v := make([]float32, len(b))
	for i, q := range b {
		n := int(q)
		if kind == "int8" {
			n = int(int8(q))
		}
		v[i] = scale * float32(n-zero)
	}
	return v
}

// TestTrainFromABackbone: a model trained here on a normalisation of its own is
// another training's backbone, whose recipe has another input and no network.
func TestTrainFromABackbone(t *testing.T) {
	dir, first := cloths(t, 10, 4), t.TempDir()
	e := small()
	e.Training.Epochs, e.Input.Mean, e.Input.Std = 2, 128, 64
	train(t, Job{Data: dir, Out: first, Experiment: e})
	for _, rate := range []float64{0, 10} {
		from := configs.DefaultExperiment()
		from.Training.Epochs = 1
		from.Backbone = configs.Backbone{File: filepath.Join(first, ModelName), Rate: rate, Dropout: 0.1}
		_, file := train(t, Job{Data: dir, Out: t.TempDir(), Experiment: from})
		before, after := bodyOf(t, modelBytes(t, first)), bodyOf(t, file)
		if kept := distance(after, before) < 0.02; kept != (rate == 0) {
			t.Errorf("with the rate %v the first convolution moved by %.3f of its size", rate, distance(after, before))
		}
		c, err := newClassifier(file)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(modelBytes(t, first)); !strings.Contains(c.model.Metadata().Provenance.Config, hex.EncodeToString(sum[:])) {
			t.Error("the model does not tell its backbone's digest")
		}
		p := c.model.Metadata().Preprocessing
		if in := c.model.Input(); in.Shape[1] != e.Input.Size || p.Mean[0] != 128 || p.Std[0] != 64 || in.ZeroPoint != 0 {
			t.Errorf("the input is %+v, normalised by %+v", in, p)
		}
	}
}

// bodyOf is the first convolution of a model, as real numbers.
func bodyOf(t *testing.T, file []byte) []float32 {
	t.Helper()
	b, err := backbone.Read(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	return b.Layers[0].(*nn.Conv).Weight.Value.Data().([]float32)
}

func TestBackboneThatIsNone(t *testing.T) {
	e := small()
	e.Backbone.File = filepath.Join(t.TempDir(), "none.tflite")
	if _, err := Train(t.Context(), Job{Data: cloths(t, 2, 1), Out: t.TempDir(), Experiment: e, Show: &watcher{}}); err == nil || !strings.Contains(err.Error(), "read the backbone") {
		t.Errorf("got %v", err)
	}
	put(t, e.Backbone.File, []byte("no model"))
	if _, err := withBackbone(e); err == nil || !strings.Contains(err.Error(), "none.tflite: the model file is not") {
		t.Errorf("got %v", err)
	}
}

package quantize

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"canting/infer"
	"canting/infer/tflite"
	"canting/trainer/nn"

	"gorgonia.org/tensor"
)

const size = 16

// The networks read a pixel value less its mean, divided by its deviation.
const pixelMean, pixelStd = 64, 160

// settle gives a normalisation the figures that training would have left.
func settle(norm *nn.BatchNorm, rng *rand.Rand) *nn.BatchNorm {
	for i := range norm.Mean.Shape()[0] {
		norm.Mean.Set(i, float32(rng.NormFloat64()*0.2))
		norm.Variance.Set(i, float32(0.2+rng.Float64()))
		norm.Scale.Value.Set(i, float32(0.5+rng.Float64()))
		norm.Shift.Value.Set(i, float32(rng.NormFloat64()*0.3))
	}
	return norm
}

// plain is a network of convolutions, pools and dense layers.
func plain(rng *rand.Rand, average bool) *nn.Network {
	conv := nn.NewConv([]int{size, size, 3}, 8, 3, 1, rng)
	layers := []nn.Layer{conv, settle(nn.NewBatchNorm(conv.Shape()), rng), nn.NewReLU(conv.Shape())}
	pool := nn.NewMaxPool(conv.Shape())
	layers = append(layers, pool)
	second := nn.NewConv(pool.Shape(), 12, 5, 1, rng)
	layers = append(layers, second)
	shape := second.Shape()
	if average {
		pool := nn.NewGlobalAverage(shape)
		layers, shape = append(layers, pool, nn.NewDropout(pool.Shape(), 0.5)), pool.Shape()
	}
	hidden := nn.NewDense(shape, 10, rng)
	layers = append(layers, hidden, nn.NewReLU(hidden.Shape()), nn.NewDense(hidden.Shape(), 4, rng))
	return &nn.Network{Layers: layers}
}

// residual is a network with a strided stem, a depthwise convolution, and
// blocks with both kinds of shortcut.
func residual(rng *rand.Rand) *nn.Network {
	stem := nn.NewConv([]int{size, size, 3}, 8, 3, 2, rng)
	across := nn.NewDepthwise(stem.Shape(), 3, 1, rng)
	identity := nn.NewResidual(across.Shape(), 8, 1, rng)
	projection := nn.NewResidual(identity.Shape(), 12, 2, rng)
	pool := nn.NewGlobalAverage(projection.Shape())
	n := &nn.Network{Layers: []nn.Layer{
		stem, nn.NewReLU6(stem.Shape()), across, nn.NewBatchNorm(across.Shape()), nn.NewReLU(across.Shape()),
		identity, nn.NewReLU(identity.Shape()), projection, nn.NewReLU(projection.Shape()),
		pool, nn.NewDense(pool.Shape(), 4, rng),
	}}
	for l := range n.All() {
		if norm, ok := l.(*nn.BatchNorm); ok {
			settle(norm, rng)
		}
	}
	return n
}

var networks = map[string]func(*rand.Rand) *nn.Network{
	"flatten":        func(rng *rand.Rand) *nn.Network { return plain(rng, false) },
	"global average": func(rng *rand.Rand) *nn.Network { return plain(rng, true) },
	"residual":       residual,
}

// pixels are random pictures as bytes and as the network takes them.
func pixels(n int, rng *rand.Rand) ([]byte, *tensor.Dense) {
	b, x := make([]byte, n*size*size*3), make([]float32, n*size*size*3)
	for i := range b {
		b[i] = byte(rng.IntN(256))
		x[i] = (float32(b[i]) - pixelMean) / pixelStd
	}
	return b, tensor.New(tensor.WithShape(n, size, size, 3), tensor.WithBacking(x))
}

// TestModelAgreesWithNetwork runs the written model in the engine.
func TestModelAgreesWithNetwork(t *testing.T) {
	for name, network := range networks {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			n := network(rng)
			const count = 40
			b, x := pixels(count, rng)
			m, err := Model(n, size, Pixels(pixelMean, pixelStd), []*tensor.Dense{x})
			if err != nil {
				t.Fatal(err)
			}
			file, err := m.Encode()
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := infer.Load(file, infer.Options{})
			if err != nil {
				t.Fatal(err)
			}
			session, got := loaded.NewSession(), make([]float32, 4)
			logits := n.Forward(x, false).Data().([]float32)
			agree, worst := 0, 0.0
			for i := range count {
				for j, v := range b[i*size*size*3 : (i+1)*size*size*3] {
					session.Input()[j] = v - 128
				}
				if err := session.Run(); err != nil {
					t.Fatal(err)
				}
				loaded.Probabilities(got, session.Output())
				want := nn.Softmax(logits[i*4 : (i+1)*4])
				for c := range want {
					worst = max(worst, math.Abs(want[c]-float64(got[c])))
				}
				if slices.Index(got, slices.Max(got)) == slices.Index(want, slices.Max(want)) {
					agree++
				}
			}
			t.Logf("%d of %d top labels agree, worst probability off by %.3f", agree, count, worst)
			if agree < count*9/10 || worst > 0.08 {
				t.Errorf("the int8 model does not follow the network")
			}
		})
	}
}

// TestModelShape: folded operators, and weights that use their whole range.
func TestModelShape(t *testing.T) {
	for name, want := range map[string][]tflite.Code{
		"flatten":        {tflite.Conv2D, tflite.MaxPool2D, tflite.Conv2D, tflite.Reshape, tflite.FullyConnected, tflite.FullyConnected, tflite.Softmax},
		"global average": {tflite.Conv2D, tflite.MaxPool2D, tflite.Conv2D, tflite.Mean, tflite.FullyConnected, tflite.FullyConnected, tflite.Softmax},
		"residual": {
			tflite.Conv2D, tflite.DepthwiseConv2D,
			tflite.Conv2D, tflite.Conv2D, tflite.Add,
			tflite.Conv2D, tflite.Conv2D, tflite.Conv2D, tflite.Add,
			tflite.Mean, tflite.FullyConnected, tflite.Softmax,
		},
	} {
		rng := rand.New(rand.NewPCG(3, 4))
		_, x := pixels(4, rng)
		m, err := Model(networks[name](rng), size, Pixels(pixelMean, pixelStd), []*tensor.Dense{x})
		if err != nil {
			t.Fatal(err)
		}
		var codes []tflite.Code
		for _, op := range m.Operators {
			codes = append(codes, op.Code)
		}
		if !slices.Equal(codes, want) {
			t.Errorf("%s: operators are %v, want %v", name, codes, want)
		}
		holdWeights(t, m)
	}
}

// holdWeights: a scale for each channel, and the largest weight at 127.
func holdWeights(t *testing.T, m *tflite.Model) {
	t.Helper()
	for _, tt := range m.Tensors {
		if tt.Type != tflite.Int8 || tt.Data == nil {
			continue
		}
		if channels := tt.Shape[tt.Quant.Axis]; len(tt.Quant.Scale) != channels {
			t.Errorf("%s has %d scales for %d channels", tt.Name, len(tt.Quant.Scale), channels)
		}
		top := 0
		for _, v := range tt.Data {
			q := int(int8(v))
			top = max(top, q, -q)
		}
		if top != 127 {
			t.Errorf("%s: the largest weight is %d, want 127", tt.Name, top)
		}
	}
}

func TestSpanQuantizationHoldsZero(t *testing.T) {
	for _, s := range []span{{0, 6}, {-1, 1}, {-3.7, 0.2}, {0, 0}, {-5, 0}, {0, 1e-30}} {
		q := s.quantization()
		zero := q.ZeroPoint[0]
		if zero < -128 || zero > 127 || !(q.Scale[0] > 0) {
			t.Errorf("%+v: scale %v, zero point %d", s, q.Scale[0], zero)
		}
		for _, end := range []float64{s.lo, s.hi} {
			if v := math.Round(end/float64(q.Scale[0])) + float64(zero); v < -129 || v > 128 {
				t.Errorf("%+v: %v becomes %v, outside int8", s, end, v)
			}
		}
	}
}

// TestDivergedTrainingIsSaid: weights that are not numbers make no model.
func TestDivergedTrainingIsSaid(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	n := plain(rng, true)
	n.Params()[0].Value.Set(5, float32(math.Inf(1)))
	_, x := pixels(1, rng)
	if _, err := Model(n, size, Pixels(pixelMean, pixelStd), []*tensor.Dense{x}); err == nil {
		t.Error("a network with an infinite weight was quantized")
	}
}

// TestLayersWithoutInt8Form: a layer that cannot join what stands before it is
// refused by name.
func TestLayersWithoutInt8Form(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	shape := []int{size, size, 3}
	conv, relu, norm := nn.NewConv(shape, 3, 3, 1, rng), nn.NewReLU(shape), nn.NewBatchNorm(shape)
	mean := nn.NewGlobalAverage(shape)
	for name, layers := range map[string][]nn.Layer{
		"a first norm":       {norm},
		"norm behind ReLU":   {conv, relu, norm},
		"norm behind a pool": {conv, nn.NewMaxPool(shape), norm},
		"ReLU behind a mean": {conv, mean, nn.NewReLU(mean.Shape())},
		"a shared ReLU":      {conv, &nn.Residual{Body: []nn.Layer{relu, conv}}},
	} {
		_, x := pixels(1, rng)
		if _, err := Model(&nn.Network{Layers: layers}, size, Pixels(pixelMean, pixelStd), []*tensor.Dense{x}); err == nil || !strings.Contains(err.Error(), "has no int8 form") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

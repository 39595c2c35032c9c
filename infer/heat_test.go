package infer

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/infer/kernel"
	"canting/infer/tflite"
)

// mapSide and mapChannels are the size of the drawn models' feature map.
const mapSide, mapChannels = 5, 6

// tails are classifiers' tails behind a feature map.
var tails = []struct {
	name string
	draw func(d *draft, features int)
}{
	{"flat, dense", func(d *draft, x int) {
		d.logits(d.flat(x), mapSide*mapSide*mapChannels)
	}},
	{"flat, dense with ReLU, dense", func(d *draft, x int) {
		d.logits(d.dense(d.flat(x), mapSide*mapSide*mapChannels, 40, tflite.ActRelu), 40)
	}},
	{"flat, dense with ReLU, two dense", func(d *draft, x int) {
		// The logits would fit where the first layer's outputs were.
		hidden := d.dense(d.flat(x), mapSide*mapSide*mapChannels, 40, tflite.ActRelu)
		d.logits(d.dense(hidden, 40, 40, tflite.ActNone), 40)
	}},
	{"dense with ReLU6 that flattens itself, dense", func(d *draft, x int) {
		d.logits(d.dense(x, mapSide*mapSide*mapChannels, 40, tflite.ActRelu6), 40)
	}},
	{"mean, dense", func(d *draft, x int) {
		y := d.tensor(1, mapChannels)
		d.operator(tflite.Mean, tflite.ReducerOptions{}, y, x, d.ints(1, 2))
		d.logits(y, mapChannels)
	}},
	{"average, 1x1 convolution, reshape, softmax", func(d *draft, x int) {
		pooled, logits := d.alike(x, 1, 1, 1, mapChannels), d.tensor(1, 1, 1, 4)
		d.operator(tflite.AveragePool2D, tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: 1, StrideH: 1, FilterW: mapSide, FilterH: mapSide}, pooled, x)
		d.convolve(tflite.Conv2D, tflite.Conv2DOptions{StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1}, logits, pooled, 0, 4, 1, 1, mapChannels)
		flat := d.alike(logits, 1, 4)
		d.operator(tflite.Reshape, tflite.ReshapeOptions{NewShape: []int{1, 4}}, flat, logits)
		d.operator(tflite.Softmax, tflite.SoftmaxOptions{Beta: 1}, d.probabilities(1, 4), flat)
	}},
	{"rescaled, mean, dense, float32", func(d *draft, x int) {
		y, mean, real := d.tensor(1, mapSide, mapSide, mapChannels), d.tensor(1, mapChannels), d.tensor(1, 4)
		d.operator(tflite.Quantize, nil, y, x)
		d.operator(tflite.Mean, tflite.ReducerOptions{}, mean, y, d.ints(1, 2))
		logits := d.logits(mean, mapChannels)
		d.m.Tensors[real].Type, d.m.Tensors[real].Quant = tflite.Float32, tflite.Quantization{}
		d.operator(tflite.Dequantize, nil, real, logits)
	}},
}

// flat adds a RESHAPE of the feature map to a vector.
func (d *draft) flat(x int) int {
	n := mapSide * mapSide * mapChannels
	y := d.alike(x, 1, n)
	d.operator(tflite.Reshape, tflite.ReshapeOptions{NewShape: []int{1, n}}, y, x)
	return y
}

// dense adds a FULLY_CONNECTED whose outputs rarely leave their range.
func (d *draft) dense(x, inputs, outputs int, f tflite.Activation) int {
	y := d.tensor(1, outputs)
	d.m.Tensors[y].Quant = tflite.Quantization{Scale: []float32{0.05 * float32(math.Sqrt(float64(inputs)))}, ZeroPoint: []int64{-20}}
	d.convolve(tflite.FullyConnected, tflite.FullyConnectedOptions{Activation: f}, y, x, 0, outputs, inputs)
	return y
}

func (d *draft) logits(x, inputs int) int { return d.dense(x, inputs, 4, tflite.ActNone) }

// drawTail is a model of a convolution and a tail.
func drawTail(tail func(*draft, int), seed uint64) *tflite.Model {
	return &newDraft(func(d *draft) {
		x, features := d.tensor(1, mapSide, mapSide, 3), d.tensor(1, mapSide, mapSide, mapChannels)
		options := tflite.Conv2DOptions{StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, Activation: tflite.ActRelu}
		d.convolve(tflite.Conv2D, options, features, x, 0, mapChannels, 3, 3, 3)
		tail(d, features)
	}, tflite.Int8, seed).m
}

// heatOf runs a model on patches and returns the heat of a label.
func heatOf(t *testing.T, file []byte, set string, seed uint64, label int) (Heat, bool) {
	t.Helper()
	m, err := Load(file, Options{Kernel: set, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := m.NewSession()
	defer s.Close()
	patches(s.Input(), m.Input().Shape, seed)
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	return s.Heat(label)
}

// The heat of a cell is how fast the logit grows when the cell's activations are
// scaled up: here by a float64 computation of the tail, from the feature map of a
// model that ends there.
func TestHeatIsTheLogitsDerivative(t *testing.T) {
	for _, tail := range tails {
		for seed := range uint64(10) {
			t.Run(fmt.Sprintf("%s, seed %d", tail.name, seed), func(t *testing.T) {
				checkHeat(t, encode(t, drawTail(tail.draw, seed)), seed, int(seed)%4)
			})
		}
	}
}

func TestPeersHeatIsTheLogitsDerivative(t *testing.T) {
	for _, name := range int8Models(t) {
		if testing.Short() && !strings.Contains(name, "vww") {
			continue
		}
		file, err := os.ReadFile(filepath.Join(peers, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			for label := range 2 {
				checkHeat(t, file, 3, label)
			}
		})
	}
}

func checkHeat(t *testing.T, file []byte, seed uint64, label int) {
	t.Helper()
	h, ok := heatOf(t, file, "", seed, label)
	if !ok {
		t.Fatal("it has no heat map")
	}
	m, err := tflite.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	want := derivatives(m, lastMap(m), mapOf(t, file, seed), label)
	if h.Rows*h.Columns != len(want) || len(h.Values) != len(want) {
		t.Fatalf("it has %dx%d cells and %d values, want %d", h.Rows, h.Columns, len(h.Values), len(want))
	}
	largest := slices.Max(want)
	for i, v := range want {
		if largest > 0 {
			v = max(v, 0) / largest
		}
		if math.Abs(float64(h.Values[i])-max(v, 0)) > 1e-4 {
			t.Errorf("cell %d of %dx%d is %v, by the derivative %v", i, h.Rows, h.Columns, h.Values[i], v)
		}
	}
}

// lastMap is the last activation that has several pixels.
func lastMap(m *tflite.Model) int {
	for _, op := range slices.Backward(m.Operators) {
		if s := m.Tensors[op.Outputs[0]].Shape; len(s) == 4 && s[1]*s[2] > 1 {
			return op.Outputs[0]
		}
	}
	return none
}

// mapOf is the last feature map in real numbers.
func mapOf(t *testing.T, file []byte, seed uint64) []float64 {
	t.Helper()
	m, err := tflite.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	features := lastMap(m)
	end := slices.IndexFunc(m.Operators, func(op tflite.Operator) bool { return op.Outputs[0] == features })
	m.Operators, m.Outputs, m.Labels, m.Canting = m.Operators[:end+1], []int{features}, nil, nil
	short, err := Load(encode(t, m), Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := make([]byte, elements(short.Input().Shape))
	patches(in, short.Input().Shape, seed)
	real := make([]float32, elements(short.Output().Shape))
	short.dequantize(real, answers(t, short, in))
	out := make([]float64, len(real))
	for i, v := range real {
		out[i] = float64(v)
	}
	return out
}

// derivatives are those of a label's logit by a factor on each cell's activations.
func derivatives(m *tflite.Model, features int, x []float64, label int) []float64 {
	shape := m.Tensors[features].Shape
	out := make([]float64, shape[1]*shape[2])
	const step = 1e-6
	for cell := range out {
		logit := func(factor float64) float64 {
			changed := slices.Clone(x)
			for c := range shape[3] {
				changed[cell*shape[3]+c] *= factor
			}
			return forward(m, features, changed)[label]
		}
		out[cell] = (logit(1+step) - logit(1-step)) / (2 * step)
	}
	return out
}

// forward computes what follows a tensor up to the logits.
func forward(m *tflite.Model, t int, x []float64) []float64 {
	for _, op := range m.Operators {
		if op.Inputs[0] != t {
			continue
		}
		switch op.Code {
		case tflite.Softmax:
			return x
		case tflite.Mean, tflite.AveragePool2D:
			x = average(x, m.Tensors[t].Shape[3])
		case tflite.FullyConnected, tflite.Conv2D:
			x = product(m, &op, x)
		}
		t = op.Outputs[0]
	}
	return x
}

func average(x []float64, channels int) []float64 {
	out := make([]float64, channels)
	for i, v := range x {
		out[i%channels] += v * float64(channels) / float64(len(x))
	}
	return out
}

// product is a fully connected layer. Its activation bends half a quantization
// step within its range, where the quantized output meets its end.
func product(m *tflite.Model, op *tflite.Operator, x []float64) []float64 {
	w, b, y := &m.Tensors[op.Inputs[1]], &m.Tensors[op.Inputs[2]], &m.Tensors[op.Outputs[0]]
	in, step := &m.Tensors[op.Inputs[0]], float64(y.Quant.Scale[0])
	out := make([]float64, w.Shape[0])
	for o := range out {
		channel := min(o, len(w.Quant.Scale)-1)
		scale := float64(w.Quant.Scale[channel])
		sum := float64(int32(binary.LittleEndian.Uint32(b.Data[4*o:]))) * float64(in.Quant.Scale[0]) * scale
		for i, v := range x {
			q := float64(int8(w.Data[o*len(x)+i]))
			if w.Type == tflite.Uint8 {
				q = float64(w.Data[o*len(x)+i])
			}
			sum += v * scale * (q - float64(w.Quant.ZeroPoint[channel]))
		}
		switch fusedActivation(op) {
		case tflite.ActRelu:
			sum = max(sum, step/2)
		case tflite.ActRelu6:
			top := min(math.RoundToEven(6/step), float64(math.MaxInt8-y.Quant.ZeroPoint[0]))
			sum = min(max(sum, step/2), (top-0.5)*step)
		}
		out[o] = sum
	}
	return out
}

// tailsHeat is a digest of the drawn models' heat maps: a processor or an
// instruction set that adds up otherwise shows in it.
const tailsHeat = 0xe94025f836cd8d57

func TestHeatIsTheSameEverywhere(t *testing.T) {
	t.Setenv(kernel.Variable, "") // it would go before the names
	for _, set := range kernel.Available() {
		digest := fnv.New64a()
		for _, tail := range tails {
			for seed := range uint64(10) {
				h, ok := heatOf(t, encode(t, drawTail(tail.draw, seed)), set, seed, 1)
				if !ok {
					t.Fatalf("%s: no heat map", tail.name)
				}
				if err := binary.Write(digest, binary.LittleEndian, h.Values); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := digest.Sum64(); got != tailsHeat {
			t.Errorf("%s: the digest of the heat maps is %#x, want %#x", set, got, uint64(tailsHeat))
		}
	}
}

// What Heat reads finds room where nothing else lies at the end of a run.
func TestHeatNeedsNoLargerArena(t *testing.T) {
	check := func(name string, m *Model) {
		without := planner{plan: *m.plan}
		without.plan.values, without.plan.tail = slices.Clone(m.plan.values), nil
		if err := without.layOut(); err != nil {
			t.Fatal(err)
		}
		weights := 0
		for _, l := range m.plan.tail.layers {
			weights += len(l.Weights)
		}
		t.Logf("%s: the arena has %d bytes, without heat %d; %d bytes of weights are kept", name, m.plan.arena, without.plan.arena, weights)
		if m.plan.arena > without.plan.arena {
			t.Errorf("%s: heat makes the arena %d bytes larger", name, m.plan.arena-without.plan.arena)
		}
	}
	file, err := os.ReadFile("../firmware/demo/demo.tflite")
	if err != nil {
		t.Fatal(err)
	}
	demo, err := Load(file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	check("the demonstration's model", demo)
	for _, name := range int8Models(t) {
		check(name, load(t, name, Options{}))
	}
}

func TestHeatLeavesTheOutput(t *testing.T) {
	m, err := Load(encode(t, drawTail(tails[1].draw, 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := m.NewSession()
	defer s.Close()
	patches(s.Input(), m.Input().Shape, 1)
	var outputs [2]string
	for i := range outputs {
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		for label := range 4 {
			s.Heat(label)
		}
		outputs[i] = string(s.Output())
	}
	if outputs[0] != outputs[1] {
		t.Errorf("the output changed from %q to %q", outputs[0], outputs[1])
	}
	for _, label := range []int{-1, 4} {
		if _, ok := s.Heat(label); ok {
			t.Errorf("there is a heat map for label %d of 4", label)
		}
	}
}

func TestForeignTailsHaveNoHeat(t *testing.T) {
	for _, c := range []struct {
		name string
		draw func(d *draft, x int)
	}{
		{"the map itself", func(d *draft, x int) {
			d.operator(tflite.Relu, nil, d.tensor(1, mapSide, mapSide, mapChannels), x)
		}},
		{"the largest of the cells", func(d *draft, x int) {
			d.operator(tflite.MaxPool2D, tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: 1, StrideH: 1, FilterW: mapSide, FilterH: mapSide}, d.alike(x, 1, 1, 1, mapChannels), x)
		}},
		{"the mean of some cells", func(d *draft, x int) {
			d.operator(tflite.AveragePool2D, tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: mapSide, StrideH: mapSide, FilterW: 3, FilterH: 3}, d.alike(x, 1, 1, 1, mapChannels), x)
		}},
		{"a layer for each cell", func(d *draft, x int) {
			y := d.tensor(mapSide*mapSide, 4)
			d.convolve(tflite.FullyConnected, tflite.FullyConnectedOptions{}, y, x, 0, 4, mapChannels)
		}},
		{"a product behind the layers", func(d *draft, x int) {
			y := d.logits(d.flat(x), mapSide*mapSide*mapChannels)
			d.operator(tflite.Mul, tflite.MulOptions{}, d.tensor(1, 4), y, y)
		}},
		{"a softmax between the layers", func(d *draft, x int) {
			y := d.probabilities(1, 4)
			d.operator(tflite.Softmax, tflite.SoftmaxOptions{Beta: 1}, y, d.logits(d.flat(x), mapSide*mapSide*mapChannels))
			d.logits(y, 4)
		}},
	} {
		if h, ok := heatOf(t, encode(t, drawTail(c.draw, 1)), "", 1, 0); ok {
			t.Errorf("%s: there is a heat map of %dx%d", c.name, h.Rows, h.Columns)
		}
	}
}

package backbone

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"canting/infer/metadata"
	"canting/infer/tflite"
	"canting/trainer/nn"

	"gorgonia.org/tensor"
)

// file grows a model of float32 tensors by one operator after the other.
type file struct{ tflite.Model }

// newFile begins a model of pictures of 8x8.
func newFile() *file {
	f := &file{}
	f.Inputs = []int{f.tensor(nil, 1, 8, 8, 3)}
	return f
}

func (f *file) tensor(data []byte, shape ...int) int {
	f.Tensors = append(f.Tensors, tflite.Tensor{Shape: shape, Data: data})
	return len(f.Tensors) - 1
}

// constant adds random weights.
func (f *file) constant(shape ...int) int {
	rng := rand.New(rand.NewPCG(1, uint64(len(f.Tensors))))
	var data []byte
	for range elements(shape) {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64()/2)))
	}
	return f.tensor(data, shape...)
}

func (f *file) integers(values ...int) int {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	t := f.tensor(data, len(values))
	f.Tensors[t].Type = tflite.Int32
	return t
}

// add puts an operator behind tensors and returns its output.
func (f *file) add(code tflite.Code, options any, shape []int, inputs ...int) int {
	out := f.tensor(nil, append([]int{1}, shape...)...)
	f.Operators = append(f.Operators, tflite.Operator{Code: code, Options: options, Inputs: inputs, Outputs: []int{out}})
	return out
}

func conv(stride int, p tflite.Padding) tflite.Conv2DOptions {
	return tflite.Conv2DOptions{Padding: p, StrideW: stride, StrideH: stride, DilationW: 1, DilationH: 1, Activation: tflite.ActRelu6}
}

// convolve adds a convolution of 3 to 4 channels, or of 4 to 4.
func (f *file) convolve(x int) int {
	s := f.Tensors[x].Shape
	return f.add(tflite.Conv2D, conv(1, tflite.Same), []int{s[1], s[2], 4}, x, f.constant(4, 3, 3, s[3]), f.constant(4))
}

// classify ends the model with an average, a dense layer and a softmax.
func (f *file) classify(x int) []byte {
	x = f.add(tflite.Mean, tflite.ReducerOptions{}, []int{4}, x, f.integers(1, 2))
	x = f.add(tflite.FullyConnected, tflite.FullyConnectedOptions{}, []int{5}, x, f.constant(5, 4), f.constant(5))
	return f.end(f.add(tflite.Softmax, tflite.SoftmaxOptions{Beta: 1}, []int{5}, x))
}

func (f *file) end(output int) []byte {
	f.Outputs = []int{output}
	b, err := f.Encode()
	if err != nil {
		panic(err)
	}
	return b
}

// answer runs a file's backbone on a picture of noise.
func answer(t *testing.T, file []byte) []float32 {
	t.Helper()
	b, err := Read(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	x := make([]float32, b.Size*b.Size*3)
	for i := range x {
		x[i] = rng.Float32()
	}
	n := nn.Network{Layers: b.Layers}
	return n.Forward(tensor.New(tensor.WithShape(1, b.Size, b.Size, 3), tensor.WithBacking(x)), false).Data().([]float32)
}

// TestPaddedStrideIsSame: Keras writes a stride of 2 as PAD and VALID.
func TestPaddedStrideIsSame(t *testing.T) {
	f := newFile()
	w, b := f.constant(4, 3, 3, 3), f.constant(4)
	padded := f.add(tflite.Pad, nil, []int{9, 9, 3}, 0, f.integers(0, 0, 0, 1, 0, 1, 0, 0))
	one := answer(t, f.classify(f.add(tflite.Conv2D, conv(2, tflite.Valid), []int{4, 4, 4}, padded, w, b)))
	g := newFile()
	w, b = g.constant(4, 3, 3, 3), g.constant(4)
	two := answer(t, g.classify(g.add(tflite.Conv2D, conv(2, tflite.Same), []int{4, 4, 4}, 0, w, b)))
	if !slices.Equal(one, two) || slices.Max(one) == 0 {
		t.Errorf("padded: %v, same: %v", one, two)
	}
}

// TestResidualConnections: within each other, with and without layers on the
// shortcut, whichever comes first in the file.
func TestResidualConnections(t *testing.T) {
	f := newFile()
	x := f.convolve(0)
	inner := f.convolve(x)
	inner = f.add(tflite.Add, tflite.AddOptions{Activation: tflite.ActRelu}, []int{8, 8, 4}, inner, f.convolve(f.convolve(inner)))
	got, err := Read(f.classify(f.add(tflite.Add, tflite.AddOptions{}, []int{8, 8, 4}, x, inner)), 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range got.Layers {
		names = append(names, l.Name())
	}
	if want := "convolution, ReLU6, residual block, global average pool"; strings.Join(names, ", ") != want {
		t.Fatalf("the layers are %q, want %q", names, want)
	}
	outer := got.Layers[2].(*nn.Residual)
	if len(outer.Shortcut) != 0 || len(outer.Body) != 4 {
		t.Errorf("the outer block has %d layers beside %d", len(outer.Body), len(outer.Shortcut))
	}
	if n := (&nn.Network{Layers: got.Layers}); len(n.Params()) != 8 {
		t.Errorf("%d parameters, want those of four convolutions", len(n.Params()))
	}
}

// TestWhatCannotBeTrainedIsNamed with its place.
func TestWhatCannotBeTrainedIsNamed(t *testing.T) {
	for want, build := range map[string]func(f *file) []byte{
		"operator 1 (HARD_SWISH) cannot be trained": func(f *file) []byte {
			return f.classify(f.add(tflite.HardSwish, nil, []int{8, 8, 4}, f.convolve(0)))
		},
		"operator 2 (CONCATENATION)": func(f *file) []byte {
			x := f.convolve(0)
			return f.classify(f.add(tflite.Concatenation, tflite.ConcatenationOptions{Axis: 3}, []int{8, 8, 8}, x, f.convolve(x)))
		},
		"operator 1 (CUSTOM \"Wavelet\") cannot": func(f *file) []byte {
			x := f.add(tflite.Custom, nil, []int{8, 8, 4}, f.convolve(0))
			f.Operators[1].Custom = "Wavelet"
			return f.classify(x)
		},
		"operator 3 (CONV_2D) reads tensor 3 as 2 others do": func(f *file) []byte {
			x := f.convolve(0)
			f.convolve(x)
			f.convolve(x)
			return f.classify(f.convolve(x))
		},
		"leads nowhere": func(f *file) []byte {
			x := f.convolve(0)
			f.convolve(x)
			return f.classify(f.convolve(x))
		},
		"operator 0 (CONV_2D) has the paddings [0 0 0 0 0 0 0 0]": func(f *file) []byte {
			return f.classify(f.add(tflite.Conv2D, conv(2, tflite.Valid), []int{3, 3, 4}, 0, f.constant(4, 3, 3, 3)))
		},
		"dilations 2 and 2": func(f *file) []byte {
			o := conv(1, tflite.Same)
			o.DilationW, o.DilationH = 2, 2
			return f.classify(f.add(tflite.Conv2D, o, []int{8, 8, 4}, 0, f.constant(4, 3, 3, 3)))
		},
		"groups": func(f *file) []byte {
			return f.classify(f.add(tflite.Conv2D, conv(1, tflite.Same), []int{8, 8, 4}, 0, f.constant(4, 3, 3, 1)))
		},
		"pads what no convolution reads": func(f *file) []byte {
			return f.classify(f.add(tflite.Pad, nil, []int{10, 10, 4}, f.convolve(0), f.integers(0, 0, 1, 1, 1, 1, 0, 0)))
		},
		"bias of 3 numbers for 4": func(f *file) []byte {
			return f.classify(f.add(tflite.Conv2D, conv(1, tflite.Same), []int{8, 8, 4}, 0, f.constant(4, 3, 3, 3), f.constant(3)))
		},
		"takes [1 8 8 1]": func(f *file) []byte {
			f.Tensors[0].Shape[3] = 1
			return f.classify(f.convolve(0))
		},
		"red, green and blue": func(f *file) []byte {
			card := metadata.Default()
			card.Preprocessing.Mean[1] = 3
			f.Canting, _ = json.Marshal(card)
			return f.classify(f.convolve(0))
		},
		"nothing before the classifier": func(f *file) []byte {
			return f.end(f.add(tflite.FullyConnected, tflite.FullyConnectedOptions{}, []int{5}, 0, f.constant(5, 192)))
		},
	} {
		if _, err := Read(build(newFile()), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

// TestDequantize: per channel, along the axis that is named, and per tensor.
func TestDequantize(t *testing.T) {
	per := tflite.Tensor{
		Type: tflite.Int8, Shape: []int{1, 1, 2, 2}, Data: []byte{1, 2, 0xff, 4},
		Quant: tflite.Quantization{Scale: []float32{1, 10}, ZeroPoint: []int64{0, 0}, Axis: 3},
	}
	for _, c := range []struct {
		t    tflite.Tensor
		want []float32
	}{
		{per, []float32{1, 20, -1, 40}},
		{tflite.Tensor{
			Type: tflite.Uint8, Shape: []int{3}, Data: []byte{0, 128, 255},
			Quant: tflite.Quantization{Scale: []float32{0.5}, ZeroPoint: []int64{128}, Axis: -7},
		}, []float32{-64, 0, 63.5}},
	} {
		got, err := dequantize(c.t)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v, %v; want %v", got, err, c.want)
		}
	}
}

// TestSpoiltFilesDoNotPanic changes single bytes of a model with residual
// connections.
func TestSpoiltFilesDoNotPanic(t *testing.T) {
	f := newFile()
	x := f.convolve(0)
	whole := f.classify(f.add(tflite.Add, tflite.AddOptions{}, []int{8, 8, 4}, x, f.convolve(x)))
	rng := rand.New(rand.NewPCG(3, 3))
	read := 0
	for range 300 {
		spoilt := slices.Clone(whole)
		spoilt[rng.IntN(len(spoilt))] = byte(rng.Uint32())
		if _, err := Read(spoilt, 0); err == nil {
			read++
		}
	}
	if read == 0 || read == 300 {
		t.Errorf("%d of 300 spoilt files were read", read)
	}
}

// TestPatternsTakeAnySize: the built-in backbone's layers fit pictures of other
// sizes than those that it has learnt from.
func TestPatternsTakeAnySize(t *testing.T) {
	for _, size := range []int{48, 96, 128} {
		b, err := Read(Patterns, size)
		if err != nil {
			t.Fatal(err)
		}
		x := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(1, size, size, 3))
		n := nn.Network{Layers: b.Layers}
		y := n.Forward(x, false)
		if last := b.Layers[len(b.Layers)-1].Shape(); b.Size != size || len(last) != 1 || y.Shape()[1] != last[0] {
			t.Errorf("for pictures of %d pixels, the backbone says %d and gives features of %v", size, b.Size, y.Shape())
		}
	}
	if len(Patterns) > 2<<20 {
		t.Errorf("the built-in backbone has %d bytes; 2 MiB is what it may have", len(Patterns))
	}
}

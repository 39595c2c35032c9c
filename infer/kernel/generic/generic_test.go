package generic

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"canting/infer/quant"
)

// random makes tensors and geometry from a seed.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 0))} }

func (r random) int8s(n int) []int8 {
	out := make([]int8, n)
	for i := range out {
		out[i] = int8(r.Uint32())
	}
	return out
}

func (r random) zero() int32 { return int32(r.IntN(256) - 128) }

func (r random) output() quant.Output {
	least := int32(r.IntN(100) - 128)
	return quant.NewOutput(r.zero(), least, least+int32(r.IntN(156)))
}

// window is a random window and the output height and width that it leads to,
// with any padding that leaves each position a part of the picture.
func (r random) window(in Shape) (Window, int, int) {
	w := Window{
		KernelH: 1 + r.IntN(5), KernelW: 1 + r.IntN(5), StrideH: 1 + r.IntN(6), StrideW: 1 + r.IntN(6),
		DilationH: 1 + r.IntN(2), DilationW: 1 + r.IntN(2),
	}
	w.PadTop, w.PadLeft = r.IntN(w.KernelH), r.IntN(w.KernelW)
	return w, 1 + (in.H-1)/w.StrideH, 1 + (in.W-1)/w.StrideW
}

func (r random) conv(depthwise bool) Conv {
	c := Conv{In: Shape{1 + r.IntN(9), 1 + r.IntN(9), 1 + r.IntN(20)}, InputZero: r.zero(), Output: r.output()}
	c.Window, c.Out.H, c.Out.W = r.window(c.In)
	c.Out.C = 1 + r.IntN(20)
	weights := c.Out.C * c.In.C
	if depthwise {
		c.Out.C = c.In.C * (1 + r.IntN(3))
		weights = c.Out.C
	}
	if r.IntN(3) == 0 {
		c.WeightZero = r.zero()
	}
	if r.IntN(4) == 0 {
		c.Window = Window{KernelH: 1, KernelW: 1, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1}
		c.Out.H, c.Out.W = c.In.H, c.In.W
	}
	c.Weights = r.int8s(c.KernelH * c.KernelW * weights)
	for range c.Out.C {
		c.Bias = append(c.Bias, int32(r.Uint32())>>12)
		c.Scale = append(c.Scale, float32(math.Exp2(-6-r.Float64()*8)))
	}
	return c
}

// straightforward is a convolution by its definition.
func straightforward(c Conv, in []int8, depthwise bool) []int8 {
	out := make([]int8, c.Out.Len())
	for i := range out {
		o, x, y := i%c.Out.C, i/c.Out.C%c.Out.W, i/c.Out.C/c.Out.W
		sum := int64(c.Bias[o])
		for ky := range c.KernelH {
			for kx := range c.KernelW {
				iy, ix := y*c.StrideH-c.PadTop+ky*c.DilationH, x*c.StrideW-c.PadLeft+kx*c.DilationW
				if iy < 0 || iy >= c.In.H || ix < 0 || ix >= c.In.W {
					continue
				}
				pixel := in[(iy*c.In.W+ix)*c.In.C:]
				product := func(channel, weight int) int64 {
					return int64(int32(pixel[channel])-c.InputZero) * int64(int32(c.Weights[weight])-c.WeightZero)
				}
				if depthwise {
					sum += product(o/(c.Out.C/c.In.C), (ky*c.KernelW+kx)*c.Out.C+o)
					continue
				}
				for ch := range c.In.C {
					sum += product(ch, ((o*c.KernelH+ky)*c.KernelW+kx)*c.In.C+ch)
				}
			}
		}
		out[i] = c.Output.Requantize(int32(sum), c.Scale[o])
	}
	return out
}

// run computes an operator in two parts, to see that rows do not depend on how
// they are split.
func run(op Operator, n int, a, b []int8) []int8 {
	out := make([]int8, n)
	scratch := make([]int8, op.Scratch())
	half := op.Rows() / 2
	op.Run(out, a, b, scratch, half, op.Rows())
	op.Run(out, a, b, scratch, 0, half)
	return out
}

func TestConvolutions(t *testing.T) {
	for seed := range uint64(3000) {
		r := newRandom(seed)
		depthwise := seed%2 == 1
		c := r.conv(depthwise)
		in := r.int8s(c.In.Len())
		want := straightforward(c, in, depthwise)
		prepare := Kernels{}.Conv2D
		if depthwise {
			prepare = Kernels{}.DepthwiseConv2D
		}
		if got := run(prepare(c), c.Out.Len(), in, nil); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %+v", seed, c)
		}
	}
}

func TestPools(t *testing.T) {
	for seed := range uint64(2000) {
		r := newRandom(seed)
		p := Pool{In: Shape{1 + r.IntN(9), 1 + r.IntN(9), 1 + r.IntN(40)}, Output: r.output(), Offset: int32(seed%2) * 128}
		p.Window, p.Out.H, p.Out.W = r.window(p.In)
		p.Out.C = p.In.C
		in := r.int8s(p.In.Len())
		largest, average := make([]int8, p.Out.Len()), make([]int8, p.Out.Len())
		for i := range largest {
			largest[i], average[i] = poolOne(&p, in, i)
		}
		if got := run(Kernels{}.MaxPool2D(p), p.Out.Len(), in, nil); !slices.Equal(got, largest) {
			t.Fatalf("seed %d: the largest of %+v", seed, p)
		}
		if got := run(Kernels{}.AveragePool2D(p), p.Out.Len(), in, nil); !slices.Equal(got, average) {
			t.Fatalf("seed %d: the average of %+v", seed, p)
		}
	}
}

// poolOne is output element i by definition.
func poolOne(p *Pool, in []int8, i int) (largest, average int8) {
	c, x, y := i%p.Out.C, i/p.Out.C%p.Out.W, i/p.Out.C/p.Out.W
	most, sum, count := math.Inf(-1), 0.0, 0.0
	for ky := range p.KernelH {
		for kx := range p.KernelW {
			iy, ix := y*p.StrideH-p.PadTop+ky, x*p.StrideW-p.PadLeft+kx
			if iy < 0 || iy >= p.In.H || ix < 0 || ix >= p.In.W {
				continue
			}
			v := float64(in[(iy*p.In.W+ix)*p.In.C+c])
			most, sum, count = max(most, v), sum+v+float64(p.Offset), count+1
		}
	}
	least, greatest := float64(p.Output.Min), float64(p.Output.Max)
	return int8(min(max(most, least), greatest)), int8(min(max(math.Round(sum/count)-float64(p.Offset), least), greatest))
}

func TestMean(t *testing.T) {
	for seed := range uint64(200) {
		r := newRandom(seed)
		m := Mean{In: Shape{1 + r.IntN(9), 1 + r.IntN(9), 1 + r.IntN(40)}, InputZero: r.zero(), Output: r.output()}
		m.Scale = float32(math.Exp2(r.Float64()*2-1)) / float32(m.In.H*m.In.W)
		in := r.int8s(m.In.Len())
		want := make([]int8, m.In.C)
		for c := range want {
			var sum int32
			for p := range m.In.H * m.In.W {
				sum += int32(in[p*m.In.C+c]) - m.InputZero
			}
			want[c] = m.Output.Requantize(sum, m.Scale)
		}
		if got := run(Kernels{}.Mean(m), m.In.C, in, nil); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %+v", seed, m)
		}
	}
}

func TestElementwise(t *testing.T) {
	r := newRandom(1)
	shape := Shape{5, 3, 7}
	a, b := r.int8s(shape.Len()), r.int8s(shape.Len())
	sum, err := quant.NewSum(0.1, 3, 0.2, -5, 0.25, r.output())
	if err != nil {
		t.Fatal(err)
	}
	l := Lookup{Shape: shape}
	copy(l.Table[:], r.int8s(256))
	softmax := quant.NewSoftmax(0.1, 1, 1.0/256, -128)
	wantSum, wantLookup, wantSoftmax := make([]int8, len(a)), make([]int8, len(a)), make([]int8, len(a))
	for i := range a {
		wantSum[i], wantLookup[i] = sum.Of(a[i], b[i]), l.Table[int(a[i])+128]
		if i%shape.C == 0 {
			softmax.Run(wantSoftmax[i:i+shape.C], a[i:i+shape.C])
		}
	}
	if got := run(Kernels{}.Add(Add{shape, sum}), len(a), a, b); !slices.Equal(got, wantSum) {
		t.Errorf("the sum is %v, want %v", got, wantSum)
	}
	if got := run(Kernels{}.Lookup(l), len(a), a, nil); !slices.Equal(got, wantLookup) {
		t.Errorf("looked up is %v, want %v", got, wantLookup)
	}
	if got := run(Kernels{}.Softmax(Softmax{shape, softmax}), len(a), a, nil); !slices.Equal(got, wantSoftmax) {
		t.Errorf("the softmax is %v, want %v", got, wantSoftmax)
	}
	// To float32 and back.
	real := Real{Shape: shape, Scale: 0.3, ZeroPoint: -9}
	floats := run(Kernels{}.Dequantize(real), 4*len(a), a, nil)
	if got := run(Kernels{}.Quantize(real), len(a), floats, nil); !slices.Equal(got, a) {
		t.Errorf("to float32 and back is %v, want %v", got, a)
	}
}

func TestPad(t *testing.T) {
	p := Pad{In: Shape{2, 2, 1}, Out: Shape{3, 4, 2}, Top: 1, Left: 1, Channels: 1, Value: -7}
	want := []int8{
		-7, -7, -7, -7, -7, -7, -7, -7,
		-7, -7, -7, 1, -7, 2, -7, -7,
		-7, -7, -7, 3, -7, 4, -7, -7,
	}
	if got := run(Kernels{}.Pad(p), len(want), []int8{1, 2, 3, 4}, nil); !slices.Equal(got, want) {
		t.Errorf("padded is %v, want %v", got, want)
	}
}

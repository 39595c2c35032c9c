package kerneltest

import (
	"fmt"
	"math"

	"canting/infer/kernel"
	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// byLength are families of jobs in which one length, of channels or of a row,
// is given: no tail of a vector goes untried.
var byLength = []struct {
	name string
	draw func(d draws, n int) job
}{
	{"Conv2D/1x1/in", func(d draws, n int) job {
		return d.conv2D(shape(2, 3, n), d.upTo(20), square(1, 1), true)
	}},
	{"Conv2D/1x1/out", func(d draws, n int) job {
		return d.conv2D(shape(2, 3, d.upTo(20)), n, square(1, 1), true)
	}},
	{"Conv2D/1x1/width", func(d draws, n int) job {
		return d.conv2D(shape(2, n, d.upTo(20)), d.upTo(20), square(1, d.upTo(2)), true)
	}},
	{"Conv2D/3x3/in", func(d draws, n int) job {
		return d.conv2D(shape(3, 4, n), d.upTo(10), square(3, d.upTo(2)), true)
	}},
	{"Conv2D/3x3/out", func(d draws, n int) job {
		return d.conv2D(shape(5, 6, d.upTo(10)), n, square(3, d.upTo(2)), d.IntN(2) == 0)
	}},
	{"Conv2D/3x3/width", func(d draws, n int) job {
		return d.conv2D(shape(3, n, d.upTo(8)), d.upTo(10), square(3, d.upTo(2)), d.IntN(2) == 0)
	}},
	{"Conv2D/3x3/wide channels", func(d draws, n int) job {
		return d.conv2D(shape(2, 1+n%17, 8*d.upTo(8)), 8*d.upTo(4), square(3, 1), true)
	}},
	{"Conv2D/first layer", func(d draws, n int) job {
		return d.conv2D(shape(4, n, oneOf(d, 1, 3, 3, 3, 4)), oneOf(d, 8, 16, 32), square(3, d.upTo(2)), true)
	}},
	{"Conv2D/fully connected/in", func(d draws, n int) job {
		return d.conv2D(shape(oneOf(d, 1, 1, 2), 1, n), d.upTo(70), square(1, 1), true)
	}},
	{"Conv2D/fully connected/out", func(d draws, n int) job {
		return d.conv2D(shape(1, 1, d.upTo(70)), n, square(1, 1), true)
	}},
	{"Conv2DMaxPool/out", func(d draws, n int) job {
		return d.conv2DMaxPool(shape(4+d.IntN(4), 4+d.IntN(4), d.upTo(8)), n, square(3, 1), true)
	}},
	{"Conv2DMaxPool/width", func(d draws, n int) job {
		return d.conv2DMaxPool(shape(4, n+1, oneOf(d, 3, 8, 16)), oneOf(d, 8, 16), square(3, 1), true)
	}},
	{"DepthwiseConv2D/channels", func(d draws, n int) job {
		return d.depthwise(shape(4, 5, n), 1, square(3, d.upTo(2)), d.IntN(2) == 0)
	}},
	{"DepthwiseConv2D/width", func(d draws, n int) job {
		return d.depthwise(shape(3, n, d.upTo(20)), 1, square(3, d.upTo(2)), d.IntN(2) == 0)
	}},
	{"DepthwiseConv2D/5x5", func(d draws, n int) job {
		return d.depthwise(shape(5, 6, n), 1, square(5, d.upTo(2)), true)
	}},
	{"DepthwiseConv2D/multiplier", func(d draws, n int) job {
		return d.depthwise(shape(3, 4, n), d.upTo(4), square(3, d.upTo(2)), true)
	}},
	{"MaxPool2D/channels", func(d draws, n int) job { return d.maxPool(shape(4, 6, n), square(2, 2), false) }},
	{"MaxPool2D/width", func(d draws, n int) job {
		return d.maxPool(shape(4, n+1, d.upTo(8)), square(oneOf(d, 2, 2, 3), 2), false)
	}},
	{"AveragePool2D/channels", func(d draws, n int) job { return d.averagePool(shape(5, 4, n), square(d.upTo(4), 1), false) }},
	{"AveragePool2D/width", func(d draws, n int) job {
		return d.averagePool(shape(3, n, d.upTo(8)), square(3, d.upTo(2)), true)
	}},
	{"Mean/channels", func(d draws, n int) job { return d.mean(shape(3, 4, n)) }},
	{"Mean/pixels", func(d draws, n int) job { return d.mean(shape(2, n, d.upTo(40))) }},
	{"Add", func(d draws, n int) job { return d.add(shape(2, 1, n)) }},
	{"Mul", func(d draws, n int) job { return d.mul(shape(2, 1, n)) }},
	{"Broadcast", func(d draws, n int) job { return d.broadcast(shape(2, 3, n)) }},
	{"Lookup", func(d draws, n int) job { return d.lookup(shape(2, 1, n)) }},
	{"Pad", func(d draws, n int) job { return d.pad(shape(2, 3, n)) }},
	{"Softmax", func(d draws, n int) job { return d.softmax(shape(1, 2, n)) }},
	{"Quantize", func(d draws, n int) job { return d.quantize(shape(2, 1, n)) }},
	{"Dequantize", func(d draws, n int) job { return d.dequantize(shape(2, 1, n)) }},
}

// random are families of jobs of any shape.
var random = []struct {
	name string
	draw func(d draws) job
}{
	{"Conv2D", func(d draws) job {
		return d.conv2D(d.anyShape(), d.upTo(40), d.anyWindow(), d.IntN(2) == 0)
	}},
	{"Conv2D of many channels", func(d draws) job {
		return d.conv2D(shape(d.upTo(6), d.upTo(9), d.upTo(200)), d.upTo(100), square(oneOf(d, 1, 3), d.upTo(2)), d.IntN(2) == 0)
	}},
	{"Conv2DMaxPool", func(d draws) job {
		s := d.anyShape()
		s.H, s.W = s.H+1, s.W+1
		return d.conv2DMaxPool(s, d.upTo(40), d.anyWindow(), d.IntN(2) == 0)
	}},
	{"DepthwiseConv2D", func(d draws) job {
		return d.depthwise(d.anyShape(), oneOf(d, 1, 1, 1, 2, 3, 8), d.anyWindow(), d.IntN(2) == 0)
	}},
	{"MaxPool2D", func(d draws) job { return d.maxPool(d.anyShape(), d.anyPool(), d.IntN(2) == 0) }},
	{"AveragePool2D", func(d draws) job { return d.averagePool(d.anyShape(), d.anyPool(), d.IntN(2) == 0) }},
	{"Mean", func(d draws) job { return d.mean(d.anyShape()) }},
	{"Add", func(d draws) job { return d.add(d.anyShape()) }},
	{"Mul", func(d draws) job { return d.mul(d.anyShape()) }},
	{"Broadcast", func(d draws) job { return d.broadcast(d.anyShape()) }},
	{"Insert", func(d draws) job { return d.insert(d.anyShape()) }},
	{"Lookup", func(d draws) job { return d.lookup(d.anyShape()) }},
	{"Pad", func(d draws) job { return d.pad(d.anyShape()) }},
	{"Softmax", func(d draws) job { return d.softmax(d.anyShape()) }},
	{"Quantize", func(d draws) job { return d.quantize(d.anyShape()) }},
	{"Dequantize", func(d draws) job { return d.dequantize(d.anyShape()) }},
}

func shape(h, w, c int) generic.Shape { return generic.Shape{H: h, W: w, C: c} }

func (d draws) conv2D(in generic.Shape, channels int, w generic.Window, same bool) job {
	c := d.conv(in, channels, w, same, false)
	return job{
		about: aboutConv("Conv2D", c), out: c.Out.Len(), a: d.values(c.In.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Conv2D(c)) },
	}
}

func (d draws) depthwise(in generic.Shape, multiplier int, w generic.Window, same bool) job {
	c := d.conv(in, in.C*multiplier, w, same, true)
	return job{
		about: aboutConv("DepthwiseConv2D", c), out: c.Out.Len(), a: d.values(c.In.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.DepthwiseConv2D(c)) },
	}
}

func (d draws) conv2DMaxPool(in generic.Shape, channels int, w generic.Window, same bool) job {
	c := d.conv(in, channels, w, same, false)
	for c.Out.H < 2 || c.Out.W < 2 {
		in.H, in.W = in.H+w.StrideH, in.W+w.StrideW
		c = d.conv(in, channels, w, same, false)
	}
	p := generic.Pool{In: c.Out, Output: quant.NewOutput(c.Output.ZeroPoint, quant.Least, quant.Most)}
	p.Window, p.Out = d.window(&p.In, square(2, 2), false)
	return job{
		about: aboutConv("Conv2DMaxPool", c), out: p.Out.Len(), a: d.values(c.In.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return k.Conv2DMaxPool(c, p) },
		reference: func(out, a, _ []int8) {
			conv, pool := generic.Kernels{}.Conv2D(c), generic.Kernels{}.MaxPool2D(p)
			between := make([]int8, c.Out.Len())
			conv.Run(between, a, nil, alignedBytes(conv.Scratch()), 0, conv.Rows())
			pool.Run(out, between, nil, nil, 0, pool.Rows())
		},
	}
}

func (d draws) anyPool() generic.Window {
	w := d.anyWindow()
	w.DilationH, w.DilationW = 1, 1
	return w
}

func (d draws) pool(in generic.Shape, w generic.Window, same bool) (generic.Pool, job) {
	p := generic.Pool{Output: d.output(), Offset: oneOf[int32](d, 0, 128)}
	p.Window, p.Out = d.window(&in, w, same)
	p.In = in
	return p, job{about: fmt.Sprintf("%+v", p), out: p.Out.Len(), a: d.values(in.Len())}
}

func (d draws) maxPool(in generic.Shape, w generic.Window, same bool) job {
	p, j := d.pool(in, w, same)
	j.about = "MaxPool2D " + j.about
	j.operator = func(k kernel.Kernels) (generic.Operator, bool) { return only(k.MaxPool2D(p)) }
	return j
}

func (d draws) averagePool(in generic.Shape, w generic.Window, same bool) job {
	p, j := d.pool(in, w, same)
	j.about = "AveragePool2D " + j.about
	j.operator = func(k kernel.Kernels) (generic.Operator, bool) { return only(k.AveragePool2D(p)) }
	return j
}

func (d draws) mean(in generic.Shape) job {
	m := generic.Mean{In: in, InputZero: d.zero(), Output: d.output(), Scale: d.scales(1, 74*math.Sqrt(float64(in.H*in.W)))[0]}
	return job{
		about: fmt.Sprintf("Mean %+v", m), out: in.C, a: d.values(in.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Mean(m)) },
	}
}

func (d draws) add(s generic.Shape) job {
	scale := func() float32 { return float32(math.Exp2(8*d.Float64() - 8)) }
	a, b := scale(), scale()
	// The output's scale has the larger ratio, of 2^-10 to 2^8, in the range of
	// NewSum.
	out := max(a, b) * float32(math.Exp2(17*d.Float64()-7.5))
	newSum := oneOf(d, quant.NewSum, quant.NewDifference)
	sum, err := newSum(a, d.zero(), b, d.zero(), out, d.output())
	if err != nil {
		panic(err)
	}
	add := generic.Add{Shape: s, Sum: sum}
	return job{
		about: fmt.Sprintf("Add %+v", add), out: s.Len(), a: d.values(s.Len()), b: d.values(s.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Add(add)) },
	}
}

func (d draws) mul(s generic.Shape) job {
	m := generic.Mul{Shape: s, Product: quant.Product{AZero: d.zero(), BZero: d.zero(), Scale: d.scales(1, 74*74)[0], Output: d.output()}}
	return job{
		about: fmt.Sprintf("Mul %+v", m), out: s.Len(), a: d.values(s.Len()), b: d.values(s.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Mul(m)) },
	}
}

func (d draws) broadcast(out generic.Shape) job {
	b := generic.Broadcast{In: shape(oneOf(d, 1, out.H), oneOf(d, 1, out.W), oneOf(d, 1, out.C)), Out: out}
	return job{
		about: fmt.Sprintf("Broadcast %+v", b), out: out.Len(), a: d.values(b.In.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Broadcast(b)) },
	}
}

// insert is tried with an operand that fills whole rows: what else the output
// holds is not the operator's.
func (d draws) insert(s generic.Shape) job {
	i := generic.Insert{Rows: s.H, In: s.W * s.C, Out: s.W * s.C}
	return job{
		about: fmt.Sprintf("Insert %+v", i), out: s.Len(), a: d.values(s.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Insert(i)) },
	}
}

func (d draws) lookup(s generic.Shape) job {
	l := generic.Lookup{Shape: s}
	fill(d.Rand, l.Table[:])
	return job{
		about: fmt.Sprintf("Lookup %+v", s), out: s.Len(), a: d.values(s.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Lookup(l)) },
	}
}

func (d draws) pad(in generic.Shape) job {
	p := generic.Pad{In: in, Top: d.IntN(3), Left: d.IntN(3), Channels: oneOf(d, 0, 0, d.IntN(5)), Value: int8(d.zero())}
	p.Out = shape(p.Top+in.H+d.IntN(3), p.Left+in.W+d.IntN(3), p.Channels+in.C+oneOf(d, 0, d.IntN(5)))
	return job{
		about: fmt.Sprintf("Pad %+v", p), out: p.Out.Len(), a: d.values(in.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Pad(p)) },
	}
}

func (d draws) softmax(s generic.Shape) job {
	scale := float32(math.Exp2(8*d.Float64() - 8))
	f := generic.Softmax{Shape: s, Of: quant.NewSoftmax(scale, 1, 1.0/256, quant.Least)}
	return job{
		about: fmt.Sprintf("Softmax %v of scale %v", s, scale), out: s.Len(), a: d.values(s.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Softmax(f)) },
	}
}

func (d draws) real(s generic.Shape) generic.Real {
	return generic.Real{Shape: s, Scale: float32(math.Exp2(8*d.Float64() - 8)), ZeroPoint: d.zero()}
}

func (d draws) quantize(s generic.Shape) job {
	r := d.real(s)
	in := make([]int8, 4*s.Len())
	for i := range s.Len() {
		x := oneOf(d, r.Scale*300*(2*d.Float32()-1), r.Scale*(float32(d.IntN(512))-256.5), float32(math.NaN()), float32(math.Inf(1-2*d.IntN(2))))
		for j := range 4 {
			in[4*i+j] = int8(math.Float32bits(x) >> (8 * j))
		}
	}
	return job{
		about: fmt.Sprintf("Quantize %+v", r), out: s.Len(), a: in,
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Quantize(r)) },
	}
}

func (d draws) dequantize(s generic.Shape) job {
	r := d.real(s)
	return job{
		about: fmt.Sprintf("Dequantize %+v", r), out: 4 * s.Len(), a: d.values(s.Len()),
		operator: func(k kernel.Kernels) (generic.Operator, bool) { return only(k.Dequantize(r)) },
	}
}

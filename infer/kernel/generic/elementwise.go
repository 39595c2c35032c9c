package generic

import (
	"encoding/binary"
	"math"

	"canting/infer/quant"
)

// Add is the sum of two tensors of one shape.
type Add struct {
	Shape Shape
	Sum   quant.Sum
}

type add struct{ Add }

// Add prepares ADD.
func (Kernels) Add(a Add) Operator { return &add{a} }

func (k *add) Rows() int    { return k.Shape.H }
func (k *add) Scratch() int { return 0 }

func (k *add) Run(out, a, b, _ []int8, from, to int) {
	row := k.Shape.W * k.Shape.C
	out, a, b = out[from*row:to*row], a[from*row:to*row], b[from*row:to*row]
	for i := range out {
		out[i] = k.Sum.Of(a[i], b[i])
	}
}

// Mul is the product of two tensors of one shape.
type Mul struct {
	Shape   Shape
	Product quant.Product
}

type mul struct{ Mul }

// Mul prepares MUL.
func (Kernels) Mul(m Mul) Operator { return &mul{m} }

func (k *mul) Rows() int    { return k.Shape.H }
func (k *mul) Scratch() int { return 0 }

func (k *mul) Run(out, a, b, _ []int8, from, to int) {
	row := k.Shape.W * k.Shape.C
	out, a, b = out[from*row:to*row], a[from*row:to*row], b[from*row:to*row]
	for i := range out {
		out[i] = k.Product.Of(a[i], b[i])
	}
}

// Lookup replaces every element by the table's: Table[v-(-128)] for value v. It
// is any function of one int8, such as RELU or a change of scale.
type Lookup struct {
	Shape Shape
	Table [256]int8
}

type lookup struct{ Lookup }

// Lookup prepares an operator that maps elements one by one.
func (Kernels) Lookup(l Lookup) Operator { return &lookup{l} }

func (k *lookup) Rows() int    { return k.Shape.H }
func (k *lookup) Scratch() int { return 0 }

func (k *lookup) Run(out, in, _, _ []int8, from, to int) {
	row := k.Shape.W * k.Shape.C
	out, in = out[from*row:to*row], in[from*row:to*row]
	for i, v := range in {
		out[i] = k.Table[uint8(v)^0x80]
	}
}

// Pad surrounds a picture by Value.
type Pad struct {
	In, Out             Shape
	Top, Left, Channels int
	Value               int8
}

type pad struct{ Pad }

// Pad prepares PAD; Top, Left and Channels are what comes before the picture.
func (Kernels) Pad(p Pad) Operator { return &pad{p} }

func (k *pad) Rows() int    { return k.Out.H }
func (k *pad) Scratch() int { return 0 }

func (k *pad) Run(out, in, _, _ []int8, from, to int) {
	row := k.Out.W * k.Out.C
	for y := from; y < to; y++ {
		dst := out[y*row : (y+1)*row]
		fill(dst, k.Value)
		iy := y - k.Top
		if iy < 0 || iy >= k.In.H {
			continue
		}
		for x := range k.In.W {
			copy(dst[(x+k.Left)*k.Out.C+k.Channels:], in[(iy*k.In.W+x)*k.In.C:][:k.In.C])
		}
	}
}

// Softmax is over the channels of each pixel.
type Softmax struct {
	Shape Shape
	Of    *quant.Softmax
}

type softmax struct{ Softmax }

// Softmax prepares SOFTMAX.
func (Kernels) Softmax(s Softmax) Operator { return &softmax{s} }

func (k *softmax) Rows() int    { return k.Shape.H }
func (k *softmax) Scratch() int { return 0 }

func (k *softmax) Run(out, in, _, _ []int8, from, to int) {
	c := k.Shape.C
	for i := from * k.Shape.W * c; i < to*k.Shape.W*c; i += c {
		k.Of.Run(out[i:i+c], in[i:i+c])
	}
}

// Real converts between int8 and little-endian float32 tensors.
type Real struct {
	Shape     Shape
	Scale     float32
	ZeroPoint int32
}

type quantize struct{ Real }

// Quantize prepares QUANTIZE of a float32 tensor.
func (Kernels) Quantize(r Real) Operator { return &quantize{r} }

func (k *quantize) Rows() int    { return k.Shape.H }
func (k *quantize) Scratch() int { return 0 }

func (k *quantize) Run(out, in, _, _ []int8, from, to int) {
	row := k.Shape.W * k.Shape.C
	for i := from * row; i < to*row; i++ {
		b := in[4*i : 4*i+4]
		bits := binary.LittleEndian.Uint32([]byte{byte(b[0]), byte(b[1]), byte(b[2]), byte(b[3])})
		out[i] = quant.Quantize(math.Float32frombits(bits), k.Scale, k.ZeroPoint)
	}
}

type dequantize struct{ Real }

// Dequantize prepares DEQUANTIZE to a float32 tensor.
func (Kernels) Dequantize(r Real) Operator { return &dequantize{r} }

func (k *dequantize) Rows() int    { return k.Shape.H }
func (k *dequantize) Scratch() int { return 0 }

func (k *dequantize) Run(out, in, _, _ []int8, from, to int) {
	row := k.Shape.W * k.Shape.C
	for i := from * row; i < to*row; i++ {
		bits := math.Float32bits(quant.Dequantize(in[i], k.Scale, k.ZeroPoint))
		for j := range 4 {
			out[4*i+j] = int8(bits >> (8 * j))
		}
	}
}

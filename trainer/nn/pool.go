package nn

import (
	"math"

	"gorgonia.org/tensor"
)

// MaxPool is a 2x2 max pool with stride 2; an odd last row or column is left
// out, as TensorFlow's "valid" padding does.
type MaxPool struct {
	inH, inW, c int
	from        []int32 // where each output came from, in the batch
	inShape     []int
	y, dx       buffer
}

// NewMaxPool makes a pool for pictures of shape in (height, width, channels).
func NewMaxPool(in []int) *MaxPool { return &MaxPool{inH: in[0], inW: in[1], c: in[2]} }

func (p *MaxPool) Name() string     { return "max pool" }
func (p *MaxPool) Params() []*Param { return nil }
func (p *MaxPool) Shape() []int     { return []int{p.inH / 2, p.inW / 2, p.c} }

func (p *MaxPool) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	n := x.Shape()[0]
	p.inShape = x.Shape().Clone()
	outH, outW := p.inH/2, p.inW/2
	y := p.y.get(n, outH, outW, p.c)
	in, out := floats(x), floats(y)
	if len(p.from) != len(out) {
		p.from = make([]int32, len(out))
	}
	eachShard(n*outH, func(_, lo, hi int) {
		for r := lo; r < hi; r++ {
			first := ((r/outH)*p.inH + 2*(r%outH)) * p.inW * p.c
			p.row(out, in, r*outW*p.c, first)
		}
	})
	return y
}

// row pools one output row that starts at out[at] from two rows at in[first].
// It does not branch on what it compares: the processor would guess wrong.
func (p *MaxPool) row(out, in []float32, at, first int) {
	below := p.inW * p.c
	offsets := [4]int32{int32(below + p.c), int32(below), int32(p.c), 0}
	for x := 0; x < p.inW/2; x++ {
		left := first + 2*x*p.c
		a, b := in[left:][:p.c], in[left+p.c:][:p.c]
		c, d := in[left+below:][:p.c], in[left+below+p.c:][:p.c]
		to, from := out[at:][:p.c], p.from[at:][:p.c]
		for ch := range to {
			most := max(rank(a[ch], 3), rank(b[ch], 2), rank(c[ch], 1), rank(d[ch], 0))
			offset := offsets[most&3]
			to[ch], from[ch] = in[left+ch+int(offset)], int32(left+ch)+offset
		}
		at += p.c
	}
}

// rank is a number that orders as v does and, for the same v, as tie, 0 to 3,
// does.
func rank(v float32, tie int64) int64 {
	bits := int32(math.Float32bits(v))
	return int64(bits^(bits>>31&math.MaxInt32))<<2 | tie
}

func (p *MaxPool) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := p.dx.get(p.inShape...)
	d, g := floats(dx), floats(dy)
	n := p.inShape[0]
	eachShard(n, func(_, lo, hi int) {
		size := len(d) / n
		clear(d[lo*size : hi*size])
		out := len(g) / n
		for i := lo * out; i < hi*out; i++ {
			d[p.from[i]] = g[i]
		}
	})
	return dx
}

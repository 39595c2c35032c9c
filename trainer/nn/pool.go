package nn

import "gorgonia.org/tensor"

// MaxPool is a 2x2 max pool with stride 2; an odd last row or column is left
// out, as TensorFlow's "valid" padding does.
type MaxPool struct {
	inH, inW, c int
	from        []int32 // where each output came from, in its two lines
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
			line := p.inW * p.c
			first := ((r/outH)*p.inH + 2*(r%outH)) * line
			at, end := r*outW*p.c, (r+1)*outW*p.c
			poolLine(out[at:end], p.from[at:end], in[first:], outW, p.c, line)
		}
	})
	return y
}

func (p *MaxPool) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := p.dx.get(p.inShape...)
	d, g := floats(dx), floats(dy)
	outH, width, line := p.inH/2, p.inW/2*p.c, p.inW*p.c
	eachShard(p.inShape[0], func(_, lo, hi int) {
		clear(d[lo*p.inH*line : hi*p.inH*line])
		for r := lo * outH; r < hi*outH; r++ {
			lines := d[((r/outH)*p.inH+2*(r%outH))*line:][:2*line]
			from := p.from[r*width:][:width]
			for i, v := range g[r*width:][:width] {
				lines[from[i]] = v
			}
		}
	})
	return dx
}

package nn

import "gorgonia.org/tensor"

// GlobalAverage is the mean of each channel over a picture's pixels.
type GlobalAverage struct {
	pix, c  int
	inShape []int
	y, dx   buffer
}

// NewGlobalAverage makes a pool for pictures of shape in (height, width,
// channels).
func NewGlobalAverage(in []int) *GlobalAverage { return &GlobalAverage{pix: in[0] * in[1], c: in[2]} }

func (p *GlobalAverage) Name() string     { return "global average pool" }
func (p *GlobalAverage) Params() []*Param { return nil }
func (p *GlobalAverage) Shape() []int     { return []int{p.c} }

func (p *GlobalAverage) Forward(x *tensor.Dense, _ bool) *tensor.Dense {
	n := x.Shape()[0]
	p.inShape = x.Shape().Clone()
	y := p.y.get(n, p.c)
	in, out := floats(x), floats(y)
	for i := range n {
		row := out[i*p.c : (i+1)*p.c]
		clear(row)
		for px := range p.pix {
			addTo(row, in[(i*p.pix+px)*p.c:][:p.c])
		}
		for ch := range row {
			row[ch] /= float32(p.pix)
		}
	}
	return y
}

func (p *GlobalAverage) Backward(dy *tensor.Dense) *tensor.Dense {
	dx := p.dx.get(p.inShape...)
	g, d := floats(dy), floats(dx)
	for i := range d {
		d[i] = g[i/(p.pix*p.c)*p.c+i%p.c] / float32(p.pix)
	}
	return dx
}

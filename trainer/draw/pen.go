package draw

import (
	"image/color"
	"math"
	"math/rand/v2"

	"git.sr.ht/~sbinet/gg"
)

// point is a place in a figure's own units: y grows downwards, the figure is one
// unit high and centred on the origin.
type point struct{ x, y float64 }

func (p point) add(q point) point                { return point{p.x + q.x, p.y + q.y} }
func (p point) scale(f float64) point            { return point{p.x * f, p.y * f} }
func (p point) towards(q point, t float64) point { return point{p.x + (q.x-p.x)*t, p.y + (q.y-p.y)*t} }

// polar is the point at a distance and an angle (radians, clockwise from right) from p.
func (p point) polar(distance, angle float64) point {
	return point{p.x + distance*math.Cos(angle), p.y + distance*math.Sin(angle)}
}

// dye names a colour's part in a cloth; each palette says which colour plays it.
type dye int

const (
	ground dye = iota // the clay bath the whole cloth lay in
	wax               // the outline (klowong), left pale or drawn dark
	first             // the figure's main dye
	second
	third
	bare // lines that lie on the ground itself: the wax's colour, also where a figure is reserved
	numDyes
)

// pen draws figures as a canting does: flat dyes within a crisp outline of even
// width, slightly unsteady.
type pen struct {
	dc     *gg.Context
	matrix gg.Matrix
	unit   float64 // pixels to a figure unit
	width  float64 // outline, pixels
	dyes   [numDyes]color.RGBA
	tremor tremor
	// halo, when positive, turns every shape into a reserve of ground dye this
	// many pixels wider than the shape, which sets a figure off from the filler.
	halo     float64
	haloDyed color.RGBA
}

// tremor is the unsteadiness of a hand: a smooth displacement of the cloth plane,
// so that shapes that touch still touch.
type tremor struct {
	size  float64 // pixels
	waves [4]struct{ fx, fy, phase float64 }
}

func newTremor(rng *rand.Rand, size, wavelength float64) tremor {
	t := tremor{size: size}
	for i := range t.waves {
		angle := rng.Float64() * 2 * math.Pi
		f := 2 * math.Pi / (wavelength * between(rng, 0.6, 1.6))
		t.waves[i].fx, t.waves[i].fy = f*math.Cos(angle), f*math.Sin(angle)
		t.waves[i].phase = rng.Float64() * 2 * math.Pi
	}
	return t
}

func (t *tremor) move(x, y float64) (float64, float64) {
	w := &t.waves
	dx := math.Sin(w[0].fx*x+w[0].fy*y+w[0].phase) + math.Sin(w[1].fx*x+w[1].fy*y+w[1].phase)
	dy := math.Sin(w[2].fx*x+w[2].fy*y+w[2].phase) + math.Sin(w[3].fx*x+w[3].fy*y+w[3].phase)
	return x + t.size*dx, y + t.size*dy
}

// placed returns the pen for a figure of the given height in pixels, centred on x, y.
func (p pen) placed(x, y, height, turn float64, mirrored bool) *pen {
	sx := height
	if mirrored {
		sx = -height
	}
	p.matrix = gg.Identity().Translate(x, y).Rotate(turn).Scale(sx, height)
	p.unit = height
	return &p
}

// gap is the closest that two lines may lie, in figure units, before they merge.
func (p *pen) gap() float64 { return 2.6 * p.width / p.unit }

func (p *pen) trace(points []point, closed bool) {
	for i, q := range points {
		x, y := p.matrix.TransformPoint(q.x, q.y)
		x, y = p.tremor.move(x, y)
		if i == 0 {
			p.dc.MoveTo(x, y)
		} else {
			p.dc.LineTo(x, y)
		}
	}
	if closed {
		p.dc.ClosePath()
	}
}

// shape fills a closed outline with a dye and draws its klowong.
func (p *pen) shape(d dye, outline []point) {
	if p.halo > 0 {
		p.reserve(outline, true)
		return
	}
	// A reserved figure's klowong has the ground's colour: a rim of wax around it
	// keeps what is narrower than the line, such as the tips of horns.
	weight := 1.0
	if p.dyes[bare] != p.dyes[wax] {
		weight = 0.7
		p.trace(outline, true)
		p.ink(bare, 2.2*p.width)
	}
	p.trace(outline, true)
	p.dc.SetColor(p.dyes[d])
	p.dc.FillPreserve()
	p.ink(wax, weight*p.width)
}

// patch fills a closed outline with a dye and draws no klowong.
func (p *pen) patch(d dye, outline []point) {
	if p.halo > 0 {
		return
	}
	p.trace(outline, true)
	p.dc.SetColor(p.dyes[d])
	p.dc.Fill()
}

// line draws an open line of the given weight (1 is the klowong's).
func (p *pen) line(d dye, weight float64, line []point) {
	if p.halo > 0 {
		if weight >= 1 {
			p.reserve(line, false)
		}
		return
	}
	p.trace(line, false)
	p.ink(d, weight*p.width)
}

func (p *pen) reserve(points []point, closed bool) {
	p.trace(points, closed)
	p.dc.SetColor(p.haloDyed)
	if closed {
		p.dc.FillPreserve()
	}
	p.dc.SetLineWidth(2 * p.halo)
	p.dc.Stroke()
}

func (p *pen) ink(d dye, width float64) {
	p.dc.SetColor(p.dyes[d])
	p.dc.SetLineWidth(width)
	p.dc.Stroke()
}

// dots draws wax dots (cecek) of the given radius in figure units.
func (p *pen) dots(d dye, radius float64, at ...point) {
	if p.halo > 0 {
		return
	}
	r := max(radius*p.unit, 0.55*p.width)
	for _, q := range at {
		x, y := p.matrix.TransformPoint(q.x, q.y)
		x, y = p.tremor.move(x, y)
		p.dc.NewSubPath()
		p.dc.DrawCircle(x, y, r)
	}
	p.dc.SetColor(p.dyes[d])
	p.dc.Fill()
}

// smooth returns a curve through the points (Catmull-Rom, uniform).
func smooth(closed bool, through ...point) []point {
	const steps = 9
	n := len(through)
	at := func(i int) point {
		if closed {
			return through[(i+n)%n]
		}
		return through[min(max(i, 0), n-1)]
	}
	spans := n
	if !closed {
		spans = n - 1
	}
	curve := make([]point, 0, spans*steps+1)
	for i := range spans {
		a, b, c, d := at(i-1), at(i), at(i+1), at(i+2)
		for s := range steps {
			t := float64(s) / steps
			curve = append(curve, point{spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t)})
		}
	}
	if !closed {
		curve = append(curve, through[n-1])
	}
	return curve
}

func spline(a, b, c, d, t float64) float64 {
	return b + 0.5*t*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
}

// ribbon returns the closed outline of a band along a spine, whose half width at
// t from 0 to 1 is given.
func ribbon(spine []point, half func(t float64) float64) []point {
	n := len(spine)
	outline := make([]point, 2*n)
	for i, q := range spine {
		a, b := spine[max(i-1, 0)], spine[min(i+1, n-1)]
		dx, dy := b.x-a.x, b.y-a.y
		length := max(math.Hypot(dx, dy), 1e-9)
		h := half(float64(i) / float64(n-1))
		normal := point{-dy / length * h, dx / length * h}
		outline[i] = q.add(normal)
		outline[2*n-1-i] = q.add(normal.scale(-1))
	}
	return outline
}

// taper is a half width that runs straight from one to the other.
func taper(from, to float64) func(float64) float64 {
	return func(t float64) float64 { return from + (to-from)*t }
}

// leafShape is a half width that swells to the given one and closes at both ends.
func leafShape(half float64) func(float64) float64 {
	return func(t float64) float64 { return half * math.Sin(math.Pi*math.Pow(t, 0.8)) }
}

func circle(centre point, radius float64) []point { return arc(centre, radius, radius, 0, 2*math.Pi) }

func arc(centre point, rx, ry, from, to float64) []point {
	const steps = 28
	points := make([]point, steps+1)
	for i := range points {
		a := from + (to-from)*float64(i)/steps
		points[i] = point{centre.x + rx*math.Cos(a), centre.y + ry*math.Sin(a)}
	}
	return points
}

// spiral winds inwards from radius by the given turns: the curl of a relung.
func spiral(centre point, radius, start, turns float64) []point {
	const steps = 30
	points := make([]point, steps+1)
	for i := range points {
		t := float64(i) / steps
		points[i] = centre.polar(radius*(1-0.82*t), start+2*math.Pi*turns*t)
	}
	return points
}

// quad is a four-cornered field addressed by u from -1 (left) to 1 and v from 0 (top) to 1.
type quad struct{ topLeft, topRight, bottomRight, bottomLeft point }

func (q quad) at(u, v float64) point {
	t := (u + 1) / 2
	return q.topLeft.towards(q.topRight, t).towards(q.bottomLeft.towards(q.bottomRight, t), v)
}

func (q quad) outline() []point {
	return []point{q.topLeft, q.topRight, q.bottomRight, q.bottomLeft}
}

// part is the piece of the field between two u and two v.
func (q quad) part(u0, v0, u1, v1 float64) quad {
	return quad{q.at(u0, v0), q.at(u1, v0), q.at(u1, v1), q.at(u0, v1)}
}

func between(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }

func chance(rng *rand.Rand, probability float64) bool { return rng.Float64() < probability }

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

package draw

import (
	"math"
	"math/rand/v2"
)

// area is a rectangle of the cloth in pixels.
type area struct{ x0, y0, x1, y1 float64 }

func (a area) inset(by float64) area  { return area{a.x0 + by, a.y0 + by, a.x1 - by, a.y1 - by} }
func (a area) centre() (x, y float64) { return (a.x0 + a.x1) / 2, (a.y0 + a.y1) / 2 }
func (a area) width() float64         { return a.x1 - a.x0 }
func (a area) height() float64        { return a.y1 - a.y0 }

// isen fills part of the ground with a small pattern, drawn with a pen whose unit
// is the pattern's pitch in pixels.
type isen func(p *pen, a area, rng *rand.Rand)

var isens = []isen{cecek, cecek, sisik, sawut, kembang, relung, galaran, kawung}

// cells calls visit at the points of a staggered lattice that covers the area.
func cells(a area, dx, dy float64, visit func(x, y float64)) {
	row := 0
	for y := a.y0 - dy/2; y < a.y1+dy; y += dy {
		for x := a.x0 - dx/2 + dx/2*float64(row%2); x < a.x1+dx; x += dx {
			visit(x, y)
		}
		row++
	}
}

// dot draws one dot of the filler, in pixels. Dots are filled one by one because
// the rasterizer's time grows with the square of what one path holds in a row.
func (p *pen) dot(x, y, radius float64) {
	x, y = p.tremor.move(x, y)
	p.dc.DrawCircle(x, y, radius)
	p.dc.SetColor(p.dyes[wax])
	p.dc.Fill()
}

// cecek is a ground of dots.
func cecek(p *pen, a area, rng *rand.Rand) {
	r := between(rng, 0.08, 0.12) * p.unit
	cells(a, p.unit, 0.8*p.unit, func(x, y float64) {
		p.dot(x+between(rng, -0.08, 0.08)*p.unit, y+between(rng, -0.08, 0.08)*p.unit, r)
	})
}

// sisik is a ground of fish scales.
func sisik(p *pen, a area, rng *rand.Rand) {
	s := 1.25 * p.unit
	dotted := chance(rng, 0.5)
	cells(a, s, 0.5*s, func(x, y float64) {
		q := p.placed(x, y, s, 0, false)
		q.line(wax, 0.8, arc(point{}, 0.5, 0.5, 0, math.Pi))
	})
	if dotted {
		cells(a, s, 0.5*s, func(x, y float64) {
			p.dot(x, y+0.2*s, 0.07*s)
		})
	}
}

// sawut is a ground of short parallel strokes in turned groups.
func sawut(p *pen, a area, rng *rand.Rand) {
	s := 1.5 * p.unit
	cells(a, s, 0.8*s, func(x, y float64) {
		q := p.placed(x, y, s, rng.Float64()*math.Pi, false)
		for i := -1.0; i <= 1; i++ {
			half := 0.28 - 0.08*math.Abs(i)
			q.line(wax, 0.9, []point{{-half, 0.16 * i}, {half, 0.16 * i}})
		}
	})
}

// kembang is a ground of small five-dot flowers.
func kembang(p *pen, a area, rng *rand.Rand) {
	s := 1.7 * p.unit
	cells(a, s, 0.8*s, func(x, y float64) {
		turn := rng.Float64()
		for i := range 5 {
			angle := 2*math.Pi*float64(i)/5 + turn
			p.dot(x+0.22*s*math.Cos(angle), y+0.22*s*math.Sin(angle), 0.09*s)
		}
	})
}

// relung is a ground of tendrils that curl both ways.
func relung(p *pen, a area, rng *rand.Rand) {
	s := 3.4 * p.unit
	cells(a, s, 0.75*s, func(x, y float64) {
		q := p.placed(x, y, s, rng.Float64()*2*math.Pi, chance(rng, 0.5))
		q.line(wax, 1, spiral(point{-0.2, 0}, 0.19, 0, 1.3))
		q.line(wax, 1, spiral(point{0.2, 0}, 0.19, math.Pi, 1.3))
		q.line(wax, 1, smooth(false, point{-0.01, 0.02}, point{0.04, 0.22}, point{0.16, 0.3}))
		q.line(wax, 1, smooth(false, point{0.01, -0.02}, point{-0.04, -0.22}, point{-0.16, -0.3}))
	})
}

// galaran is a ground of fine wavy lines.
func galaran(p *pen, a area, rng *rand.Rand) {
	s := 0.9 * p.unit
	phase := rng.Float64() * 6
	for y := a.y0; y < a.y1; y += s {
		for x := a.x0; x <= a.x1; x += 0.7 * p.unit {
			px, py := p.tremor.move(x, y+0.22*p.unit*math.Sin(x/(1.6*p.unit)+phase))
			if x == a.x0 {
				p.dc.MoveTo(px, py)
			} else {
				p.dc.LineTo(px, py)
			}
		}
		p.ink(wax, 0.7*p.width)
	}
}

// kawung is a ground of four-petalled crosses.
func kawung(p *pen, a area, _ *rand.Rand) {
	s := 1.9 * p.unit
	cells(a, s, 0.5*s, func(x, y float64) {
		q := p.placed(x, y, s, math.Pi/4, false)
		for i := range 4 {
			angle := math.Pi / 2 * float64(i)
			o := point{}
			q.trace(ribbon([]point{o.polar(0.07, angle), o.polar(0.15, angle), o.polar(0.25, angle), o.polar(0.33, angle)}, leafShape(0.07)), true)
			q.ink(wax, 0.8*q.width)
		}
	})
}

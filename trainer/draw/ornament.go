package draw

import (
	"math"
	"math/rand/v2"
)

// ornaments are the small motifs strewn between the large ones, the same on the
// cloths of every motif.
var ornaments = []func(*rand.Rand) func(*pen){blossom, blossom, sprig, butterfly, tendril, star}

func blossom(rng *rand.Rand) func(*pen) {
	petals := 5 + rng.IntN(4)
	pointed := chance(rng, 0.5)
	inner := chance(rng, 0.6)
	return func(p *pen) {
		var o point
		for i := range petals {
			angle := 2 * math.Pi * float64(i) / float64(petals)
			if pointed {
				p.shape(first, ribbon([]point{o, o.polar(0.14, angle), o.polar(0.28, angle), o.polar(0.4, angle), o.polar(0.5, angle)}, leafShape(1.1/float64(petals))))
			} else {
				p.shape(first, arcAt(o.polar(0.30, angle), 0.19, 1.15/float64(petals), angle))
			}
		}
		if inner {
			for i := range petals {
				angle := 2 * math.Pi * (float64(i) + 0.5) / float64(petals)
				p.shape(second, arcAt(o.polar(0.15, angle), 0.11, 0.55/float64(petals), angle))
			}
		}
		p.shape(third, circle(o, 0.11))
		p.dots(wax, 0.035, o)
	}
}

// arcAt is a full ellipse whose long axis points along an angle.
func arcAt(centre point, long, short, angle float64) []point {
	points := arc(point{}, long, short, 0, 2*math.Pi)
	c, s := math.Cos(angle), math.Sin(angle)
	for i, q := range points {
		points[i] = point{centre.x + q.x*c - q.y*s, centre.y + q.x*s + q.y*c}
	}
	return points
}

func sprig(rng *rand.Rand) func(*pen) {
	pairs := 2 + rng.IntN(3)
	bend := between(rng, -0.25, 0.25)
	return func(p *pen) {
		stem := smooth(false, point{0, 0.5}, point{bend, 0.1}, point{-bend * 0.4, -0.3})
		p.line(bare, 1.1, stem)
		for i := range pairs {
			at := stem[(i+1)*len(stem)/(pairs+2)]
			for _, side := range []float64{-1, 1} {
				angle := -math.Pi/2 + side*0.85
				leaf := []point{at, at.polar(0.1, angle), at.polar(0.2, angle-side*0.1), at.polar(0.32, angle-side*0.25)}
				p.shape(dye(int(first)+i%2), ribbon(leaf, leafShape(0.075)))
				p.line(wax, 0.5, leaf[:3])
			}
		}
		end := stem[len(stem)-1]
		p.shape(third, ribbon([]point{end, {end.x, end.y - 0.07}, {end.x, end.y - 0.14}, {end.x, end.y - 0.22}}, leafShape(0.07)))
	}
}

func butterfly(rng *rand.Rand) func(*pen) {
	wide := between(rng, 0.85, 1.1)
	return func(p *pen) {
		for _, side := range []float64{-1, 1} {
			w := side * wide
			p.shape(first, smooth(true, point{0, -0.05}, point{w * 0.22, -0.34}, point{w * 0.5, -0.38}, point{w * 0.48, -0.1}, point{w * 0.2, 0.03}))
			p.shape(second, smooth(true, point{0, 0.04}, point{w * 0.26, 0.06}, point{w * 0.38, 0.26}, point{w * 0.22, 0.4}, point{w * 0.08, 0.22}))
			p.line(wax, 0.7, circle(point{w * 0.34, -0.22}, 0.07))
			p.dots(wax, 0.03, point{w * 0.22, 0.22})
			p.line(bare, 0.8, smooth(false, point{0, -0.2}, point{w * 0.08, -0.38}, point{w * 0.16, -0.45}))
		}
		p.shape(third, ribbon([]point{{0, -0.24}, {0, -0.05}, {0, 0.15}, {0, 0.32}}, leafShape(0.05)))
	}
}

func tendril(rng *rand.Rand) func(*pen) {
	leaves := 2 + rng.IntN(2)
	return func(p *pen) {
		p.line(bare, 1.1, smooth(false, point{-0.45, 0.3}, point{-0.1, 0.22}, point{0.1, -0.1}, point{0.02, -0.25}))
		p.line(bare, 1.1, spiral(point{-0.1, -0.22}, 0.13, 0.1, -1.3))
		p.line(bare, 1.1, spiral(point{0.22, 0.18}, 0.17, math.Pi, 1.4))
		for i := range leaves {
			at := point{-0.25 + 0.17*float64(i), 0.26 - 0.1*float64(i)}
			angle := math.Pi/2*float64(1-2*(i%2)) - 0.3
			p.shape(dye(int(first)+i%2), ribbon([]point{at, at.polar(0.08, angle), at.polar(0.16, angle), at.polar(0.25, angle)}, leafShape(0.07)))
		}
	}
}

func star(rng *rand.Rand) func(*pen) {
	rays := 4 + 2*rng.IntN(3)
	return func(p *pen) {
		var o point
		outline := make([]point, 2*rays)
		for i := range outline {
			outline[i] = o.polar([]float64{0.42, 0.2}[i%2], math.Pi*float64(i)/float64(rays))
		}
		p.shape(second, outline)
		p.shape(first, circle(o, 0.13))
		p.dots(wax, 0.04, o)
	}
}

// borderStyle draws one tile of a border: x from -0.5 to 0.5 along it, y from
// -0.5 (inside) to 0.5 (outside).
type borderStyle func(p *pen)

var borderStyles = []borderStyle{pucukRabuang, pucukRabuang, itiakPulangPatang, chain, wave}

// pucukRabuang is the bamboo shoot: a row of tall triangles.
func pucukRabuang(p *pen) {
	p.shape(first, []point{{-0.5, 0.48}, {0, -0.42}, {0.5, 0.48}})
	p.shape(second, []point{{-0.28, 0.48}, {0, -0.06}, {0.28, 0.48}})
	p.dots(wax, 0.045, point{0, 0.32}, point{-0.5, -0.24}, point{0, 0.14})
}

// itiakPulangPatang, ducks going home in the evening: a row of S-scrolls.
func itiakPulangPatang(p *pen) {
	p.line(wax, 1.2, smooth(false, point{-0.62, 0.2}, point{-0.3, 0.34}, point{0, 0}, point{0.3, -0.34}, point{0.5, -0.2}, point{0.42, -0.02}, point{0.28, -0.08}))
	p.line(wax, 1.2, smooth(false, point{-0.3, 0.34}, point{-0.42, 0.1}, point{-0.3, 0.0}, point{-0.2, 0.1}))
	p.shape(first, circle(point{-0.02, -0.3}, 0.1))
	p.dots(wax, 0.05, point{0.2, 0.3})
}

func chain(p *pen) {
	p.shape(second, []point{{-0.48, 0}, {0, -0.4}, {0.48, 0}, {0, 0.4}})
	p.shape(first, circle(point{}, 0.2))
	p.dots(wax, 0.05, point{}, point{0.5, -0.32}, point{0.5, 0.32})
}

func wave(p *pen) {
	p.shape(first, smooth(true, point{-0.5, 0.3}, point{-0.2, -0.3}, point{0.1, -0.35}, point{0.2, -0.05}, point{0.05, 0.05}, point{0.2, 0.25}, point{0.5, 0.3}))
	p.line(wax, 0.8, spiral(point{0.06, -0.14}, 0.12, 0, 1.2))
	p.dots(wax, 0.045, point{0.38, -0.2})
}

// drawBand fills a horizontal band with a border between two lines.
func drawBand(p *pen, a area, style borderStyle, flipped bool) {
	p.fillArea(a, p.dyes[ground])
	tile := a.height() * 0.84
	count := math.Ceil(a.width() / tile)
	tile = a.width() / count
	_, y := a.centre()
	for i := range int(count) {
		turn := 0.0
		if flipped {
			turn = math.Pi
		}
		style(p.placed(a.x0+(float64(i)+0.5)*tile, y, min(tile, a.height()*0.84), turn, false))
	}
	for _, edge := range []float64{a.y0 + p.width, a.y1 - p.width} {
		q := p.placed(0, 0, 1, 0, false)
		q.line(wax, 1.3, steps(point{a.x0, edge}, point{a.x1, edge}))
	}
}

// drawColumn is drawBand turned to run down the cloth.
func drawColumn(p *pen, a area, style borderStyle, flipped bool) {
	p.fillArea(a, p.dyes[ground])
	tile := a.width() * 0.84
	count := math.Ceil(a.height() / tile)
	tile = a.height() / count
	x, _ := a.centre()
	for i := range int(count) {
		turn := math.Pi / 2
		if flipped {
			turn = -math.Pi / 2
		}
		style(p.placed(x, a.y0+(float64(i)+0.5)*tile, min(tile, a.width()*0.84), turn, false))
	}
	for _, edge := range []float64{a.x0 + p.width, a.x1 - p.width} {
		q := p.placed(0, 0, 1, 0, false)
		q.line(wax, 1.3, steps(point{edge, a.y0}, point{edge, a.y1}))
	}
}

// steps breaks a straight line up, so that the hand's tremor shows in it.
func steps(from, to point) []point {
	const n = 40
	line := make([]point, n+1)
	for i := range line {
		line[i] = from.towards(to, float64(i)/n)
	}
	return line
}

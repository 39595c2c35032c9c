package pattern

import "math"

const twoPi = 2 * math.Pi

// field is a pattern without end. At a place, in periods of the pattern, it
// gives a number that is negative within what is drawn, zero at its edge and
// grows away from it at any speed, and which of the pattern's parts is there.
type field func(x, y float64) (edge float64, part int)

// sheet is a pattern in pixels that is not dyed yet.
type sheet struct {
	side int
	// edge is the distance to the nearest edge in pixels, negative within.
	edge []float32
	// part is the part of the pattern that lies there, from 0.
	part []uint8
}

func newSheet(side int) *sheet {
	return &sheet{side, make([]float32, side*side), make([]uint8, side*side)}
}

// traced is a family that traces a sheet, which is then dyed.
func traced(name string, trace func(dice, *sheet)) Family {
	return Family{name, func(d dice, side int) []byte {
		s := newSheet(side)
		trace(d, s)
		return dye(s, d)
	}}
}

// repeated is a family whose pictures show low to high periods of a field.
func repeated(name string, low, high float64, parameters func(dice) field) Family {
	return traced(name, func(d dice, s *sheet) {
		f := parameters(d)
		periods := low * math.Pow(high/low, d.Float64())
		s.fill(f, newView(d, periods/float64(s.side)))
	})
}

// view is where on the plane a sheet lies and how it is bent.
type view struct {
	xx, xy, x0 float64
	yx, yy, y0 float64
	bend       float64 // periods
	wave       float64 // radians a pixel
	phase      [2]float64
}

// newView draws a view with that many periods a pixel: mostly near a multiple
// of 45 degrees, as cloths are photographed, hardly sheared, drawn by a hand.
func newView(d dice, scale float64) view {
	angle := d.turn()
	if d.odds(0.7) {
		angle = float64(d.IntN(8))*math.Pi/4 + 0.12*d.NormFloat64()
	}
	sin, cos := math.Sincos(angle)
	stretch, shear := math.Exp(0.1*d.NormFloat64()), 0.06*d.NormFloat64()
	return view{
		xx: scale * stretch * cos, xy: scale * stretch * (-sin + shear*cos), x0: d.from(-50, 50),
		yx: scale * sin, yy: scale * (cos + shear*sin), y0: d.from(-50, 50),
		bend: 0.05 * d.Float64() * d.Float64(), wave: scale * d.from(0.8, 4), phase: [2]float64{d.turn(), d.turn()},
	}
}

// at is the place on the plane of a place on the sheet in pixels.
func (v *view) at(x, y float64) (float64, float64) {
	px, py := v.xx*x+v.xy*y+v.x0, v.yx*x+v.yy*y+v.y0
	return px + v.bend*math.Sin(v.wave*y+v.phase[0]), py + v.bend*math.Sin(v.wave*x+v.phase[1])
}

// fill samples a field and measures its edges.
func (s *sheet) fill(f field, v view) {
	for y := range s.side {
		for x := range s.side {
			px, py := v.at(float64(x), float64(y))
			e, part := f(px, py)
			s.edge[y*s.side+x], s.part[y*s.side+x] = float32(e), uint8(part)
		}
	}
	s.measure()
}

// measure turns the edge numbers into distances in pixels: to first order the
// distance is the number over the length of its gradient.
func (s *sheet) measure() {
	n := s.side
	edge := make([]float32, n*n)
	for y := range n {
		up, down := max(y-1, 0)*n, min(y+1, n-1)*n
		for x := range n {
			left, right := max(x-1, 0), min(x+1, n-1)
			dx := s.edge[y*n+right] - s.edge[y*n+left]
			dy := s.edge[down+x] - s.edge[up+x]
			slope := math.Sqrt(float64(dx*dx+dy*dy)) / 2
			edge[y*n+x] = float32(bound(float64(s.edge[y*n+x])/(slope+1e-6), -99, 99))
		}
	}
	s.edge = edge
}

// clear makes the sheet empty, for strokes.
func (s *sheet) clear() {
	for i := range s.edge {
		s.edge[i] = 99
	}
}

// reach is how far from a stroke distances are kept, in pixels.
const reach = 5

// stroke draws a line through points, in pixels, with the given half width.
func (s *sheet) stroke(points []point, half float64, part int) {
	margin := half + reach
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		dx, dy := b.x-a.x, b.y-a.y
		square := dx*dx + dy*dy + 1e-9
		x0, x1 := s.within(min(a.x, b.x)-margin), s.within(max(a.x, b.x)+margin)
		y0, y1 := s.within(min(a.y, b.y)-margin), s.within(max(a.y, b.y)+margin)
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				px, py := float64(x)-a.x, float64(y)-a.y
				t := bound((px*dx+py*dy)/square, 0, 1)
				e := float32(length(px-t*dx, py-t*dy) - half)
				if at := y*s.side + x; e < s.edge[at] {
					s.edge[at], s.part[at] = e, uint8(part)
				}
			}
		}
	}
}

func (s *sheet) within(v float64) int { return int(bound(v, 0, float64(s.side))) }

type point struct{ x, y float64 }

func length(x, y float64) float64 { return math.Sqrt(x*x + y*y) }

func bound(v, low, high float64) float64 { return min(max(v, low), high) }

func turned(x, y, angle float64) (float64, float64) {
	sin, cos := math.Sincos(angle)
	return cos*x - sin*y, sin*x + cos*y
}

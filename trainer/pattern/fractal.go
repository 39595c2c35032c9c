package pattern

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// fractals are attractors of iterated functions, Julia sets and L-systems.
func fractals() []Family {
	var all []Family
	for i := range attractors {
		all = append(all, attractor(i))
	}
	for _, j := range []struct {
		name string
		c    complex128
	}{{"rabbit", -0.1226 + 0.7449i}, {"dendrite", 1i}, {"San Marco", -0.75}, {"dragon of Siegel", -0.391 - 0.587i}, {"dust", 0.285 + 0.53i}} {
		all = append(all, centred("Julia set, "+j.name, julia(j.c)))
	}
	for _, l := range lindenmayer {
		all = append(all, traced(l.name, l.trace))
	}
	return all
}

// attractors is how many systems of iterated functions there are.
const attractors = 20

// affine is a contraction of the plane.
type affine struct{ a, b, c, d, e, f, weight float64 }

// attractor is the i-th family of iterated functions, drawn by the chaos game
// (Barnsley, 1988). Its functions follow from i; a picture changes them a
// little, as FractalDB's classes do.
func attractor(i int) Family {
	d := dice{rand.New(rand.NewPCG(uint64(i), 0xF4AC))}
	functions := newSystem(d)
	for sparse(orbit(functions, 2000, d)) {
		functions = newSystem(d)
	}
	return traced(fmt.Sprintf("fractal %d", i+1), func(d dice, s *sheet) {
		own := make([]affine, len(functions))
		for k, f := range functions {
			f.a += 0.03 * d.NormFloat64()
			f.b += 0.03 * d.NormFloat64()
			f.c += 0.03 * d.NormFloat64()
			f.d += 0.03 * d.NormFloat64()
			own[k] = f
		}
		s.scatter(orbit(own, 8000, d), d)
	})
}

// sparse tells whether too little would be seen of an attractor: its points
// fill less than a seventh of their square.
func sparse(points []point) bool {
	const n = 24
	var seen [n * n]bool
	filled := 0
	for _, p := range points {
		at := min(int((p.y+0.5)*n), n-1)*n + min(int((p.x+0.5)*n), n-1)
		if !seen[at] {
			seen[at] = true
			filled++
		}
	}
	return filled < n*n/7
}

// newSystem draws 2 to 5 contractions whose attractor fills some space: their
// singular values sum to a middling number (Anderson and Farrell, 2022).
func newSystem(d dice) []affine {
	functions := make([]affine, 2+d.IntN(4))
	var total float64
	for i := range functions {
		big := d.from(0.45, 0.85)
		small := big * d.from(0.3, 1)
		if d.odds(0.5) {
			small = -small
		}
		s1, c1 := math.Sincos(d.turn())
		s2, c2 := math.Sincos(d.turn())
		functions[i] = affine{
			a: big*c1*c2 - small*s1*s2, b: -big*c1*s2 - small*s1*c2,
			c: big*s1*c2 + small*c1*s2, d: -big*s1*s2 + small*c1*c2,
			e: d.from(-1, 1), f: d.from(-1, 1),
		}
		total += math.Abs(big*small) + 0.05
		functions[i].weight = total
	}
	for i := range functions {
		functions[i].weight /= total
	}
	return functions
}

// orbit is n points of the attractor, scaled into -0.5 to 0.5.
func orbit(functions []affine, n int, d dice) []point {
	points := make([]point, n)
	var x, y float64
	for i := -50; i < n; i++ {
		pick, k := d.Float64(), 0
		for k < len(functions)-1 && functions[k].weight < pick {
			k++
		}
		f := &functions[k]
		x, y = bound(f.a*x+f.b*y+f.e, -1e3, 1e3), bound(f.c*x+f.d*y+f.f, -1e3, 1e3)
		if i >= 0 {
			points[i] = point{x, y}
		}
	}
	return fitted(points)
}

// fitted scales points into the square from -0.5 to 0.5.
func fitted(points []point) []point {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, p := range points {
		low.x, low.y = min(low.x, p.x), min(low.y, p.y)
		high.x, high.y = max(high.x, p.x), max(high.y, p.y)
	}
	size := max(high.x-low.x, high.y-low.y, 1e-9)
	for i, p := range points {
		points[i] = point{(p.x - (low.x+high.x)/2) / size, (p.y - (low.y+high.y)/2) / size}
	}
	return points
}

// placement puts a figure of size 1 somewhere on a sheet, anyhow turned.
func placement(d dice, side int, low, high float64) func(point) point {
	size, angle := float64(side)*d.from(low, high), d.turn()
	x0, y0 := float64(side)*d.from(0.35, 0.65), float64(side)*d.from(0.35, 0.65)
	flip := float64(1 - 2*d.IntN(2))
	return func(p point) point {
		x, y := turned(p.x*flip, p.y, angle)
		return point{x0 + size*x, y0 + size*y}
	}
}

// scatter draws points as a cloud: the more lie on a pixel, the deeper within.
func (s *sheet) scatter(points []point, d dice) {
	place := placement(d, s.side, 0.8, 1.5)
	hits := make([]float32, len(s.edge))
	for _, p := range points {
		p = place(p)
		x, y := int(math.Floor(p.x)), int(math.Floor(p.y))
		if x < 0 || y < 0 || x >= s.side-1 || y >= s.side-1 {
			continue
		}
		u, v := float32(p.x)-float32(x), float32(p.y)-float32(y)
		at := y*s.side + x
		hits[at] += (1 - u) * (1 - v)
		hits[at+1] += u * (1 - v)
		hits[at+s.side] += (1 - u) * v
		hits[at+s.side+1] += u * v
	}
	for i, h := range hits {
		s.edge[i] = 0.5 - 2*h
		if h == 0 {
			s.edge[i] = 9
		}
		s.part[i] = uint8(min(h/3, 2))
	}
}

// julia is the filled Julia set of z*z + c and the levels about it.
func julia(c complex128) func(dice) field {
	return func(d dice) field {
		const most = 28
		own := c + complex(0.012*d.NormFloat64(), 0.012*d.NormFloat64())
		cr, ci := real(own), imag(own)
		level := d.from(5, 12)
		return func(x, y float64) (float64, int) {
			x, y = 3.4*x, 3.4*y
			n := 0.0
			for n < most && x*x+y*y < 16 {
				x, y = x*x-y*y+cr, 2*x*y+ci
				n++
			}
			if n < most {
				n -= math.Log2(math.Log2(x*x+y*y) / 4)
			}
			return level - n, int(n/3) % 4
		}
	}
}

// lSystem is a rewriting system whose letters steer a pen (Prusinkiewicz and
// Lindenmayer, "The Algorithmic Beauty of Plants", 1990).
type lSystem struct {
	name, axiom string
	rules       map[byte]string
	angle       float64 // degrees
	low, high   int     // rounds of rewriting
}

var lindenmayer = []lSystem{
	{"Koch's snowflake", "F--F--F", map[byte]string{'F': "F+F--F+F"}, 60, 2, 4},
	{"Koch's island", "F-F-F-F", map[byte]string{'F': "F-F+F+FF-F-F+F"}, 90, 1, 2},
	{"dragon curve", "FX", map[byte]string{'X': "X+YF+", 'Y': "-FX-Y"}, 90, 7, 10},
	{"arrowhead of Sierpinski", "A", map[byte]string{'A': "B-A-B", 'B': "A+B+A"}, 60, 4, 6},
	{"Hilbert's curve", "X", map[byte]string{'X': "-YF+XFX+FY-", 'Y': "+XF-YFY-FX+"}, 90, 3, 5},
	{"Gosper's curve", "A", map[byte]string{'A': "A-B--B+A++AA+B-", 'B': "+A-BB--B-A++A+B"}, 60, 2, 3},
	{"kolam", "-D--D", map[byte]string{'A': "F++FFFF--F--FFFF++F++FFFF--F", 'B': "F--FFFF++F++FFFF--F--FFFF++F", 'C': "BFA--BFA", 'D': "CFC--CFC"}, 45, 3, 4},
	{"fern", "X", map[byte]string{'X': "F+[[X]-X]-F[-FX]+X", 'F': "FF"}, 25, 3, 4},
	{"weed", "F", map[byte]string{'F': "F[+F]F[-F]F"}, 25.7, 2, 4},
	{"bush", "F", map[byte]string{'F': "FF-[-F+F+F]+[+F-F-F]"}, 22.5, 2, 3},
	{"crystal", "F+F+F+F", map[byte]string{'F': "FF+F++F+F"}, 90, 2, 3},
	{"pentagons", "F-F-F-F-F", map[byte]string{'F': "F-F++F+F-F-F"}, 72, 2, 3},
}

// longestWord bounds what rewriting may grow to.
const longestWord = 20000

func (l lSystem) trace(d dice, s *sheet) {
	s.clear()
	word := l.axiom
	for range l.low + d.IntN(l.high-l.low+1) {
		var next []byte
		for i := range len(word) {
			if rule, ok := l.rules[word[i]]; ok {
				next = append(next, rule...)
			} else {
				next = append(next, word[i])
			}
		}
		if len(next) > longestWord {
			break
		}
		word = string(next)
	}
	s.strokes(l.walk(word, l.angle*math.Pi/180*math.Exp(0.02*d.NormFloat64())), d)
}

// walk steers the pen along a word and returns the lines it drew.
func (l lSystem) walk(word string, turn float64) [][]point {
	type state struct {
		at    point
		angle float64
	}
	var pen state
	var stack []state
	lines := [][]point{{pen.at}}
	for i := range len(word) {
		switch c := word[i]; c {
		case '+':
			pen.angle += turn
		case '-':
			pen.angle -= turn
		case '[':
			stack = append(stack, pen)
		case ']':
			pen, stack = stack[len(stack)-1], stack[:len(stack)-1]
			lines = append(lines, []point{pen.at})
		case 'F', 'A', 'B':
			if _, rewritten := l.rules['F']; c != 'F' && (rewritten || l.name == "kolam") {
				continue
			}
			sin, cos := math.Sincos(pen.angle)
			pen.at = point{pen.at.x + cos, pen.at.y + sin}
			last := len(lines) - 1
			lines[last] = append(lines[last], pen.at)
		}
	}
	return lines
}

// strokes fits lines together onto the sheet and draws them.
func (s *sheet) strokes(lines [][]point, d dice) {
	var all []point
	for _, l := range lines {
		all = append(all, l...)
	}
	fitted(all)
	place := placement(d, s.side, 0.8, 1.6)
	for i, p := range all {
		all[i] = place(p)
	}
	half := d.from(0.5, 1.6)
	for i, l := range lines {
		s.stroke(all[:len(l)], half, i%2)
		all = all[len(l):]
	}
}

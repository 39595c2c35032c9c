package pattern

import "math"

// curves are lines that one formula draws, and figures about a centre.
func curves() []Family {
	var all []Family
	for _, g := range []struct {
		name         string
		wheel, track int
	}{{"spirograph of 3", 1, 3}, {"spirograph of 5", 2, 5}, {"spirograph of 8", 3, 8}, {"spirograph of 13", 5, 13}} {
		all = append(all, traced(g.name, spirograph(g.wheel, g.track)))
	}
	for _, g := range []struct {
		name string
		a, b float64
	}{{"Lissajous 2 to 3", 2, 3}, {"Lissajous 3 to 5", 3, 5}} {
		all = append(all, traced(g.name, lissajous(g.a, g.b)))
	}
	for _, n := range []struct {
		name string
		fold int
	}{{"mandala of 5", 5}, {"mandala of 6", 6}, {"mandala of 8", 8}, {"mandala of 12", 12}} {
		all = append(all, centred(n.name, mandala(n.fold)))
	}
	return append(all,
		centred("target", target),
		centred("spiral arms", arms),
		centred("sunflower", sunflower),
		centred("moiré", moire),
		centred("web", web),
		traced("vines", vines),
		traced("scribble", scribble),
	)
}

// centred is a family whose pictures show a field about its origin, of
// radius 0.5.
func centred(name string, parameters func(dice) field) Family {
	return traced(name, func(d dice, s *sheet) {
		f := parameters(d)
		v := newView(d, d.from(0.7, 1.1)/float64(s.side))
		v.x0, v.y0 = 0, 0
		x, y := v.at(float64(s.side)*d.from(0.3, 0.7), float64(s.side)*d.from(0.3, 0.7))
		v.x0, v.y0 = -x, -y
		s.fill(f, v)
	})
}

// spirograph rolls a wheel within a track and turns the curve on a few times.
func spirograph(wheel, track int) func(dice, *sheet) {
	return func(d dice, s *sheet) {
		s.clear()
		r := float64(wheel) / float64(track)
		arm, copies := r*d.from(0.6, 1.9), 1+d.IntN(3)
		var lines [][]point
		for c := range copies {
			steps := 70 * wheel
			line := make([]point, steps+1)
			for i := range line {
				t := twoPi * float64(wheel*i) / float64(steps)
				k := (1 - r) / r * t
				x, y := (1-r)*math.Cos(t)+arm*math.Cos(k), (1-r)*math.Sin(t)-arm*math.Sin(k)
				x, y = turned(x, y, 0.12*float64(c))
				line[i] = point{x * (1 - 0.1*float64(c)), y * (1 - 0.1*float64(c))}
			}
			lines = append(lines, line)
		}
		s.strokes(lines, d)
	}
}

func lissajous(a, b float64) func(dice, *sheet) {
	return func(d dice, s *sheet) {
		s.clear()
		phase := d.from(0.2, math.Pi-0.2)
		line := make([]point, 300)
		for i := range line {
			t := twoPi * float64(i) / float64(len(line)-1)
			line[i] = point{math.Sin(a*t + phase), math.Sin(b * t)}
		}
		s.strokes([][]point{line}, d)
	}
}

// mandala mirrors a few rings of shapes about the centre.
func mandala(n int) func(dice) field {
	return func(d dice) field {
		type ring struct{ at, long, wide float64 }
		rings := make([]ring, 4)
		for i := range rings {
			at := 0.1 + 0.11*float64(i)
			rings[i] = ring{at, d.from(0.03, 0.075), at * math.Sin(math.Pi/float64(n)) * d.from(0.5, 1)}
		}
		shift := [4]float64{0, d.from(0, 1), 0, 1}
		return func(x, y float64) (float64, int) {
			e, part := length(x, y)-0.04, 4
			for i, r := range rings {
				u, v := x, y
				if shift[i] > 0.5 {
					u, v = turned(x, y, math.Pi/float64(n))
				}
				u, v = sector(u, v, n)
				if f := ellipse(u-r.at, v, r.long, r.wide); f < e {
					e, part = f, i
				}
			}
			return e, part
		}
	}
}

func target(d dice) field {
	rings, thick := d.from(8, 20), d.from(0.15, 0.35)
	return func(x, y float64) (float64, int) {
		k := rings * length(x, y)
		return math.Abs(k-math.Round(k)) - thick, int(k) % 3
	}
}

func arms(d dice) field {
	n, wind := float64(2+d.IntN(4)), d.from(1, 2.5)
	return func(x, y float64) (float64, int) {
		k := n*math.Atan2(y, x)/twoPi + wind*math.Log(length(x, y)+0.02)
		return math.Abs(k-math.Round(k)) - 0.22, 0
	}
}

// sunflower is Vogel's spiral (1979): seed k at the k-th golden angle.
func sunflower(d dice) field {
	const golden = 2.399963229728653
	scale, seed := d.from(0.025, 0.04), d.from(0.35, 0.6)
	return func(x, y float64) (float64, int) {
		l := length(x, y) / scale
		angle := math.Atan2(y, x)
		// Only seeds of about this radius can be near.
		best, at := math.Inf(1), 0
		for k := max(0, int((l-2)*(l-2))*boolean(l > 2)); k <= int((l+2)*(l+2)); k++ {
			r := math.Sqrt(float64(k))
			between := r*r + l*l - 2*r*l*math.Cos(float64(k)*golden-angle)
			if between < best {
				best, at = between, k
			}
		}
		return math.Sqrt(max(best, 0)) - 1.6*seed, at % 2
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// moire is two sets of circles that beat against each other.
func moire(d dice) field {
	rings, apart := d.from(14, 24), d.from(0.1, 0.3)
	return func(x, y float64) (float64, int) {
		a, b := math.Cos(twoPi*rings*length(x-apart, y)), math.Cos(twoPi*rings*length(x+apart, y))
		return a * b, 0
	}
}

// web is spokes with sagging threads between.
func web(d dice) field {
	n, rings, thick := 8+2*d.IntN(4), d.from(10, 18), d.from(0.004, 0.01)
	return func(x, y float64) (float64, int) {
		u, v := sector(x, y, n)
		wide := u * math.Tan(math.Pi/float64(n))
		k := rings * (u - 0.25*v*v/(wide+1e-6) + 0.25*wide)
		return min(v, math.Abs(k-math.Round(k))/rings) - thick, 0
	}
}

// vines wander in a row and bear leaves on both sides.
func vines(d dice, s *sheet) {
	s.clear()
	rows := 2 + d.IntN(4)
	swing, waves := d.from(0.2, 0.4)/float64(rows), d.from(1.5, 3.5)
	place := placement(d, s.side, 1.5, 1.7)
	for row := range rows {
		y0 := (float64(row)+0.5)/float64(rows) - 0.5
		phase := d.turn()
		stem := make([]point, 60)
		for i := range stem {
			t := float64(i)/float64(len(stem)-1) - 0.5
			stem[i] = point{t, y0 + swing*math.Sin(twoPi*waves*t+phase)}
		}
		for i := 3; i < len(stem)-3; i += 4 {
			a, b := stem[i-1], stem[i+1]
			side := float64(1 - 2*(i/4%2))
			angle := math.Atan2(b.y-a.y, b.x-a.x) + 0.9*side
			for k := range 5 {
				t := 0.25 * float64(k)
				at := point{stem[i].x + 0.3/float64(rows)*t*math.Cos(angle), stem[i].y + 0.3/float64(rows)*t*math.Sin(angle)}
				to := point{at.x + 0.004, at.y}
				s.stroke([]point{place(at), place(to)}, 14/float64(rows)*math.Sin(math.Pi*(0.1+0.8*t)), 1)
			}
		}
		for i := range stem {
			stem[i] = place(stem[i])
		}
		s.stroke(stem, d.from(0.6, 1.5), 0)
	}
}

// scribble is a smooth line that wanders at random.
func scribble(d dice, s *sheet) {
	s.clear()
	var at point
	angle, bend := d.turn(), 0.0
	line := make([]point, 400)
	for i := range line {
		bend = 0.9*bend + 0.12*d.NormFloat64()
		angle += bend
		sin, cos := math.Sincos(angle)
		at = point{at.x + cos, at.y + sin}
		line[i] = at
	}
	s.strokes([][]point{line}, d)
}

package pattern

import "math"

// motif is a figure in a square from -0.5 to 0.5.
type motif struct {
	name string
	draw func(dice) field
}

// symmetric motifs look the same in a mirror and after a quarter turn or nearly.
var symmetric = []motif{
	{"discs", discs},
	{"daisies of 4", petals(4, 0.55)},
	{"daisies of 5", petals(5, 0.8)},
	{"daisies of 6", petals(6, 0.75)},
	{"daisies of 8", petals(8, 0.7)},
	{"stars of 4", star(4)},
	{"stars of 5", star(5)},
	{"stars of 6", star(6)},
	{"suns", suns},
	{"crosses", crosses},
	{"diamonds", diamonds},
	{"squares", squares},
}

// leaning motifs show every mirroring and turn.
var leaning = []motif{
	{"leaves", leaves},
	{"commas", commas},
	{"scrolls", scrolls},
	{"snails", snails},
	{"crescents", crescents},
	{"wings", wings},
	{"hooks", hooks},
	{"flags", flags},
	{"fish", fish},
	{"birds", birds},
}

func discs(d dice) field {
	r, hole := d.from(0.22, 0.4), d.from(0, 0.6)
	return func(x, y float64) (float64, int) {
		l := length(x, y)
		if l < hole*r {
			return l - 0.8*hole*r, 1
		}
		return max(l-r, hole*r-l), 0
	}
}

// sector folds the plane into the one of n equal sectors that lies about the
// x axis, and mirrors its lower half up.
func sector(x, y float64, n int) (float64, float64) {
	width := twoPi / float64(n)
	angle := math.Atan2(y, x)
	angle -= width * math.Round(angle/width)
	sin, cos := math.Sincos(math.Abs(angle))
	l := length(x, y)
	return l * cos, l * sin
}

// petals is a flower of n ellipses; full is the share of the space between
// them that they fill.
func petals(n int, full float64) func(dice) field {
	return func(d dice) field {
		r, eye, start := d.from(0.36, 0.46), d.from(0, 0.13), d.turn()*float64(d.IntN(2))
		long := 0.5 * (r - 0.7*eye)
		middle := r - long
		wide := middle * math.Sin(math.Pi/float64(n)) * full * d.from(0.8, 1.15)
		return func(x, y float64) (float64, int) {
			if l := length(x, y); l < 1.1*eye {
				return l - eye, 1
			}
			x, y = turned(x, y, start)
			u, v := sector(x, y, n)
			return ellipse(u-middle, v, long, wide), 0
		}
	}
}

// ellipse is the edge of one with the given half axes about the origin.
func ellipse(x, y, a, b float64) float64 { return (length(x/a, y/b) - 1) * min(a, b) }

func star(n int) func(dice) field {
	return func(d dice) field {
		return rays(n, d.from(0.36, 0.47), d.from(0.3, 0.5), d.from(0, 0.1), d.turn()*float64(d.IntN(2)))
	}
}

// suns are truntum's stars: a core and many thin rays.
func suns(d dice) field {
	return rays(8+2*d.IntN(3), d.from(0.4, 0.48), d.from(0.3, 0.42), d.from(0.08, 0.15), d.turn())
}

// rays is a star of n points of radius r, its notches at the given share of r,
// with an eye of another part.
func rays(n int, r, notch, eye, start float64) field {
	sin, cos := math.Sincos(math.Pi / float64(n))
	qx, qy := notch*r*cos-r, notch*r*sin
	l := length(qx, qy)
	return func(x, y float64) (float64, int) {
		if l := length(x, y); l < 1.1*eye {
			return l - eye, 1
		}
		x, y = turned(x, y, start)
		u, v := sector(x, y, n)
		return ((u-r)*qy - v*qx) / l, 0
	}
}

func crosses(d dice) field {
	r, w := d.from(0.32, 0.45), d.from(0.06, 0.12)
	return func(x, y float64) (float64, int) {
		x, y = math.Abs(x), math.Abs(y)
		return min(max(x-r, y-w), max(x-w, y-r)), 0
	}
}

func diamonds(d dice) field {
	r, tall, core := d.from(0.3, 0.46), d.from(0.55, 0.85), d.from(0, 0.5)
	return func(x, y float64) (float64, int) {
		l := math.Abs(x)/tall + math.Abs(y)
		if l < core*r {
			return l - 0.7*core*r, 1
		}
		return max(l-r, core*r-l), 0
	}
}

func squares(d dice) field {
	r, core := d.from(0.24, 0.4), d.from(0, 0.6)
	return func(x, y float64) (float64, int) {
		l := max(math.Abs(x), math.Abs(y))
		if l < core*r {
			return l - 0.7*core*r, 1
		}
		return max(l-r, core*r-l), 0
	}
}

// limb is a row of discs so close that they are one shape.
type limb []struct{ x, y, r float64 }

// grow draws a limb along a curve: at t from 0 to 1, its place and half width.
func grow(n int, curve func(t float64) (x, y, r float64)) limb {
	l := make(limb, n)
	for i := range l {
		l[i].x, l[i].y, l[i].r = curve(float64(i) / float64(n-1))
	}
	return l
}

func (l limb) edge(x, y float64) float64 {
	e := math.Inf(1)
	for i := range l {
		e = min(e, length(x-l[i].x, y-l[i].y)-l[i].r)
	}
	return e
}

// leaves have a midrib and a stalk.
func leaves(d dice) field {
	wide, rib, lean := d.from(0.13, 0.22), d.from(0.012, 0.03), d.from(0.5, 0.9)
	return func(x, y float64) (float64, int) {
		x, y = turned(x, y, lean)
		x += 0.5 * y * y
		width := wide * math.Sqrt(max(1-4.8*y*y, 0)) * (1 + 1.2*y)
		blade := math.Abs(x) - width
		stalk := max(math.Abs(x)-rib, -y-0.1, y-0.5)
		if y > 0.42 {
			return stalk, 1
		}
		return max(blade, rib-math.Abs(x)+max(0, -y-0.25)), 0
	}
}

// commas are the paisley's drop with a bent tail.
func commas(d dice) field {
	head, bend := d.from(0.15, 0.22), d.from(2.2, 3.4)
	l := grow(12, func(t float64) (float64, float64, float64) {
		a := bend * t
		return -0.08 + 0.28*math.Sin(a)*t, 0.14 - 0.30*t - 0.06*math.Cos(a), head*(1-t)*(1-0.3*t) + 0.012
	})
	return func(x, y float64) (float64, int) {
		e := l.edge(x, y)
		if eye := length(x-l[0].x, y-l[0].y) - 0.4*head; eye < 0.02 {
			return eye, 1
		}
		return e, 0
	}
}

// scrolls are S curves.
func scrolls(d dice) field {
	thick, wind := d.from(0.035, 0.07), d.from(3.6, 4.6)
	l := grow(19, func(t float64) (float64, float64, float64) {
		s := 2*t - 1
		a := wind * math.Abs(s)
		r := 0.2 - 0.13*math.Abs(s)
		x, y := r*math.Sin(a), 0.2-r*math.Cos(a)
		if s < 0 {
			x, y = -x, -y
		}
		return x, y, thick * (1.1 - 0.4*math.Abs(s))
	})
	return func(x, y float64) (float64, int) { return l.edge(x, y), 0 }
}

// snails are spirals of Archimedes.
func snails(d dice) field {
	pitch, thick := d.from(0.13, 0.2), d.from(0.25, 0.5)
	return func(x, y float64) (float64, int) {
		l := length(x, y)
		winding := l/pitch - math.Atan2(y, x)/twoPi
		e := (math.Abs(winding-math.Round(winding)) - 0.5*thick) * pitch
		return max(e, l-0.44), 0
	}
}

func crescents(d dice) field {
	r, shift, lean := d.from(0.3, 0.4), d.from(0.12, 0.2), d.from(0.4, 1.1)
	return func(x, y float64) (float64, int) {
		x, y = turned(x, y, lean)
		return max(length(x, y)-r, 0.86*r-length(x-shift, y)), 0
	}
}

// wings are fans of three feathers.
func wings(d dice) field {
	thick, spread := d.from(0.06, 0.09), d.from(0.45, 0.65)
	var feathers [3]limb
	for i := range feathers {
		angle, long := 0.3+spread*float64(i), 0.75-0.13*float64(i)
		feathers[i] = grow(8, func(t float64) (float64, float64, float64) {
			x, y := turned(long*t, 0.25*long*t*t, -angle)
			return x - 0.3, y + 0.38, thick * (0.5 + t)
		})
	}
	return func(x, y float64) (float64, int) {
		e, part := feathers[0].edge(x, y), 0
		for i := 1; i < len(feathers); i++ {
			if f := feathers[i].edge(x, y); f < e {
				e, part = f, i
			}
		}
		return e, part
	}
}

// hooks are angular spirals, banji's and the fret's.
func hooks(d dice) field {
	thick := d.from(0.045, 0.075)
	arm := d.from(0.3, 0.4)
	corners := []point{{-arm, arm}, {-arm, -arm}, {arm, -arm}, {arm, 0.45 * arm}, {-0.25 * arm, 0.45 * arm}, {-0.25 * arm, -0.25 * arm}}
	return func(x, y float64) (float64, int) {
		e := math.Inf(1)
		for i := 1; i < len(corners); i++ {
			a, b := corners[i-1], corners[i]
			e = min(e, max(math.Abs(x-(a.x+b.x)/2)-math.Abs(a.x-b.x)/2, math.Abs(y-(a.y+b.y)/2)-math.Abs(a.y-b.y)/2)-thick)
		}
		return e, 0
	}
}

// flags are triangles on a pole.
func flags(d dice) field {
	pole, long := d.from(0.02, 0.04), d.from(0.45, 0.7)
	return func(x, y float64) (float64, int) {
		mast := max(math.Abs(x+0.3)-pole, math.Abs(y)-0.43)
		cloth := max(-0.3-x, (x+0.3)*0.4/long+math.Abs(y+0.2)-0.22)
		if mast < cloth {
			return mast, 1
		}
		return cloth, 0
	}
}

func fish(d dice) field {
	tall, lean := d.from(0.13, 0.19), d.from(-0.3, 0.3)
	return func(x, y float64) (float64, int) {
		x, y = turned(x, y, lean)
		body := ellipse(x-0.08, y, 0.32, tall)
		tail := max(x+0.18, -0.42-x, math.Abs(y)+0.7*(x+0.14))
		if eye := length(x-0.25, y+0.04) - 0.03; eye < 0.015 {
			return eye, 1
		}
		if tail < body {
			return tail, 2
		}
		return body, 0
	}
}

// birds have a body, a raised wing, a neck and a forked tail.
func birds(d dice) field {
	lift, neck := d.from(0.9, 1.5), d.from(0.2, 0.28)
	body := grow(14, func(t float64) (float64, float64, float64) {
		return -0.42 + 0.8*t, 0.12 + 0.1*math.Sin(5*t) - neck*t*t*t, 0.03 + 0.09*math.Sin(math.Pi*math.Pow(t, 0.9))
	})
	wing := grow(9, func(t float64) (float64, float64, float64) {
		x, y := turned(0.42*t, -0.1*t*t, -lift-0.6)
		return x + 0.02, y + 0.1, 0.1 * (1 - 0.75*t)
	})
	return func(x, y float64) (float64, int) {
		b, w := body.edge(x, y), wing.edge(x, y)
		if w < b {
			return w, 1
		}
		return b, 0
	}
}

package draw

import (
	"math"
	"math/rand/v2"
)

// phoenix is a burung hong: crest, curved neck, wings of layered feathers, and a
// tail of long flowing plumes that end in eyes; its head at the left.
type phoenix struct {
	flying   bool
	lowWing  bool // the far wing beats down
	plumes   int
	feathers int // primaries of a wing
	spread   float64
	sway     float64 // how far the plumes swing
	sweep    float64 // direction of the tail, radians
	eyes     int     // ends of the plumes: eyes, hearts or points
	crest    int
	scales   bool
	dyes     [3]dye
}

func burungHong(rng *rand.Rand) figure {
	b := phoenix{
		flying:   chance(rng, 0.65),
		lowWing:  chance(rng, 0.5),
		plumes:   3 + rng.IntN(3),
		feathers: 6 + rng.IntN(3),
		spread:   between(rng, 0.9, 1.3),
		sway:     between(rng, 0.05, 0.11),
		sweep:    between(rng, 0.0, 0.35),
		eyes:     rng.IntN(3),
		crest:    3 + rng.IntN(3),
		scales:   chance(rng, 0.6),
		dyes:     pick(rng, [][3]dye{{first, second, third}, {second, first, third}, {third, second, first}, {first, third, second}}),
	}
	// The bird below is drawn about its breast; this centres it with its plumes.
	return figure{width: 1.3, draw: func(p *pen) {
		whole := *p
		whole.matrix = p.matrix.Translate(-0.10, -0.075).Scale(0.88, 0.88)
		whole.unit = 0.88 * p.unit
		b.draw(&whole)
	}}
}

func (b phoenix) draw(p *pen) {
	root := point{-0.08, 0.10}
	if !b.flying {
		b.drawLegs(p)
	}
	if b.flying && b.lowWing {
		b.drawWing(p, point{-0.27, 0.09}, math.Pi*0.56, -0.36*b.spread, 0.38, b.dyes[1])
	} else {
		b.drawWing(p, point{-0.24, -0.02}, -math.Pi*0.42, -0.42*b.spread, 0.36, b.dyes[1])
	}
	b.drawTail(p, root)
	b.drawBody(p)
	if b.flying {
		b.drawWing(p, point{-0.20, 0.02}, -0.20*math.Pi, 0.40*b.spread, 0.50, b.dyes[0])
	} else {
		b.drawWing(p, point{-0.24, 0.0}, -0.02*math.Pi, 0.20*b.spread, 0.36, b.dyes[0])
	}
}

// drawTail draws the plumes from the outermost in, each a swaying ribbon.
func (b phoenix) drawTail(p *pen, root point) {
	for i := range b.plumes {
		t := float64(i)/float64(b.plumes-1)*2 - 1
		angle := b.sweep + 0.62*t
		length := 0.80 - 0.16*math.Abs(t)
		spine := b.plume(root, angle, length, 1+0.35*float64(i%2))
		d := b.dyes[i%3]
		p.shape(d, ribbon(spine, func(t float64) float64 { return 0.012 + 0.040*math.Sin(math.Pi*math.Pow(t, 0.8)) }))
		p.line(wax, 0.6, spine[2:len(spine)-2])
		for j := 4; j < len(spine)-5; j += 3 {
			a, c := spine[j], spine[j+2]
			normal := math.Atan2(c.y-a.y, c.x-a.x)
			p.line(wax, 0.45, []point{a, c.polar(0.022, normal+math.Pi/2)})
			p.line(wax, 0.45, []point{a, c.polar(0.022, normal-math.Pi/2)})
		}
		b.drawEye(p, spine[len(spine)-1], angle)
	}
	for _, side := range []float64{-1, 1} {
		curl := root.polar(0.20, b.sweep+side*0.25)
		p.shape(b.dyes[2], ribbon(smooth(false, root, root.polar(0.12, b.sweep+side*0.1), curl), leafShape(0.03)))
	}
}

func (b phoenix) plume(root point, angle, length, turns float64) []point {
	const steps = 40
	spine := make([]point, steps+1)
	for i := range spine {
		t := float64(i) / steps
		along := root.polar(length*t, angle)
		spine[i] = along.polar(b.sway*t*1.2*math.Sin(math.Pi*turns*1.6*t+0.4), angle+math.Pi/2)
	}
	return spine
}

func (b phoenix) drawEye(p *pen, at point, angle float64) {
	switch b.eyes {
	case 0:
		p.shape(b.dyes[1], circle(at, 0.050))
		p.shape(b.dyes[2], circle(at, 0.030))
		p.dots(wax, 0.012, at)
	case 1:
		tip := at.polar(0.085, angle)
		p.shape(b.dyes[1], smooth(true, at.polar(0.03, angle+math.Pi), at.polar(0.05, angle-1.2), tip, at.polar(0.05, angle+1.2)))
		p.dots(wax, 0.012, at)
	default:
		for _, turn := range []float64{-0.7, 0, 0.7} {
			p.shape(b.dyes[1], ribbon([]point{at, at.polar(0.035, angle+turn), at.polar(0.07, angle+turn), at.polar(0.10, angle+turn)}, leafShape(0.020)))
		}
	}
}

func (b phoenix) drawBody(p *pen) {
	p.shape(b.dyes[0], smooth(true,
		point{-0.05, 0.115}, point{-0.12, 0.03}, point{-0.24, -0.05}, point{-0.35, -0.08}, point{-0.41, 0.0},
		point{-0.38, 0.09}, point{-0.28, 0.15}, point{-0.15, 0.155}))
	neck := smooth(false, point{-0.36, 0.0}, point{-0.42, -0.10}, point{-0.38, -0.20}, point{-0.41, -0.29}, point{-0.47, -0.32})
	b.drawCrest(p, point{-0.45, -0.34})
	p.shape(b.dyes[0], ribbon(neck, taper(0.062, 0.030)))
	for i := 4; i < len(neck)-6; i += 4 {
		w := 0.05 - 0.02*float64(i)/float64(len(neck))
		p.line(wax, 0.55, smooth(false, point{neck[i].x - w, neck[i].y}, point{neck[i].x, neck[i].y + 0.02}, point{neck[i].x + w, neck[i].y}))
	}
	b.drawHead(p)
	if b.scales {
		for row := range 3 {
			for i := range 5 - row {
				x := -0.36 + 0.05*float64(i) + 0.026*float64(row)
				p.line(wax, 0.55, arc(point{x, 0.0 + 0.04*float64(row) + 0.008*float64(i)}, 0.025, 0.025, 0, math.Pi))
			}
		}
	}
}

func (b phoenix) drawHead(p *pen) {
	head := point{-0.475, -0.335}
	p.shape(b.dyes[2], smooth(true, head.add(point{-0.03, -0.02}), head.add(point{-0.075, 0.0}), head.add(point{-0.115, 0.045}), head.add(point{-0.06, 0.035}), head.add(point{-0.03, 0.03})))
	p.shape(b.dyes[0], circle(head, 0.050))
	p.shape(b.dyes[1], ribbon(smooth(false, head.add(point{-0.03, 0.04}), head.add(point{-0.04, 0.08}), head.add(point{-0.025, 0.11})), leafShape(0.018)))
	p.shape(ground, circle(head.add(point{-0.012, -0.008}), 0.018))
	p.dots(wax, 0.008, head.add(point{-0.014, -0.008}))
}

func (b phoenix) drawCrest(p *pen, at point) {
	for i := range b.crest {
		angle := -math.Pi*0.62 + 0.95*float64(i)/float64(b.crest-1)
		mid, end := at.polar(0.06, angle-0.15), at.polar(0.125, angle+0.1)
		p.shape(b.dyes[1+i%2], ribbon(smooth(false, at, mid, end), leafShape(0.016)))
		p.dots(bare, 0.011, end.polar(0.012, angle))
	}
}

// drawWing draws primaries fanned from one angle across the spread, then two rows
// of coverts over their roots.
func (b phoenix) drawWing(p *pen, shoulder point, angle, spread, length float64, d dye) {
	n := b.feathers
	for row, reach := range []float64{1, 0.66, 0.38} {
		count := n - row
		for i := range count {
			t := float64(i) / float64(count-1)
			a := angle + spread*(t-0.5)*2
			l := length * reach * (1 - 0.30*t*t)
			bend := 0.10 * sign(spread)
			spine := smooth(false, shoulder, shoulder.polar(0.5*l, a-bend), shoulder.polar(l, a+0.6*bend))
			dyed := d
			if row > 0 {
				dyed = b.dyes[(row+1)%3]
			}
			p.shape(dyed, ribbon(spine, func(t float64) float64 { return 0.010 + 0.034*reach*math.Sin(math.Pi*math.Pow(t, 1.5)) }))
			if row == 0 {
				p.line(wax, 0.5, spine[len(spine)/2:len(spine)-2])
			}
		}
	}
	p.shape(b.dyes[2], circle(shoulder, 0.045))
	p.line(wax, 0.6, spiral(shoulder, 0.036, angle, 1.4))
}

func (b phoenix) drawLegs(p *pen) {
	for _, x := range []float64{-0.28, -0.20} {
		knee, foot := point{x + 0.03, 0.28}, point{x - 0.005, 0.44}
		p.shape(b.dyes[0], ribbon(smooth(false, point{x, 0.10}, point{x + 0.01, 0.20}, knee), taper(0.045, 0.012)))
		p.line(bare, 1.6, []point{knee, foot})
		for _, toe := range []float64{-0.06, -0.03, 0.035} {
			p.line(bare, 1.2, []point{foot, {foot.x + toe, foot.y + 0.022}})
		}
	}
}

func sign(x float64) float64 { return math.Copysign(1, x) }

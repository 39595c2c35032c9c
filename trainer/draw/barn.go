package draw

import "math/rand/v2"

// barn is a rangkiang, the rice barn that stands before the house: a tall closed
// body, wider at the top, on four long stilts under one steep two-horned roof.
type barn struct {
	roof    saddle
	body    quad
	weave   int // the wall's covering: lattice, friezes or boards
	carving int
	ladder  bool
	gable   bool
	round   bool
	braced  bool
	dyes    [3]dye
}

func rangkiang(rng *rand.Rand) figure {
	half := between(rng, 0.19, 0.25)
	lean := between(rng, 0.035, 0.075)
	top, floor := between(rng, -0.10, -0.04), between(rng, 0.17, 0.22)
	roof := randomSaddle(rng)
	roof.eave = half + between(rng, 0.05, 0.08)
	roof.horns = roof.eave * between(rng, 0.98, 1.16)
	roof.eaveY = top + 0.01
	roof.ridgeY = roof.eaveY - between(rng, 0.15, 0.19)
	roof.tipY = between(rng, -0.46, -0.42)
	b := barn{
		roof:    roof,
		body:    quad{point{-half, top}, point{half, top}, point{half - lean, floor}, point{lean - half, floor}},
		weave:   rng.IntN(3),
		carving: rng.IntN(friezes),
		ladder:  chance(rng, 0.55),
		gable:   chance(rng, 0.7),
		round:   chance(rng, 0.4),
		braced:  chance(rng, 0.5),
		dyes:    pick(rng, [][3]dye{{first, second, third}, {second, first, third}, {third, second, first}, {first, third, second}}),
	}
	return figure{width: 2*roof.horns + 0.05, draw: b.draw}
}

func (b barn) draw(p *pen) {
	const groundY = 0.465
	if b.braced {
		y := 0.33
		p.line(bare, 1.2, []point{{b.body.bottomLeft.x, y}, {b.body.bottomRight.x, y}})
	}
	for _, u := range []float64{-0.88, -0.32, 0.32, 0.88} {
		top := b.body.at(u, 1)
		drawPost(p, top, point{top.x * 1.06, groundY}, 0.016, b.dyes[2])
	}
	b.drawBody(p)
	b.roof.draw(p, b.dyes[0])
	if b.gable {
		b.roof.gableBoard(p, b.dyes[2])
	}
	if b.ladder {
		drawStair(p, b.body.at(0, 0.7), point{0.02, groundY + 0.02}, 0.034, 8)
	}
}

func (b barn) drawBody(p *pen) {
	p.shape(b.dyes[1], b.body.outline())
	switch b.weave {
	case 0:
		b.lattice(p)
	case 1:
		for i := range 4 {
			v := 0.18 + 0.2*float64(i)
			frieze(p, b.body.part(-0.95, v+0.02, 0.95, v+0.17), (b.carving+i)%friezes, b.dyes[i%2*2])
			p.line(wax, 0.6, []point{b.body.at(-1, v), b.body.at(1, v)})
		}
	default:
		for u := -0.75; u < 0.9; u += 0.25 {
			p.line(wax, 0.6, []point{b.body.at(u, 0.18), b.body.at(u, 0.86)})
		}
	}
	sill := b.body
	sill.topLeft, sill.topRight = b.body.at(-1, 0.86), b.body.at(1, 0.86)
	p.shape(b.dyes[2], sill.outline())
	frieze(p, sill, 1, b.dyes[0])
	b.drawHatch(p)
}

func (b barn) lattice(p *pen) {
	const n = 6
	for i := -n; i < n; i++ {
		u0, u1 := 2*float64(i)/n-1, 2*float64(i)/n+1
		lower, upper := max(u0, -1), min(u1, 1)
		down := func(u float64) float64 { return 0.14 + 0.72*(u-u0)/2 }
		p.line(wax, 0.5, []point{b.body.at(lower, down(lower)), b.body.at(upper, down(upper))})
		p.line(wax, 0.5, []point{b.body.at(-lower, down(lower)), b.body.at(-upper, down(upper))})
	}
}

// drawHatch draws the small opening high in the wall through which the rice is filled.
func (b barn) drawHatch(p *pen) {
	hatch := b.body.part(-0.24, 0.30, 0.24, 0.66)
	if b.round {
		p.shape(ground, []point{hatch.at(-1, 1), hatch.at(-1, 0.35), hatch.at(-0.5, 0), hatch.at(0.5, 0), hatch.at(1, 0.35), hatch.at(1, 1)})
	} else {
		p.shape(ground, hatch.outline())
	}
	p.line(wax, 0.6, []point{hatch.at(0, 0), hatch.at(0, 1)})
}

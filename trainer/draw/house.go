package draw

import "math/rand/v2"

// figure is one drawing of a motif: its width for a height of one, and how it is drawn.
type figure struct {
	width float64
	draw  func(*pen)
}

// house is a rumah gadang, the great house: a long front of windows on many stilts
// under two or three saddles, so four or six horns.
type house struct {
	roofs   []saddle // from the longest to the topmost
	wall    quad
	stilts  int
	windows int
	arched  bool
	carving [2]int
	stairAt float64 // u of the door
	porch   bool
	dyes    [3]dye
}

func rumahGadang(rng *rand.Rand) figure {
	h := newHouse(rng)
	return figure{width: 2*h.roofs[0].horns + 0.06, draw: h.draw}
}

func newHouse(rng *rand.Rand) house {
	half := between(rng, 0.54, 0.76)
	lean := between(rng, 0.04, 0.10)
	top, floor := between(rng, 0.05, 0.10), between(rng, 0.27, 0.31)
	h := house{
		wall:    quad{point{-half, top}, point{half, top}, point{half - lean, floor}, point{lean - half, floor}},
		stilts:  5 + rng.IntN(4),
		windows: 2 + rng.IntN(3),
		arched:  chance(rng, 0.5),
		carving: [2]int{rng.IntN(friezes), rng.IntN(friezes)},
		stairAt: pick(rng, []float64{0, 0, 0, -0.42, 0.42}),
		dyes:    pick(rng, [][3]dye{{first, second, third}, {second, first, third}, {first, third, second}, {third, first, second}}),
	}
	h.porch = h.stairAt == 0 && chance(rng, 0.6)
	roof := randomSaddle(rng)
	tiers := 2 + rng.IntN(2)
	for i := range tiers {
		t := float64(i) / float64(tiers-1)
		r := roof
		r.eave = (half + 0.04) * (1 - 0.56*t)
		r.horns = r.eave * between(rng, 0.98, 1.05)
		r.eaveY = top + 0.015 - 0.15*t
		r.ridgeY = r.eaveY - between(rng, 0.155, 0.185)
		r.tipY = -0.25 - 0.18*t - between(rng, 0, 0.03)
		h.roofs = append(h.roofs, r)
	}
	return h
}

func (h house) draw(p *pen) {
	const ground = 0.46
	for i := range h.stilts {
		u := 0.92 * (2*float64(i)/float64(h.stilts-1) - 1)
		top := h.wall.at(u, 1)
		drawPost(p, top, point{top.x * 0.99, ground}, 0.014, h.dyes[2])
	}
	h.drawWall(p)
	for i, r := range h.roofs {
		d := h.dyes[0]
		if i%2 == 1 {
			d = h.dyes[1]
		}
		r.draw(p, d)
	}
	h.drawEntrance(p, ground)
}

func (h house) drawWall(p *pen) {
	p.shape(h.dyes[1], h.wall.outline())
	frieze(p, h.wall.part(-0.97, 0.30, 0.97, 0.42), h.carving[0], h.dyes[2])
	frieze(p, h.wall.part(-0.97, 0.84, 0.97, 0.98), h.carving[1], h.dyes[0])
	for _, v := range []float64{0.28, 0.44, 0.82} {
		p.line(wax, 0.6, []point{h.wall.at(-1, v), h.wall.at(1, v)})
	}
	n := 2*h.windows + 1
	for i := range n {
		u0, u1 := 2*float64(i)/float64(n)-1, 2*float64(i+1)/float64(n)-1
		inset := 0.2 * (u1 - u0)
		if i == h.windows && h.stairAt == 0 {
			continue
		}
		panel := h.wall.part(u0+inset, 0.48, u1-inset, 0.80)
		if i%2 == h.windows%2 {
			p.shape(h.dyes[2], []point{panel.at(0, 0), panel.at(1, 0.5), panel.at(0, 1), panel.at(-1, 0.5)})
			p.dots(wax, 0.008, panel.at(0, 0.5))
			continue
		}
		h.drawWindow(p, panel)
	}
}

func (h house) drawWindow(p *pen, panel quad) {
	if h.arched {
		p.shape(ground, []point{panel.at(-1, 1), panel.at(-1, 0.3), panel.at(-0.5, 0), panel.at(0.5, 0), panel.at(1, 0.3), panel.at(1, 1)})
	} else {
		p.shape(ground, panel.outline())
		p.line(wax, 0.5, []point{panel.at(-1, 0.5), panel.at(1, 0.5)})
	}
	p.line(wax, 0.6, []point{panel.at(0, 0), panel.at(0, 1)})
}

func (h house) drawEntrance(p *pen, groundY float64) {
	door := h.wall.at(h.stairAt, 1)
	if h.porch {
		porch := quad{point{door.x - 0.105, 0.10}, point{door.x + 0.105, 0.10}, point{door.x + 0.09, door.y + 0.02}, point{door.x - 0.09, door.y + 0.02}}
		p.shape(h.dyes[2], porch.outline())
		p.shape(ground, porch.part(-0.5, 0.3, 0.5, 1).outline())
		roof := h.roofs[0]
		roof.eave, roof.horns, roof.eaveY, roof.ridgeY, roof.tipY, roof.thatch = 0.135, 0.14, 0.11, 0.04, -0.07, 1
		roof.draw(p, h.dyes[0])
	} else {
		p.shape(ground, h.wall.part(h.stairAt-0.10, 0.46, h.stairAt+0.10, 1).outline())
	}
	drawStair(p, point{door.x, door.y + 0.01}, point{door.x, groundY + 0.01}, 0.052, 5)
}

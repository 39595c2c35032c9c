package draw

import (
	"math"
	"math/rand/v2"
)

// cart is a kabau padati: a water buffalo drawing a two-wheeled covered cart, seen
// from the side, the buffalo at the left.
type cart struct {
	wheel    float64 // radius
	spokes   int
	cover    int // 0 horned roof, 1 round, 2 both ends flared
	hide     int // filler on the buffalo: dots, curls, scales or none
	swept    bool
	stride   float64
	nod      float64 // head lowered, figure units
	driver   bool
	roof     saddle
	dyes     [3]dye
	farWheel bool
}

func kabauPadati(rng *rand.Rand) figure {
	c := cart{
		wheel:    between(rng, 0.22, 0.27),
		spokes:   8 + 2*rng.IntN(3),
		cover:    rng.IntN(3),
		hide:     rng.IntN(4),
		swept:    chance(rng, 0.4),
		stride:   between(rng, -0.06, 0.06),
		nod:      between(rng, -0.03, 0.07),
		driver:   chance(rng, 0.35),
		roof:     randomSaddle(rng),
		dyes:     pick(rng, [][3]dye{{first, second, third}, {second, first, third}, {third, second, first}, {first, third, second}}),
		farWheel: chance(rng, 0.6),
	}
	return figure{width: 1.96, draw: c.draw}
}

const cartGround = 0.44

func (c cart) draw(p *pen) {
	hub := point{0.47, cartGround - c.wheel}
	if c.farWheel {
		c.drawWheel(p, hub.add(point{0.075, -0.02}), c.wheel*0.94)
	}
	c.drawCover(p)
	c.drawBed(p)
	c.drawWheel(p, hub, c.wheel)
	c.drawBuffalo(p)
	if c.driver {
		c.drawDriver(p)
	}
}

func (c cart) drawWheel(p *pen, hub point, radius float64) {
	p.shape(c.dyes[2], circle(hub, radius))
	p.shape(ground, circle(hub, radius*0.80))
	for i := range c.spokes {
		a := 2 * math.Pi * (float64(i) + 0.3) / float64(c.spokes)
		p.line(bare, 1.1, []point{hub.polar(radius*0.2, a), hub.polar(radius*0.80, a)})
		p.dots(wax, 0.006, hub.polar(radius*0.9, a+math.Pi/float64(c.spokes)))
	}
	p.shape(c.dyes[1], circle(hub, radius*0.24))
	p.dots(wax, 0.02, hub)
}

func (c cart) drawBed(p *pen) {
	p.line(bare, 2.2, smooth(false, point{0.12, 0.10}, point{-0.20, 0.02}, point{-0.50, -0.13}))
	bed := quad{point{0.06, 0.03}, point{0.92, 0.03}, point{0.90, 0.13}, point{0.09, 0.13}}
	p.shape(c.dyes[1], bed.outline())
	frieze(p, bed.part(-0.97, 0.15, 0.97, 0.85), 0, c.dyes[2])
}

func (c cart) drawCover(p *pen) {
	const middle = 0.49
	side := quad{point{middle - 0.34, -0.17}, point{middle + 0.34, -0.17}, point{middle + 0.32, 0.03}, point{middle - 0.32, 0.03}}
	if c.cover == 1 {
		p.shape(c.dyes[0], append(arc(point{middle, 0.03}, 0.37, 0.40, math.Pi, 2*math.Pi), point{middle + 0.37, 0.03}, point{middle - 0.37, 0.03}))
		for t := 0.2; t < 0.95; t += 0.2 {
			p.line(wax, 0.7, arc(point{middle, 0.03}, 0.37*t, 0.40, math.Pi, 2*math.Pi))
		}
		p.line(wax, 0.9, []point{{middle - 0.34, -0.12}, {middle + 0.34, -0.12}})
		return
	}
	p.shape(c.dyes[2], side.outline())
	frieze(p, side.part(-0.95, 0.1, 0.95, 0.45), c.spokes/2%friezes, c.dyes[1])
	for i := range 4 {
		u := -0.72 + 0.48*float64(i)
		p.shape(ground, side.part(u-0.14, 0.52, u+0.14, 0.98).outline())
	}
	roof := c.roof
	roof.eave, roof.horns, roof.eaveY, roof.ridgeY, roof.tipY = 0.41, 0.43, -0.15, -0.29, -0.45
	if c.cover == 2 {
		roof.sharp, roof.tipY, roof.ridgeY = 1.9, -0.40, -0.32
	}
	place := *p
	place.matrix = p.matrix.Translate(middle, 0)
	roof.draw(&place, c.dyes[0])
}

func (c cart) drawBuffalo(p *pen) {
	hide := c.dyes[0]
	s := c.stride
	c.drawLeg(p, point{-0.60, 0.06}, -s-0.02, c.dyes[1])
	c.drawLeg(p, point{-0.20, 0.05}, s, c.dyes[1])
	p.line(bare, 1.4, smooth(false, point{-0.085, -0.03}, point{-0.045, 0.06}, point{-0.06, 0.17}, point{-0.045, 0.22}))
	p.shape(hide, ribbon(smooth(false, point{-0.05, 0.19}, point{-0.04, 0.25}, point{-0.05, 0.30}), leafShape(0.02)))
	p.shape(hide, smooth(true,
		point{-0.09, -0.06}, point{-0.20, -0.095}, point{-0.36, -0.10}, point{-0.50, -0.15}, point{-0.62, -0.15},
		point{-0.70, -0.06}, point{-0.69, 0.06}, point{-0.62, 0.15}, point{-0.46, 0.19}, point{-0.30, 0.195},
		point{-0.16, 0.15}, point{-0.085, 0.06}))
	c.drawHide(p)
	c.drawLeg(p, point{-0.56, 0.07}, s+0.01, hide)
	c.drawLeg(p, point{-0.155, 0.04}, -s-0.01, hide)
	c.drawHead(p)
	p.shape(c.dyes[2], ribbon(smooth(false, point{-0.50, -0.17}, point{-0.54, -0.02}, point{-0.56, 0.13}), taper(0.016, 0.012)))
}

func (c cart) drawLeg(p *pen, hip point, step float64, d dye) {
	knee := point{hip.x + 0.6*step - 0.01, 0.27}
	foot := point{hip.x + step, cartGround - 0.015}
	p.shape(d, ribbon(smooth(false, hip, knee, foot), func(t float64) float64 { return 0.058 - 0.034*math.Sqrt(t) }))
	p.shape(c.dyes[2], []point{{foot.x - 0.032, cartGround}, {foot.x - 0.022, foot.y - 0.022}, {foot.x + 0.024, foot.y - 0.022}, {foot.x + 0.030, cartGround}})
}

func (c cart) drawHide(p *pen) {
	switch c.hide {
	case 0:
		for i := range 30 {
			x := -0.60 + 0.45*math.Mod(float64(i)*0.618, 1)
			y := -0.06 + 0.20*(float64(i)+0.5)/30
			p.dots(wax, 0.006, point{x, y})
		}
	case 1:
		p.line(wax, 0.8, spiral(point{-0.22, 0.05}, 0.075, 0, 1.6))
		p.line(wax, 0.8, spiral(point{-0.40, 0.04}, 0.075, 2, 1.6))
		p.line(wax, 0.8, spiral(point{-0.60, 0.00}, 0.06, 4, 1.6))
	case 2:
		for row := range 4 {
			for i := range 6 {
				x := -0.58 + 0.072*float64(i) + 0.036*float64(row%2)
				p.line(wax, 0.6, arc(point{x, -0.045 + 0.052*float64(row)}, 0.035, 0.035, 0, math.Pi))
			}
		}
	default:
		p.line(wax, 0.8, smooth(false, point{-0.66, 0.02}, point{-0.56, 0.13}, point{-0.36, 0.16}, point{-0.18, 0.12}))
	}
}

func (c cart) drawHead(p *pen) {
	n := c.nod
	poll := point{-0.70, -0.16 + 0.5*n}
	c.drawHorns(p, poll)
	p.shape(c.dyes[0], smooth(true,
		point{-0.62, -0.15 + 0.3*n}, point{-0.69, -0.18 + 0.5*n}, point{-0.76, -0.14 + n}, point{-0.83, -0.01 + n}, point{-0.895, 0.075 + n},
		point{-0.90, 0.12 + n}, point{-0.85, 0.145 + n}, point{-0.79, 0.115 + n}, point{-0.72, 0.07 + n}, point{-0.65, 0.05 + 0.6*n}))
	p.shape(c.dyes[1], ribbon(smooth(false, point{-0.66, -0.13 + 0.5*n}, point{-0.60, -0.10 + 0.5*n}, point{-0.55, -0.11 + 0.5*n}), leafShape(0.024)))
	eye := point{-0.755, -0.055 + n}
	p.shape(ground, circle(eye, 0.02))
	p.dots(wax, 0.009, eye)
	p.line(wax, 0.8, smooth(false, point{-0.885, 0.04 + n}, point{-0.845, 0.075 + n}, point{-0.80, 0.10 + n}))
	p.dots(wax, 0.008, point{-0.878, 0.085 + n})
}

// drawHorns draws the crescent of a water buffalo's horns, upright or swept back.
func (c cart) drawHorns(p *pen, poll point) {
	at := func(x, y float64) point { return poll.add(point{x, y}) }
	if c.swept {
		p.shape(c.dyes[2], ribbon(smooth(false, at(-0.03, 0.03), at(-0.04, -0.09), at(0.03, -0.18), at(0.15, -0.21), at(0.26, -0.17)), taper(0.030, 0.003)))
		p.shape(c.dyes[2], ribbon(smooth(false, at(0.01, 0.03), at(0.02, -0.06), at(0.09, -0.13), at(0.18, -0.13), at(0.27, -0.07)), taper(0.030, 0.003)))
		return
	}
	p.shape(c.dyes[2], ribbon(smooth(false, at(-0.02, 0.03), at(-0.10, -0.01), at(-0.165, -0.09), at(-0.165, -0.20), at(-0.10, -0.29)), taper(0.032, 0.003)))
	p.shape(c.dyes[2], ribbon(smooth(false, at(0.01, 0.02), at(0.09, -0.03), at(0.14, -0.11), at(0.13, -0.21), at(0.06, -0.29)), taper(0.032, 0.003)))
}

func (c cart) drawDriver(p *pen) {
	p.shape(c.dyes[1], smooth(true, point{0.02, 0.05}, point{0.01, -0.06}, point{0.06, -0.13}, point{0.115, -0.06}, point{0.12, 0.05}))
	p.line(bare, 1.2, smooth(false, point{0.06, -0.07}, point{0.0, -0.03}, point{-0.06, -0.06}))
	p.line(bare, 1, []point{{-0.06, -0.06}, {-0.16, -0.26}})
	p.shape(ground, circle(point{0.06, -0.165}, 0.04))
	p.shape(c.dyes[2], []point{{-0.01, -0.18}, {0.06, -0.26}, {0.13, -0.18}})
}

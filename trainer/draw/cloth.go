package draw

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"git.sr.ht/~sbinet/gg"
)

var figures = map[string]func(*rand.Rand) figure{
	"rumah_gadang": rumahGadang,
	"rangkiang":    rangkiang,
	"kabau_padati": kabauPadati,
	"burung_hong":  burungHong,
}

// Cloth draws a flat batik cloth of one of Motifs, 4 to 3 and height pixels
// high: a clay-dyed ground with its filler, the motif once or repeated,
// ornaments, borders and the fine cracks of the wax. The motif always lies about
// the middle. It returns nil for a motif that is none of Motifs.
func Cloth(motif string, height int, rng *rand.Rand) *image.RGBA {
	newFigure, known := figures[motif]
	if !known {
		return nil
	}
	c := newCloth(newFigure(rng), height, rng)
	pick(rng, layouts)(c)
	canvas := c.pen.dc.Image().(*image.RGBA)
	c.crackle()
	dyeUnevenly(canvas, rng)
	return canvas
}

// cloth is a cloth being drawn.
type cloth struct {
	rng    *rand.Rand
	pen    *pen // its unit is the cloth's height
	figure figure
	style  drawingStyle
	filler isen
	faint  float64 // how far the filler sinks into the ground, 0 to 1
	pitch  float64 // of the filler, pixels
	border borderStyle
	echo   bool // contour lines around the figures
	whole  area
}

func newCloth(f figure, height int, rng *rand.Rand) *cloth {
	h := float64(height)
	w := h * 4 / 3
	dc := gg.NewContext(int(w), height)
	dc.SetLineCapRound()
	dc.SetLineJoinRound()
	p := &pen{dc: dc, unit: h, width: h * between(rng, 0.0028, 0.0042), dyes: mix(rng)}
	p.tremor = newTremor(rng, h*between(rng, 0.0006, 0.0022), h*0.12)
	c := &cloth{
		rng:    rng,
		pen:    p,
		figure: f,
		style:  pick(rng, []drawingStyle{dyed, dyed, dyed, oneDye, outlined, reserved}),
		filler: pick(rng, isens),
		faint:  between(rng, 0.45, 0.72),
		pitch:  h * between(rng, 0.020, 0.030),
		border: pick(rng, borderStyles),
		echo:   chance(rng, 0.4),
		whole:  area{0, 0, w, h},
	}
	p.fillArea(c.whole, p.dyes[ground])
	return c
}

func (p *pen) fillArea(a area, c color.Color) {
	p.dc.DrawRectangle(a.x0, a.y0, a.width(), a.height())
	p.dc.SetColor(c)
	p.dc.Fill()
}

// fill covers an area with the cloth's filler, sunk into the ground.
func (c *cloth) fill(a area) {
	p := *c.pen
	p.unit = c.pitch
	p.width *= 0.8
	p.dyes[wax] = blend(p.dyes[wax], p.dyes[ground], c.faint)
	c.filler(&p, a, c.rng)
}

// stamp draws the figure at a height in pixels, set off from the filler.
func (c *cloth) stamp(x, y, height, turn float64, mirrored bool) {
	p := c.pen.placed(x, y, height, turn, mirrored)
	p.dyes = restyle(p.dyes, c.style)
	p.width = min(c.pen.width, height*0.0095)
	p.tremor.size *= min(height/c.pen.unit*1.6, 1)
	c.setOff(p, c.figure.draw)
}

func (c *cloth) strew(x, y, size float64) {
	p := c.pen.placed(x, y, size, c.rng.Float64()*2*math.Pi, false)
	p.dyes = restyle(p.dyes, c.style)
	p.width = min(c.pen.width, size*0.025)
	c.setOff(p, pick(c.rng, ornaments)(c.rng))
}

// setOff draws a figure on a reserve of plain ground, with a contour line when the
// cloth has them.
func (c *cloth) setOff(p *pen, draw func(*pen)) {
	reserve := *p
	reserve.halo = 3.2 * p.width
	if c.echo {
		reserve.halo += 1.6 * p.width
		reserve.haloDyed = blend(c.pen.dyes[wax], c.pen.dyes[ground], 0.35)
		draw(&reserve)
		reserve.halo -= 1.1 * p.width
	}
	reserve.haloDyed = c.pen.dyes[ground]
	draw(&reserve)
	draw(p)
}

// layouts are the ways a cloth is composed.
var layouts = []func(*cloth){single, single, halfDrop, halfDrop, grid, medallions, bands}

// fit is the figure's height when it may be at most so wide and so high.
func (c *cloth) fit(width, height float64) float64 {
	return min(width/c.figure.width, height)
}

// single is one large figure within a border, ornaments all about it.
func single(c *cloth) {
	c.fill(c.whole)
	h := c.whole.height()
	inner := c.whole
	if chance(c.rng, 0.7) {
		inner = c.frame(h * between(c.rng, 0.09, 0.13))
	}
	x, y := c.whole.centre()
	height := c.fit(0.84*h, 0.84*inner.height()) * between(c.rng, 0.86, 1.02)
	x += between(c.rng, -0.03, 0.03) * h
	c.surround(x, y, c.figure.width*height/2, height/2, inner)
	c.stamp(x, y, height, between(c.rng, -0.06, 0.06), chance(c.rng, 0.5))
}

// surround strews ornaments within an area, clear of a box about x, y and of each other.
func (c *cloth) surround(x, y, halfWidth, halfHeight float64, within area) {
	h := c.whole.height()
	within = within.inset(0.07 * h)
	var placed []point
	for range 40 {
		at := point{between(c.rng, within.x0, within.x1), between(c.rng, within.y0, within.y1)}
		size := h * between(c.rng, 0.09, 0.15)
		clear := math.Abs(at.x-x) > halfWidth+0.5*size || math.Abs(at.y-y) > halfHeight+0.5*size
		for _, other := range placed {
			clear = clear && math.Hypot(at.x-other.x, at.y-other.y) > 0.2*h
		}
		if clear {
			c.strew(at.x, at.y, size)
			placed = append(placed, at)
		}
	}
}

// halfDrop repeats the figure, every other row shifted by half, ornaments between.
func halfDrop(c *cloth) {
	c.fill(c.whole)
	h := c.whole.height()
	size := c.fit(0.56*h, 0.44*h) * between(c.rng, 0.75, 1.05)
	dx := size*c.figure.width + h*between(c.rng, 0.12, 0.2)
	dy := size + h*between(c.rng, 0.05, 0.1)
	alternate, mirrored := chance(c.rng, 0.5), chance(c.rng, 0.5)
	turn := between(c.rng, -0.05, 0.05)
	x0, y0 := c.whole.centre()
	for row := -2; row <= 2; row++ {
		for column := -4; column <= 4; column++ {
			x := x0 + (float64(column)+0.5*float64(row&1))*dx
			y := y0 + float64(row)*dy
			if c.beyond(x, y, dx/2) {
				continue
			}
			c.strew(x+dx/2, y+between(c.rng, -0.1, 0.1)*dy, h*between(c.rng, 0.075, 0.11))
			c.stamp(x, y, size, turn, mirrored != (alternate && row&1 == 1))
		}
	}
}

func (c *cloth) beyond(x, y, margin float64) bool {
	return x < -margin || y < -margin || x > c.whole.x1+margin || y > c.whole.y1+margin
}

// grid sets one figure in each square of a lattice.
func grid(c *cloth) {
	c.fill(c.whole)
	h := c.whole.height()
	cell := h * between(c.rng, 0.42, 0.56)
	size := c.fit(0.86*cell, 0.80*cell)
	mirrored, chequered := chance(c.rng, 0.5), chance(c.rng, 0.5)
	x0, y0 := c.whole.centre()
	if chance(c.rng, 0.5) {
		y0 += cell / 2
	}
	bar := h * between(c.rng, 0.018, 0.034)
	for row := -3; row <= 3; row++ {
		for column := -4; column <= 4; column++ {
			x, y := x0+float64(column)*cell, y0+float64(row)*cell
			if c.beyond(x, y, cell/2) {
				continue
			}
			if chequered && (row+column)&1 == 1 {
				c.pen.fillArea(area{x - cell/2, y - cell/2, x + cell/2, y + cell/2}, blend(c.pen.dyes[ground], c.pen.dyes[third], 0.18))
			}
			c.stamp(x, y, size, 0, mirrored != ((row+column)&1 == 1))
		}
	}
	c.lattice(x0, y0, cell, bar)
}

// lattice draws the bars between the squares of a grid, a blossom at each crossing.
func (c *cloth) lattice(x0, y0, cell, bar float64) {
	q := c.pen.placed(0, 0, 1, 0, false)
	for i := -4.5; i < 5; i++ {
		x, y := x0+i*cell, y0+i*cell
		for _, side := range []float64{-0.5, 0.5} {
			q.line(wax, 1, steps(point{x + side*bar, 0}, point{x + side*bar, c.whole.y1}))
			q.line(wax, 1, steps(point{0, y + side*bar}, point{c.whole.x1, y + side*bar}))
		}
	}
	draw := blossom(c.rng)
	for i := -4.5; i < 5; i++ {
		for j := -4.5; j < 5; j++ {
			if x, y := x0+i*cell, y0+j*cell; !c.beyond(x, y, cell/2) {
				p := c.pen.placed(x, y, 2.6*bar, 0, false)
				p.width *= 0.7
				c.setOff(p, draw)
			}
		}
	}
}

// medallions are round fields of plain ground, ringed, with a figure in each.
func medallions(c *cloth) {
	c.fill(c.whole)
	h := c.whole.height()
	x0, y0 := c.whole.centre()
	if chance(c.rng, 0.5) {
		radius := h * between(c.rng, 0.36, 0.42)
		c.medallion(x0, y0, radius)
		c.surround(x0, y0, 1.05*radius, 1.05*radius, c.whole)
		return
	}
	radius := h * between(c.rng, 0.24, 0.28)
	d := 2.12 * radius
	for row := -1; row <= 1; row++ {
		for column := -2; column <= 2; column++ {
			x, y := x0+(float64(column)+0.5*float64(row&1))*d, y0+float64(row)*d*0.9
			if !c.beyond(x, y, radius) {
				c.medallion(x, y, radius)
			}
		}
	}
}

func (c *cloth) medallion(x, y, radius float64) {
	p := c.pen.placed(x, y, radius, 0, false)
	var o point
	const lobes = 24
	for i := range lobes {
		p.shape(dye(int(first)+i%2), circle(o.polar(0.93, 2*math.Pi*float64(i)/lobes), 0.11))
		p.dots(wax, 0.025, o.polar(0.97, 2*math.Pi*float64(i)/lobes))
	}
	rim := make([]point, 12)
	for i := range rim {
		rim[i] = o.polar(0.9, 2*math.Pi*float64(i)/float64(len(rim)))
	}
	field := smooth(true, rim...)
	p.shape(ground, field)
	for i, q := range field {
		field[i] = q.scale(0.945)
	}
	p.line(wax, 0.8, append(field, field[0]))
	c.stamp(x, y, c.fit(1.52*radius, 1.28*radius), 0, false)
}

// bands are rows of figures between rows of border.
func bands(c *cloth) {
	h := c.whole.height()
	x0, y0 := c.whole.centre()
	row := h * between(c.rng, 0.36, 0.5)
	edge := h * between(c.rng, 0.06, 0.10)
	size := c.fit(0.72*h, 0.78*row)
	dx := size*c.figure.width + h*between(c.rng, 0.10, 0.18)
	mirrored := chance(c.rng, 0.5)
	c.fill(c.whole)
	for i := -1.0; i <= 1; i++ {
		y := y0 + i*(row+edge)
		for j := -4.0; j <= 4; j++ {
			x := x0 + (j+0.5*math.Abs(i))*dx
			if c.beyond(x, y, dx/2) {
				continue
			}
			c.strew(x+dx/2, y, h*between(c.rng, 0.08, 0.11))
			c.stamp(x, y, size, 0, mirrored)
		}
	}
	for _, side := range []float64{-1, 1} {
		y := y0 + side*(row+edge)/2
		drawBand(c.pen, area{c.whole.x0, y - edge/2, c.whole.x1, y + edge/2}, c.border, side > 0)
	}
}

// frame draws a border around the cloth and returns the area within.
func (c *cloth) frame(width float64) area {
	w := c.whole
	drawColumn(c.pen, area{w.x0, w.y0, w.x0 + width, w.y1}, c.border, false)
	drawColumn(c.pen, area{w.x1 - width, w.y0, w.x1, w.y1}, c.border, true)
	drawBand(c.pen, area{w.x0, w.y0, w.x1, w.y0 + width}, c.border, true)
	drawBand(c.pen, area{w.x0, w.y1 - width, w.x1, w.y1}, c.border, false)
	return w.inset(width)
}

package draw

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
)

// crackle draws the veins (retak) where the dye crept through cracks in the wax.
func (c *cloth) crackle() {
	amount := c.rng.Float64()
	dark := blend(c.pen.dyes[ground], color.RGBA{20, 10, 5, 255}, 0.6)
	veins := int(6 + 34*amount*amount)
	p := c.pen.placed(0, 0, 1, 0, false)
	for range veins {
		c.vein(p, point{c.rng.Float64() * c.whole.x1, c.rng.Float64() * c.whole.y1}, c.rng.Float64()*2*math.Pi, 14+c.rng.IntN(22), 1)
	}
	p.dc.SetColor(color.NRGBA{dark.R, dark.G, dark.B, uint8(60 + 90*amount)})
	p.dc.SetLineWidth(0.42 * c.pen.width)
	p.dc.Stroke()
}

// vein adds one crack that turns at random and may fork.
func (c *cloth) vein(p *pen, at point, angle float64, length, forks int) {
	step := 0.014 * c.whole.height()
	line := []point{at}
	for i := range length {
		angle += between(c.rng, -0.55, 0.55)
		at = at.polar(step*between(c.rng, 0.5, 1.4), angle)
		line = append(line, at)
		if forks > 0 && i > 3 && chance(c.rng, 0.08) {
			c.vein(p, at, angle+pick(c.rng, []float64{-0.9, 0.9}), length/2, forks-1)
		}
	}
	p.trace(line, false)
}

// dyeUnevenly varies the depth of the dye over the cloth, cloud-like, with a
// slight grain.
func dyeUnevenly(canvas *image.RGBA, rng *rand.Rand) {
	b := canvas.Bounds()
	clouds := newClouds(rng, float64(b.Dy())*0.30)
	wisps := newClouds(rng, float64(b.Dy())*0.07)
	depth := between(rng, 0.03, 0.10)
	for y := range b.Dy() {
		row := canvas.Pix[y*canvas.Stride:][:4*b.Dx()]
		for x := range b.Dx() {
			k := 1 + depth*(clouds.at(x, y)+0.45*wisps.at(x, y))
			for i := range 3 {
				row[4*x+i] = clamp(float64(row[4*x+i])*k - 0.5)
			}
		}
	}
}

// clouds is smooth value noise from -1 to 1 over the cloth.
type clouds struct {
	pitch  float64
	values [64 * 64]float64
}

func newClouds(rng *rand.Rand, pitch float64) *clouds {
	c := &clouds{pitch: pitch}
	for i := range c.values {
		c.values[i] = between(rng, -1, 1)
	}
	return c
}

func (c *clouds) at(x, y int) float64 {
	fx, fy := float64(x)/c.pitch, float64(y)/c.pitch
	ix, iy := int(fx), int(fy)
	tx, ty := ease(fx-float64(ix)), ease(fy-float64(iy))
	at := func(i, j int) float64 { return c.values[(j&63)<<6|i&63] }
	top := at(ix, iy) + (at(ix+1, iy)-at(ix, iy))*tx
	bottom := at(ix, iy+1) + (at(ix+1, iy+1)-at(ix, iy+1))*tx
	return top + (bottom-top)*ty
}

func ease(t float64) float64 { return t * t * (3 - 2*t) }

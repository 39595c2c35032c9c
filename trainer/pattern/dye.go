package pattern

import (
	"math"

	"canting/trainer/draw"
)

type colour [3]float32

// cloth is how a sheet is dyed. None of it tells the family.
type cloth struct {
	ground, line colour
	parts        [6]colour
	within       func(edge float32) float32 // share of the part's colour at a distance within
	half         float32                    // half width of the outline, pixels; negative for none
	echo         float32                    // distance of a second line outside, pixels; 0 for none
	filler       func(x, y int) float32     // share of the line's colour in the ground
}

// dye colours a sheet as some cloth and wears it.
func dye(s *sheet, d dice) []byte {
	c := newCloth(d)
	light := newLight(d, s.side)
	rgb := make([]byte, 0, 3*len(s.edge))
	for i, e := range s.edge {
		x, y := i%s.side, i/s.side
		k, grain := light.at(x, y), light.grain*float32(d.NormFloat64())
		for ch, v := range c.at(e, s.part[i], x, y) {
			rgb = append(rgb, byte(min(max(v*k*light.lamp[ch]+light.veil+grain, 0), 255)))
		}
	}
	return rgb
}

func (c *cloth) at(e float32, part uint8, x, y int) colour {
	at := c.ground
	if e > 0.5 && c.filler != nil {
		at = at.towards(c.line, c.filler(x, y))
	}
	if e < 0.5 {
		at = at.towards(c.parts[int(part)%len(c.parts)], cover(e)*c.within(e))
	}
	if c.half > 0 {
		at = at.towards(c.line, cover(max(e, -e)-c.half))
	}
	if c.echo > 0 {
		at = at.towards(c.line, 0.8*cover(max(e-c.echo, c.echo-e)-0.5*c.half))
	}
	return at
}

// cover is the share of a pixel within an edge at that distance in pixels.
func cover(e float32) float32 { return min(max(0.5-e, 0), 1) }

func (c colour) towards(to colour, share float32) colour {
	for i := range c {
		c[i] += (to[i] - c[i]) * share
	}
	return c
}

func newCloth(d dice) *cloth {
	c := &cloth{half: float32(d.from(0.4, 1.4)), within: whole}
	c.colours(d)
	switch d.IntN(8) {
	case 0: // lines only
		c.within = func(float32) float32 { return 0.1 }
	case 1: // paler towards the edge
		deep := float32(d.from(3, 9))
		c.within = func(e float32) float32 { return min(0.25-e/deep, 1) }
	case 2: // darker towards the edge
		deep := float32(d.from(3, 9))
		c.within = func(e float32) float32 { return max(1+e/deep, 0.25) }
	case 3: // contours
		pitch := float32(d.from(2.5, 6))
		c.within = func(e float32) float32 { return 0.55 + 0.45*float32(math.Cos(float64(twoPi*e/pitch))) }
	}
	switch d.IntN(4) {
	case 0, 1:
		if c.within(-9) > 0.2 { // something has to be drawn
			c.half = -1
		}
	case 2:
		c.echo = c.half + float32(d.from(1.5, 4))
	}
	c.filler = newFiller(d)
	return c
}

func whole(float32) float32 { return 1 }

// colours are batik's, a few of one hue, or any that can be told apart.
func (c *cloth) colours(d dice) {
	var of []colour
	switch d.IntN(3) {
	case 0:
		for _, p := range draw.Dyes(d.Rand) {
			of = append(of, colour{float32(p.R), float32(p.G), float32(p.B)})
		}
	case 1:
		hue, spread := d.Float64(), d.from(0.02, 0.12)
		for _, v := range d.Perm(5) {
			of = append(of, hsv(hue+spread*d.NormFloat64(), d.from(0.2, 0.95), 0.12+0.2*float64(v)+d.from(0, 0.08)))
		}
	case 2:
		ground := d.Float64()
		of = []colour{hsv(d.Float64(), d.from(0, 0.9), ground)}
		for range 4 {
			of = append(of, hsv(d.Float64(), d.from(0.1, 1), math.Mod(ground+d.from(0.3, 0.7), 1)))
		}
	}
	c.ground, c.line = of[0], of[1].apart(of[0])
	for i := range c.parts {
		c.parts[i] = of[1+(i+1)%4].apart(of[0])
	}
	if d.odds(0.3) { // every part alike
		for i := range c.parts {
			c.parts[i] = c.parts[0]
		}
	}
}

// apart is the colour, or one like it in black or white's direction that can
// be told from the ground.
func (c colour) apart(ground colour) colour {
	const least = 45
	g := ground.luma()
	if l := c.luma(); max(l-g, g-l) >= least {
		return c
	}
	if g < 128 {
		return c.towards(colour{255, 255, 255}, 0.45)
	}
	return c.towards(colour{}, 0.45)
}

func (c colour) luma() float32 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }

// hsv is a colour of hue, saturation and value, each 0 to 1.
func hsv(h, s, v float64) colour {
	var c colour
	for i := range c {
		away := math.Abs(math.Mod(h+1+float64(3-i)/3, 1)*6 - 3)
		c[i] = float32(255 * v * (1 - s + s*bound(away-1, 0, 1)))
	}
	return c
}

// newFiller is batik's isen: fine dots or hatching in the ground, or none.
func newFiller(d dice) func(x, y int) float32 {
	strength := float32(d.from(0.15, 0.5))
	pitch := 3 + d.IntN(4)
	lean := d.IntN(3)
	switch d.IntN(6) {
	case 0: // cecek
		return func(x, y int) float32 {
			if (x+y/pitch%2*(pitch/2))%pitch == 0 && y%pitch == 0 {
				return 2 * strength
			}
			return 0
		}
	case 1: // galaran
		return func(x, y int) float32 {
			if (x*lean+y*(2-lean)+x)%pitch == 0 {
				return strength
			}
			return 0
		}
	}
	return nil
}

// light is what a camera adds: uneven dye and light, the lamp's colour, stray
// light and noise.
type light struct {
	pitch  float64
	values [9 * 9]float32
	lamp   colour
	veil   float32
	grain  float32
}

func newLight(d dice, side int) *light {
	l := &light{pitch: float64(side) / 8, veil: float32(40 * d.Float64() * d.Float64()), grain: float32(d.from(0, 9))}
	gain, slopeX, slopeY := d.from(0.7, 1.15), 0.25*d.NormFloat64(), 0.25*d.NormFloat64()
	uneven := d.from(0, 0.12)
	for i := range l.values {
		x, y := float64(i%9)/8-0.5, float64(i/9)/8-0.5
		l.values[i] = float32(gain * max(1+slopeX*x+slopeY*y+uneven*d.NormFloat64(), 0.3))
	}
	for i := range l.lamp {
		l.lamp[i] = float32(1 + 0.06*d.NormFloat64())
	}
	return l
}

// at interpolates the light at a pixel.
func (l *light) at(x, y int) float32 {
	fx, fy := float64(x)/l.pitch, float64(y)/l.pitch
	ix, iy := int(fx), int(fy)
	tx, ty := float32(fx-float64(ix)), float32(fy-float64(iy))
	row := l.values[9*iy+ix:]
	top := row[0] + (row[1]-row[0])*tx
	bottom := row[9] + (row[10]-row[9])*tx
	return top + (bottom-top)*ty
}

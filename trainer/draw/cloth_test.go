package draw

import (
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
)

func TestClothOfNoMotif(t *testing.T) {
	if cloth := Cloth("parang", 96, rand.New(rand.NewPCG(1, 2))); cloth != nil {
		t.Errorf("a cloth of an unknown motif has bounds %v, want nil", cloth.Bounds())
	}
}

// Every motif's figure stays within the box its layouts give it: half a unit up
// and down, half its width to the sides, the tips of horns and plumes apart.
func TestFiguresKeepToTheirBox(t *testing.T) {
	const size, slack = 200, 0.08
	for motif, newFigure := range figures {
		for seed := range uint64(20) {
			rng := rand.New(rand.NewPCG(seed, 0))
			f := newFigure(rng)
			c := newCloth(f, 2*size, rng)
			blank := c.pen.dyes[ground]
			p := c.pen.placed(c.whole.x1/2, c.whole.y1/2, size, 0, false)
			p.dyes = [numDyes]color.RGBA{ground: blank}
			for d := wax; d < numDyes; d++ {
				p.dyes[d] = color.RGBA{R: blank.R ^ 0x80, A: 255}
			}
			f.draw(p)
			drawn := extent(c.pen.dc.Image().(*image.RGBA), blank)
			box := image.Rect(int(c.whole.x1/2-size*(f.width/2+slack)), int(c.whole.y1/2-size*(0.5+slack)),
				int(c.whole.x1/2+size*(f.width/2+slack)), int(c.whole.y1/2+size*(0.5+slack)))
			if !drawn.In(box) {
				t.Errorf("%s, seed %d: drawn in %v, beyond its box %v", motif, seed, drawn, box)
			}
			if drawn.Dx() < box.Dx()*3/5 || drawn.Dy() < box.Dy()*3/5 {
				t.Errorf("%s, seed %d: drawn in %v, which leaves much of its box %v empty", motif, seed, drawn, box)
			}
		}
	}
}

// extent is the smallest rectangle that holds every pixel of another colour than blank.
func extent(m *image.RGBA, blank color.RGBA) image.Rectangle {
	var r image.Rectangle
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			if m.RGBAAt(x, y) != blank {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

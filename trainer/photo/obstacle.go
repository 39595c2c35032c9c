package photo

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"git.sr.ht/~sbinet/gg"
)

// cover puts the obstacle over one edge of the film, out of focus.
func (o Obstacle) cover(f *film, rng *rand.Rand) {
	if o == Nothing {
		return
	}
	dc := gg.NewContext(f.width, f.height)
	h := float64(f.height)
	dc.Translate(float64(f.width)/2, h/2)
	side := float64(rng.IntN(4))
	dc.Rotate(side*math.Pi/2 + between(rng, -0.12, 0.12))
	// The edge that the obstacle comes over is now the lower one.
	edge := 0.5 * h
	if int(side)%2 == 1 {
		edge = 0.5 * float64(f.width)
	}
	switch o {
	case Finger:
		finger(dc, rng, edge, h)
	case FrameEdge:
		frameEdge(dc, rng, edge, h)
	case OtherCloth:
		otherCloth(dc, rng, edge, h)
	}
	overlay := &film{f.width, f.height, make([][3]float32, len(f.pix))}
	alpha := &film{f.width, f.height, make([][3]float32, len(f.pix))}
	layer := dc.Image().(*image.RGBA)
	for i := range f.pix {
		a := float32(layer.Pix[4*i+3]) / 255
		for c := range 3 {
			overlay.pix[i][c] = linear[layer.Pix[4*i+c]] * a
			alpha.pix[i][c] = a
		}
	}
	if o == Finger {
		overlay.blur(0.012 * h)
		alpha.blur(0.012 * h)
	}
	for i := range f.pix {
		for c := range 3 {
			f.pix[i][c] = f.pix[i][c]*(1-alpha.pix[i][c]) + overlay.pix[i][c]
		}
	}
}

var skins = []color.RGBA{{0x8d, 0x5a, 0x3c, 255}, {0xb0, 0x7b, 0x57, 255}, {0xc9, 0x98, 0x74, 255}, {0x6b, 0x42, 0x2c, 255}}

func finger(dc *gg.Context, rng *rand.Rand, edge, h float64) {
	skin := skins[rng.IntN(len(skins))]
	x, reach, half := between(rng, -0.35, 0.35)*h, between(rng, 0.10, 0.22)*h, between(rng, 0.055, 0.085)*h
	dc.RotateAbout(between(rng, -0.4, 0.4), x, edge)
	shade := gg.NewLinearGradient(x-half, 0, x+half, 0)
	dark := color.RGBA{skin.R / 4 * 3, skin.G / 3 * 2, skin.B / 3 * 2, 255}
	shade.AddColorStop(0, dark)
	shade.AddColorStop(0.35, skin)
	shade.AddColorStop(0.7, skin)
	shade.AddColorStop(1, dark)
	dc.SetFillStyle(shade)
	dc.DrawRoundedRectangle(x-half, edge-reach, 2*half, 0.8*h, half)
	dc.Fill()
}

func frameEdge(dc *gg.Context, rng *rand.Rand, edge, h float64) {
	depth, tone := between(rng, 0.06, 0.14)*h, between(rng, 0.08, 0.5)
	for i := range 4 {
		k := tone * (0.7 + 0.25*float64(i%3))
		dc.SetRGB(k, 0.78*k, 0.6*k)
		dc.DrawRectangle(-2*h, edge-depth*(1-0.25*float64(i)), 4*h, h)
		dc.Fill()
	}
}

func otherCloth(dc *gg.Context, rng *rand.Rand, edge, h float64) {
	depth := between(rng, 0.08, 0.18) * h
	dc.SetRGB(between(rng, 0.1, 0.8), between(rng, 0.1, 0.6), between(rng, 0.1, 0.5))
	dc.DrawRectangle(-2*h, edge-depth, 4*h, h)
	dc.Fill()
	dc.SetRGB(between(rng, 0.5, 0.95), between(rng, 0.5, 0.9), between(rng, 0.4, 0.8))
	dc.SetLineWidth(between(rng, 0.006, 0.014) * h)
	pitch := between(rng, 0.03, 0.06) * h
	for y := edge - depth + pitch/2; y < edge+pitch; y += pitch {
		dc.DrawLine(-2*h, y, 2*h, y)
		dc.Stroke()
	}
}

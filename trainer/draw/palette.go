package draw

import (
	"image/color"
	"math/rand/v2"
)

// palette is a cloth's colours: the clay the ground was dyed in, the klowong, and
// three dyes. Every motif draws from the same palettes, so colour tells no motif.
type palette struct{ ground, wax, first, second, third uint32 }

var palettes = []palette{
	{0x6b4429, 0xf0e2bf, 0xc08a45, 0x9a4a2f, 0x3d2517}, // clay brown
	{0x86492f, 0xf3e4c2, 0xd0a05a, 0x4a261a, 0xb8694a}, // brick
	{0xb5833f, 0x3a2114, 0x7c4524, 0xe6cf9c, 0x99532c}, // ochre
	{0xe2d1ac, 0x3b2417, 0x8d5a34, 0xb98648, 0x9b4630}, // cream
	{0x352419, 0xe9d8b1, 0xa8713d, 0x7c3a26, 0x6f5a3e}, // coffee
	{0x1b2e2f, 0xead9b4, 0xb37f41, 0x4f7d74, 0x8f4630}, // teal black
	{0x6a2721, 0xf0dcb4, 0xc9964f, 0x3a1512, 0xa34b38}, // dark red
	{0x8c7458, 0xf4e8cf, 0x5a3c26, 0xb99a6c, 0x7d3d2a}, // river mud
	{0xcdb286, 0x42291a, 0x855230, 0x2f5350, 0xa14c33}, // sand
	{0x22232b, 0xe6d3a6, 0xbe8a45, 0x8a4a35, 0x5b5f6e}, // soot
	{0x9c6b45, 0x2b1a12, 0x5b2f1c, 0xdcbf8c, 0x8a3f29}, // burnt clay
	{0x54382a, 0xe8cf98, 0xc4743f, 0x2c1c15, 0x9d7f56}, // bark
}

// drawingStyle is how far the dyes are used.
type drawingStyle int

const (
	dyed     drawingStyle = iota // three dyes within the klowong
	oneDye                       // one dye only
	outlined                     // klowong alone, on the ground
	reserved                     // the whole figure left in wax, its lines in the ground's colour
)

// mix draws a palette, each colour a little off, as each bath is.
func mix(rng *rand.Rand) [numDyes]color.RGBA {
	p := pick(rng, palettes)
	depth, warmth := between(rng, -11, 11), between(rng, -6, 6)
	var dyes [numDyes]color.RGBA
	for i, hex := range []uint32{p.ground, p.wax, p.first, p.second, p.third} {
		r, g, b := float64(hex>>16), float64(hex>>8&0xff), float64(hex&0xff)
		dyes[i] = rgb(r+depth+warmth+between(rng, -4, 4), g+depth+between(rng, -4, 4), b+depth-warmth+between(rng, -4, 4))
	}
	dyes[bare] = dyes[wax]
	return dyes
}

// Dyes are a batik cloth's colours, from one of this package's palettes: the
// ground, the outline and three dyes.
func Dyes(rng *rand.Rand) []color.RGBA {
	dyes := mix(rng)
	return dyes[:bare]
}

// restyle returns the dyes with which a figure is drawn in a style.
func restyle(dyes [numDyes]color.RGBA, style drawingStyle) [numDyes]color.RGBA {
	switch style {
	case oneDye:
		dyes[second] = blend(dyes[first], dyes[ground], 0.35)
		dyes[third] = blend(dyes[first], dyes[wax], 0.25)
	case outlined:
		for d := first; d <= third; d++ {
			dyes[d] = blend(dyes[ground], dyes[d], 0.16)
		}
	case reserved:
		dyes[first], dyes[second], dyes[third] = dyes[wax], blend(dyes[wax], dyes[first], 0.35), blend(dyes[wax], dyes[ground], 0.25)
		dyes[wax] = blend(dyes[ground], dyes[third], 0.15)
	}
	return dyes
}

// blend is a with the share t of b.
func blend(a, b color.RGBA, t float64) color.RGBA {
	return rgb(float64(a.R)+(float64(b.R)-float64(a.R))*t, float64(a.G)+(float64(b.G)-float64(a.G))*t, float64(a.B)+(float64(b.B)-float64(a.B))*t)
}

func rgb(r, g, b float64) color.RGBA { return color.RGBA{clamp(r), clamp(g), clamp(b), 255} }

func clamp(v float64) uint8 { return uint8(min(max(v+0.5, 0), 255)) }

package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"gocv.io/x/gocv"
)

// Variation is how far pictures are varied while training: the causes of error
// that the paper's conclusion names, distance, colour, light and position.
type Variation struct {
	// Crop is the smallest side of the random square, as a share of the side.
	Crop float64
	// Rotate90 and Mirror allow turns by 90 degrees and flips.
	Rotate90, Mirror bool
	// Rotate is the largest further turn in degrees.
	Rotate float64
	// Brightness, Contrast and Colour are the largest relative changes.
	Brightness, Contrast, Colour float64
}

// Vary makes a random variation of p, size x size RGB pixels. The same state
// of rng gives the same pixels.
func (v Variation) Vary(p Picture, size int, rng *rand.Rand) ([]byte, error) {
	side := wideSize(size)
	src, err := gocv.NewMatFromBytes(side, side, gocv.MatTypeCV8UC3, p.wide)
	if err != nil {
		return nil, fmt.Errorf("vary %s: %w", p.Path, err)
	}
	defer src.Close()
	m := v.transform(side, size, rng)
	defer m.Close()
	dst := gocv.NewMat()
	defer dst.Close()
	err = gocv.WarpAffineWithParams(src, &dst, m, image.Pt(size, size), gocv.InterpolationLinear|gocv.WarpInverseMap, gocv.BorderReflect101, color.RGBA{})
	if err != nil {
		return nil, fmt.Errorf("vary %s: %w", p.Path, err)
	}
	rgb := dst.ToBytes()
	v.recolour(rgb, rng)
	return rgb, nil
}

// transform draws the affine map from the varied picture to the wide one: a
// random square, turned and perhaps flipped.
func (v Variation) transform(from, to int, rng *rand.Rand) gocv.Mat {
	cut := v.Crop + (1-v.Crop)*rng.Float64()
	free := (1 - cut) / 2 * float64(from)
	cx := float64(from)/2 + free*(2*rng.Float64()-1)
	cy := float64(from)/2 + free*(2*rng.Float64()-1)
	angle := v.Rotate * (2*rng.Float64() - 1) * math.Pi / 180
	if turns := rng.IntN(4); v.Rotate90 {
		angle += float64(turns) * math.Pi / 2
	}
	flip := 1.0
	if rng.IntN(2) == 1 && v.Mirror {
		flip = -1
	}
	scale := cut * float64(from) / float64(to)
	c, s := scale*math.Cos(angle), scale*math.Sin(angle)
	a, b, d, e := c*flip, -s, s*flip, c
	mid := float64(to-1) / 2
	m := gocv.NewMatWithSize(2, 3, gocv.MatTypeCV64F)
	for i, value := range []float64{a, b, cx - 0.5 - a*mid - b*mid, d, e, cy - 0.5 - d*mid - e*mid} {
		m.SetDoubleAt(i/3, i%3, value)
	}
	return m
}

// recolour changes contrast about mid-grey, brightness, and the channels' balance.
func (v Variation) recolour(rgb []byte, rng *rand.Rand) {
	change := func(most float64) float64 { return 1 + most*(2*rng.Float64()-1) }
	brightness, contrast := change(v.Brightness), change(v.Contrast)
	var table [3][256]byte
	for c := range table {
		gain := brightness * change(v.Colour)
		for i := range table[c] {
			value := ((float64(i)-128)*contrast + 128) * gain
			table[c][i] = byte(math.Round(min(max(value, 0), 255)))
		}
	}
	for i, b := range rgb {
		rgb[i] = table[i%3][b]
	}
}

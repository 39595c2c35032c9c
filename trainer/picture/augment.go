package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"runtime"

	"canting/capture"

	"gocv.io/x/gocv"
	"gonum.org/v1/gonum/spatial/r3"
)

// Variation is how far pictures are varied while training: the causes of error
// that the paper's conclusion names, distance, colour, light and position, and
// what a camera adds. The zero value of each field but Crop leaves that out.
type Variation struct {
	// Crop is the smallest side of the random cut, as a share of the side, and
	// Aspect how much longer one side of it can get than the other, as a
	// share.
	Crop, Aspect float64
	// Rotate90 and Mirror allow turns by 90 degrees and flips.
	Rotate90, Mirror bool
	// Rotate is the largest further turn in degrees.
	Rotate float64
	// Perspective is how much nearer than its middle, as a share of the
	// distance, an edge of the picture can be to the camera.
	Perspective float64
	// Brightness, Contrast, Colour and Saturation are the largest relative
	// changes of all channels, of the distance from mid-grey, of one channel,
	// and of the distance from the pixel's own grey. Hue is the largest turn
	// about the grey axis in degrees.
	Brightness, Contrast, Colour, Saturation, Hue float64
	// Grey is the share of the pictures that lose their colours, and Negative the
	// share of those whose light and dark change places.
	Grey, Negative float64
	// Gamma is how far the exponent of the tone curve, or its inverse, can
	// exceed 1.
	Gamma float64
	// Blur is the largest standard deviation, in pixels of the network's
	// input, and Noise the largest one as a share of full scale.
	Blur, Noise float64
	// Cutout is the longest side of a rectangle of one colour that hides
	// something, as a share of the side.
	Cutout float64
	// JPEG is the lowest quality of compression, 1 to 100.
	JPEG int
}

// Vary makes a random variation of p, size x size RGB pixels, in the order in
// which light takes its way: cloth, lens, what is in front of it, lamp, sensor,
// file. The same state of rng gives the same pixels.
func (v Variation) Vary(p Picture, rng *rand.Rand) ([]byte, error) {
	wide, side, err := p.view(rng)
	if err != nil {
		return nil, err
	}
	rgb, err := v.look(wide, side, p.size, rng)
	if err != nil {
		return nil, fmt.Errorf("vary %s: %w", p.Path, err)
	}
	v.hide(rgb, p.size, rng)
	v.light(rgb, rng)
	if v.JPEG > 0 {
		if rgb, err = compressed(rgb, p.size, v.JPEG+rng.IntN(101-v.JPEG)); err != nil {
			return nil, fmt.Errorf("vary %s: %w", p.Path, err)
		}
	}
	return rgb, nil
}

// between is an even draw from -most to most.
func between(most float64, rng *rand.Rand) float64 { return most * (2*rng.Float64() - 1) }

// look takes a picture of side to from a view of side from through a lens that
// is moved, turned, tilted and out of focus, with one interpolation.
func (v Variation) look(wide []byte, from, to int, rng *rand.Rand) ([]byte, error) {
	cut := v.Crop + (1-v.Crop)*rng.Float64()
	place := v.placement(cut, rng)
	var pin runtime.Pinner // OpenCV keeps the pointer between calls
	pin.Pin(&wide[0])
	defer pin.Unpin()
	src, err := gocv.NewMatFromBytes(from, from, gocv.MatTypeCV8UC3, wide)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	// Where the picture shrinks it is blurred as capture does before a resize.
	shrink := cut * float64(from) / float64(to)
	if sigma := math.Hypot(max(shrink-1, 0)/2, v.Blur*rng.Float64()*shrink); sigma > 0.2 {
		side := 2*int(math.Ceil(3*sigma)) + 1
		if err := gocv.GaussianBlur(src, &src, image.Pt(side, side), sigma, sigma, gocv.BorderReflect101); err != nil {
			return nil, err
		}
	}
	m := pixelMap(place, from, to)
	defer m.Close()
	dst := gocv.NewMat()
	defer dst.Close()
	err = gocv.WarpPerspectiveWithParams(src, &dst, m, image.Pt(to, to), gocv.InterpolationLinear|gocv.WarpInverseMap, gocv.BorderReflect101, color.RGBA{})
	if err != nil {
		return nil, err
	}
	return dst.ToBytes(), nil
}

// placement draws the map from the varied picture to the view, both of which
// reach from -1 to 1: tilt, flip, cut, turn, and a shift that keeps the cut
// within the view if it can.
func (v Variation) placement(cut float64, rng *rand.Rand) *r3.Mat {
	stretch := math.Exp(between(math.Log1p(v.Aspect), rng) / 2)
	angle := between(v.Rotate, rng) * math.Pi / 180
	if turns := rng.IntN(4); v.Rotate90 {
		angle += float64(turns) * math.Pi / 2
	}
	width, height := cut*stretch, cut/stretch
	if rng.IntN(2) == 1 && v.Mirror {
		width = -width
	}
	sin, cos := math.Sincos(angle)
	free := max(1-cut*(math.Abs(sin)+math.Abs(cos)), 0)
	tilt := r3.NewMat([]float64{
		1, 0, 0,
		0, 1, 0,
		between(v.Perspective, rng), between(v.Perspective, rng), 1,
	})
	turn := r3.NewMat([]float64{
		width * cos, -height * sin, between(free, rng),
		width * sin, height * cos, between(free, rng),
		0, 0, 1,
	})
	var m r3.Mat
	m.Mul(turn, tilt)
	return &m
}

// pixelMap is a placement in pixels, whose centres lie at whole numbers.
func pixelMap(placement *r3.Mat, from, to int) gocv.Mat {
	f, t := float64(from), float64(to)
	toUnit := r3.NewMat([]float64{2 / t, 0, 1/t - 1, 0, 2 / t, 1/t - 1, 0, 0, 1})
	fromUnit := r3.NewMat([]float64{f / 2, 0, (f - 1) / 2, 0, f / 2, (f - 1) / 2, 0, 0, 1})
	var placed, pixels r3.Mat
	placed.Mul(placement, toUnit)
	pixels.Mul(fromUnit, &placed)
	m := gocv.NewMatWithSize(3, 3, gocv.MatTypeCV64F)
	for i := range 3 {
		for j := range 3 {
			m.SetDoubleAt(i, j, pixels.At(i, j))
		}
	}
	return m
}

// hide puts a rectangle of one colour before the cloth (cutout: DeVries and
// Taylor, 2017).
func (v Variation) hide(rgb []byte, size int, rng *rand.Rand) {
	if v.Cutout == 0 {
		return
	}
	span := func() (lo, hi int) {
		length := int(math.Round(v.Cutout * rng.Float64() * float64(size)))
		lo = rng.IntN(size - length + 1)
		return lo, lo + length
	}
	left, right := span()
	top, bottom := span()
	colour := [3]byte{byte(rng.IntN(256)), byte(rng.IntN(256)), byte(rng.IntN(256))}
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			copy(rgb[(y*size+x)*3:], colour[:])
		}
	}
}

// light changes the lamp and the sensor: tone curve, channels' balance, hue,
// saturation, contrast about mid-grey, brightness, and the sensor's noise.
func (v Variation) light(rgb []byte, rng *rand.Rand) {
	curve := math.Exp(between(math.Log1p(v.Gamma), rng))
	brightness, contrast := 1+between(v.Brightness, rng), 1+between(v.Contrast, rng)
	negative := v.Negative > 0 && rng.Float64() < v.Negative
	var tone [3][256]float32
	for c := range tone {
		gain := 1 + between(v.Colour, rng)
		for i := range tone[c] {
			dye := float64(i) / 255
			if negative {
				dye = 1 - dye
			}
			tone[c][i] = float32(255*gain*math.Pow(dye, curve) - 128)
		}
	}
	hue, saturation := between(v.Hue, rng)*math.Pi/180, 1+between(v.Saturation, rng)
	if rng.Float64() < v.Grey {
		saturation = 0
	}
	mix := hueSaturation(hue, saturation)
	var gain [3][3]float32
	for i := range gain {
		for j := range gain[i] {
			gain[i][j] = float32(brightness * contrast * mix.At(i, j))
		}
	}
	level, noise := float32(128*brightness), float32(0)
	deviation := float32(255 * v.Noise * rng.Float64())
	for i := 0; i+2 < len(rgb); i += 3 {
		r, g, b := tone[0][rgb[i]], tone[1][rgb[i+1]], tone[2][rgb[i+2]]
		for c, k := range gain {
			if deviation > 0 {
				noise = deviation * float32(rng.NormFloat64())
			}
			value := k[0]*r + k[1]*g + k[2]*b + level + noise
			rgb[i+c] = byte(min(max(value, 0), 255) + 0.5)
		}
	}
}

// hueSaturation turns colours about the grey axis and scales their distance from
// it (Rodrigues' rotation about (1, 1, 1)). Greys stay as they are.
func hueSaturation(angle, saturation float64) *r3.Mat {
	sin, cos := math.Sincos(angle)
	a, b := saturation*cos, saturation*sin/math.Sqrt(3)
	same, next, last := (1+2*a)/3, (1-a)/3-b, (1-a)/3+b
	return r3.NewMat([]float64{same, next, last, last, same, next, next, last, same})
}

// compressed is what JPEG leaves of a picture.
func compressed(rgb []byte, size, quality int) ([]byte, error) {
	file, err := capture.EncodeJPEG(capture.Frame{Width: size, Height: size, BGR: swapped(rgb)}, quality)
	if err != nil {
		return nil, err
	}
	frame, err := capture.Decode(file)
	if err != nil {
		return nil, err
	}
	return swapped(frame.BGR), nil
}

package photo

import (
	"image"
	"math"
	"math/rand/v2"
)

// film is a picture in linear light, three floats a pixel, 1 full scale.
type film struct {
	width, height int
	pix           [][3]float32
}

func newFilm(width, height int) *film {
	return &film{width, height, make([][3]float32, width*height)}
}

func (f *film) at(x, y int) *[3]float32 { return &f.pix[y*f.width+x] }

// linear is the sRGB transfer function of a byte, IEC 61966-2-1.
var linear = func() (table [256]float32) {
	for i := range table {
		table[i] = linearOf(float64(i) / 255)
	}
	return table
}()

func linearOf(v float64) float32 {
	if v <= 0.04045 {
		return float32(v / 12.92)
	}
	return float32(math.Pow((v+0.055)/1.055, 2.4))
}

// encoded is the inverse of linear, in 4,096 steps.
var encoded = func() (table [4097]float32) {
	for i := range table {
		v := float64(i) / 4096
		if v <= 0.0031308 {
			table[i] = float32(255 * 12.92 * v)
		} else {
			table[i] = float32(255 * (1.055*math.Pow(v, 1/2.4) - 0.055))
		}
	}
	return table
}()

// blur is a Gaussian blur with the standard deviation in pixels, edges repeated.
func (f *film) blur(sigma float64) {
	if sigma < 0.25 {
		return
	}
	radius := int(math.Ceil(2.5 * sigma))
	kernel := make([]float32, 2*radius+1)
	var sum float32
	for i := range kernel {
		d := float64(i-radius) / sigma
		kernel[i] = float32(math.Exp(-d * d / 2))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	f.convolve(kernel, 1, 0)
	f.convolve(kernel, 0, 1)
}

// smear averages along a line of the given length in pixels: the camera moved.
func (f *film) smear(length, angle float64) {
	if length < 1 {
		return
	}
	taps := int(math.Ceil(length)) | 1
	kernel := make([]float32, taps)
	for i := range kernel {
		kernel[i] = 1 / float32(taps)
	}
	sin, cos := math.Sincos(angle)
	step := length / float64(taps)
	f.convolve(kernel, cos*step, sin*step)
}

// convolve applies a one-dimensional kernel along a direction, at the nearest
// pixels, edges repeated.
func (f *film) convolve(kernel []float32, dx, dy float64) {
	steps := make([]image.Point, len(kernel))
	for i := range steps {
		along := float64(i - len(kernel)/2)
		steps[i] = image.Pt(int(math.Round(along*dx)), int(math.Round(along*dy)))
	}
	out := make([][3]float32, len(f.pix))
	for y := range f.height {
		for x := range f.width {
			var sum [3]float32
			for i, k := range kernel {
				p := f.at(min(max(x+steps[i].X, 0), f.width-1), min(max(y+steps[i].Y, 0), f.height-1))
				for c := range sum {
					sum[c] += k * p[c]
				}
			}
			out[y*f.width+x] = sum
		}
	}
	f.pix = out
}

// develop adds the sensor's noise, of which the greater part grows with the square
// root of the light (photons) and the rest is even (reading), and encodes as sRGB.
func (f *film) develop(noise float64, rng *rand.Rand) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, f.width, f.height))
	for i, p := range f.pix {
		for c, v := range p {
			v += float32(noise*rng.NormFloat64()) * (0.25 + 1.6*float32(math.Sqrt(float64(max(v, 0))))) * 0.5
			v = min(max(v, 0), 1)
			picture.Pix[4*i+c] = uint8(encoded[int(v*4096)] + 0.5)
		}
		picture.Pix[4*i+3] = 255
	}
	return picture
}

package capture

import (
	"encoding/binary"
	"fmt"
	"image"
	"math"

	"canting/infer/metadata"

	"gocv.io/x/gocv"
)

// InputSpec is a model's input tensor: NHWC with one picture and the channels
// red, green, blue. Type is "int8", "uint8" or "float32"; Scale and ZeroPoint
// belong to the first two.
type InputSpec struct {
	Width, Height int
	Type          string
	Scale         float32
	ZeroPoint     int
}

// Preprocessor makes a model's input tensor of a frame. Its bytes are the same
// on every architecture: apart from integer arithmetic in Go it uses only those
// OpenCV operations that are bit-exact by design. It holds no state of a frame
// and may be used by several goroutines at once.
type Preprocessor struct {
	params metadata.Preprocessing
	size   image.Point
	// width is the number of bytes of one element.
	width int
	// table holds, for each channel, the element of every pixel value.
	table [3][]byte
}

// maxSide bounds a model's input picture.
const maxSide = 4096

// NewPreprocessor checks the parameters and computes the lookup tables.
func NewPreprocessor(params metadata.Preprocessing, in InputSpec) (*Preprocessor, error) {
	if err := params.Check(); err != nil {
		return nil, err
	}
	if in.Width < 1 || in.Height < 1 || in.Width > maxSide || in.Height > maxSide {
		return nil, fmt.Errorf("the model's input is %d x %d pixels; each side must be between 1 and %d", in.Width, in.Height, maxSide)
	}
	p := &Preprocessor{params: params, size: image.Pt(in.Width, in.Height), width: 1}
	if in.Type == "float32" {
		p.width = 4
	}
	element, err := elementWriter(in)
	if err != nil {
		return nil, err
	}
	for c := range p.table {
		for v := range 256 {
			p.table[c] = element(p.table[c], (float64(v)-params.Mean[c])/params.Std[c])
		}
	}
	return p, nil
}

// elementWriter returns how a normalised value becomes an element of the input
// tensor: for integers value/scale rounded to the nearest, halves to even, plus
// the zero point, saturated; for float32 four bytes, the lowest first.
func elementWriter(in InputSpec) (func([]byte, float64) []byte, error) {
	if in.Type == "float32" {
		return func(b []byte, v float64) []byte {
			return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		}, nil
	}
	var least, most float64
	switch in.Type {
	case "int8":
		least, most = math.MinInt8, math.MaxInt8
	case "uint8":
		most = math.MaxUint8
	default:
		return nil, fmt.Errorf("the model's input is of type %q; pictures can be made into int8, uint8 and float32", in.Type)
	}
	scale, zero := float64(in.Scale), float64(in.ZeroPoint)
	if !(scale > 0) || math.IsInf(scale, 0) || zero < least || zero > most {
		return nil, fmt.Errorf("the model's input has scale %v and zero point %d; the scale must be above 0 and the zero point between %v and %v",
			in.Scale, in.ZeroPoint, least, most)
	}
	return func(b []byte, v float64) []byte {
		q := math.RoundToEven(v/scale) + zero
		return append(b, byte(int(min(max(q, least), most))))
	}, nil
}

// Run writes the input tensor for f to dst, whose length must be that of the
// tensor: height x width x 3 elements. It is RunView of the guide box itself.
func (p *Preprocessor) Run(f Frame, dst []byte) error {
	return p.RunView(f, View{}, dst)
}

// RunView is Run for one of the Views.
func (p *Preprocessor) RunView(f Frame, v View, dst []byte) error {
	rgb, err := p.pixels(f, v)
	if err != nil {
		return err
	}
	return p.Normalise(rgb, dst)
}

// Pixels cuts the guide box out of f, corrects its colour if the parameters say
// so, and resizes it: height x width x 3 bytes, red, green, blue.
func (p *Preprocessor) Pixels(f Frame) ([]byte, error) {
	return p.pixels(f, View{})
}

func (p *Preprocessor) pixels(f Frame, v View) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("preprocess: %w", err)
	}
	box := v.within(GuideBox(f.Width, f.Height, p.params.Crop))
	bgr := cut(f, box)
	if p.params.GreyWorld {
		greyWorld(bgr)
	}
	resized, err := shrink(bgr, box.Size(), p.size)
	if err != nil {
		return nil, fmt.Errorf("preprocess a frame of %d x %d pixels: %w", f.Width, f.Height, err)
	}
	for i := 0; i+2 < len(resized); i += 3 {
		resized[i], resized[i+2] = resized[i+2], resized[i]
	}
	return resized, nil
}

// Normalise looks every byte of rgb, as Pixels returns it, up in its channel's
// table and writes the elements to dst.
func (p *Preprocessor) Normalise(rgb, dst []byte) error {
	if want := p.size.X * p.size.Y * 3; len(rgb) != want || len(dst) != want*p.width {
		return fmt.Errorf("normalise: %d bytes of picture into %d bytes of tensor; the model takes %d into %d", len(rgb), len(dst), want, want*p.width)
	}
	if p.width == 1 {
		r, g, b := p.table[0], p.table[1], p.table[2]
		for i := 0; i+2 < len(rgb); i += 3 {
			dst[i], dst[i+1], dst[i+2] = r[rgb[i]], g[rgb[i+1]], b[rgb[i+2]]
		}
		return nil
	}
	for i, v := range rgb {
		copy(dst[i*4:i*4+4], p.table[i%3][int(v)*4:])
	}
	return nil
}

// cut copies a box out of a frame.
func cut(f Frame, box image.Rectangle) []byte {
	row := box.Dx() * 3
	out := make([]byte, 0, row*box.Dy())
	for y := box.Min.Y; y < box.Max.Y; y++ {
		start := (y*f.Width + box.Min.X) * 3
		out = append(out, f.BGR[start:start+row]...)
	}
	return out
}

// maxGain bounds grey-world correction: a channel that would need more than
// this is nearly empty, and its noise is all that a larger gain would show.
const maxGain = 4

// greyWorld scales each channel so that all have the mean of the whole picture
// (Buchsbaum, 1980, "A spatial processor model for object colour perception"),
// in integers, rounding halves up.
func greyWorld(pixels []byte) {
	var sum [3]uint64
	for i := 0; i+2 < len(pixels); i += 3 {
		sum[0] += uint64(pixels[i])
		sum[1] += uint64(pixels[i+1])
		sum[2] += uint64(pixels[i+2])
	}
	total := sum[0] + sum[1] + sum[2]
	if total == 0 {
		return
	}
	var table [3][256]byte
	for c := range table {
		// The gain is total / (3*sum[c]).
		divisor := max(3*sum[c], (total+maxGain-1)/maxGain)
		for v := range table[c] {
			table[c][v] = byte(min((uint64(v)*total+divisor/2)/divisor, 255))
		}
	}
	for i := 0; i+2 < len(pixels); i += 3 {
		pixels[i] = table[0][pixels[i]]
		pixels[i+1] = table[1][pixels[i+1]]
		pixels[i+2] = table[2][pixels[i+2]]
	}
}

// linearExact is cv::INTER_LINEAR_EXACT, the bilinear resize that OpenCV
// promises to be the same everywhere; gocv has no name for it.
const linearExact = gocv.InterpolationFlags(5)

// shrink resizes a BGR picture. Where it gets smaller it is first blurred, or
// the threads of the cloth would alias into false motifs.
func shrink(bgr []byte, from, to image.Point) ([]byte, error) {
	src, release, err := borrow(from.X, from.Y, bgr)
	if err != nil {
		return nil, err
	}
	defer release()
	smooth := src
	kx, sx := antialias(from.X, to.X)
	ky, sy := antialias(from.Y, to.Y)
	if kx > 1 || ky > 1 {
		smooth = gocv.NewMat()
		defer smooth.Close()
		if err := gocv.GaussianBlur(src, &smooth, image.Pt(kx, ky), sx, sy, gocv.BorderReflect101); err != nil {
			return nil, fmt.Errorf("blur: %w", err)
		}
	}
	out := gocv.NewMat()
	defer out.Close()
	if err := gocv.Resize(smooth, &out, to, 0, 0, linearExact); err != nil {
		return nil, fmt.Errorf("resize: %w", err)
	}
	return out.ToBytes(), nil
}

// antialias is the length and standard deviation, in source pixels, of the
// Gaussian that goes before a resize of one axis. (s-1)/2 for a shrinking by s
// is scikit-image's rule (skimage.transform.resize); three deviations on either
// side hold 99.7 % of the kernel.
func antialias(from, to int) (length int, sigma float64) {
	if from <= to {
		return 1, 1
	}
	sigma = (float64(from)/float64(to) - 1) / 2
	return 2*int(math.Ceil(3*sigma)) + 1, sigma
}

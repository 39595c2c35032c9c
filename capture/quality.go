package capture

import "image"

// Flaw is what keeps a picture from being judged, "" if nothing does.
type Flaw string

const (
	Dark    Flaw = "dark"    // too little light
	Bright  Flaw = "bright"  // washed out: too much light, or a lamp's reflection
	Blurred Flaw = "blurred" // out of focus, or moved
	Far     Flaw = "far"     // the cloth fills too little of the guide box
	Empty   Flaw = "empty"   // there is no cloth: a wall, a bare table
)

// Quality is how good a picture is for being classified, measured inside the
// guide box at about the resolution that models see. Its values are the same on
// every architecture.
type Quality struct {
	// Brightness is the mean luma, 0 to 255.
	Brightness float64
	// Highlight is the luma that a tenth of the box exceeds, 0 to 255.
	Highlight int
	// Washed is the share of the box that is white to the sensor's end, 0 to 1.
	Washed float64
	// Sharpness, 0 to 1, is 1 less the blur effect of Crété-Roffet, Dolmiere,
	// Ladret and Nicolas ("The Blur Effect: Perception and Estimation with a
	// New No-Reference Perceptual Blur Metric", 2007): the share of the
	// differences between neighbours that a further blur takes away, in the
	// direction that has less of it, so that motion counts. It hangs on what the
	// picture shows as well, and compares pictures of the same cloth.
	Sharpness float64
	// Texture is the share of the box's tiles that hold structure, 0 to 1.
	Texture float64
	// Extent is the share of the box that these tiles span: of its rows of
	// tiles those that have any, times the same of its columns, 0 to 1.
	Extent float64
}

// The measurements are taken of a picture of luma of this side, and of square
// tiles of it.
const (
	lumaSide = 128
	tileSide = 8
	tiles    = lumaSide / tileSide
)

// Examine measures f inside the guide box that crop gives, as GuideBox has it.
// The zero Quality stands for a frame that holds no picture. The cost hardly
// hangs on the frame's size.
func Examine(f Frame, crop float64) Quality {
	if f.check() != nil {
		return Quality{}
	}
	luma := sampleLuma(f, GuideBox(f.Width, f.Height, crop))
	q := Quality{Sharpness: luma.sharpness()}
	q.Brightness, q.Highlight, q.Washed = luma.light()
	q.Texture, q.Extent = luma.texture()
	return q
}

// The limits of what a model can judge. RATIONALE.md says what they find.
const (
	leastHighlight = 50
	mostBrightness = 232
	mostWashed     = 0.6
	leastTexture   = 0.02
	leastExtent    = 0.6
	leastSharpness = 0.5
)

// Flaw is the first of what is wrong with the picture, in the order in which a
// visitor can mend it: light, then place, then a steady hand.
func (q Quality) Flaw() Flaw {
	switch {
	case q.Highlight < leastHighlight:
		return Dark
	case q.Brightness > mostBrightness || q.Washed > mostWashed:
		return Bright
	case q.Texture < leastTexture:
		return Empty
	case q.Extent < leastExtent:
		return Far
	case q.Sharpness < leastSharpness:
		return Blurred
	default:
		return ""
	}
}

// lumaScale is the number of steps in which a lumaPicture has one level of luma:
// each value is the sum of 2 x 2 samples, each of them blue + 2 green + red.
const lumaScale = 16

// lumaPicture holds lumaSide x lumaSide values, 0 to 255 * lumaScale.
type lumaPicture [lumaSide * lumaSide]int32

// sampleLuma takes 2 x 2 pixels of every cell of box, whatever its size.
func sampleLuma(f Frame, box image.Rectangle) *lumaPicture {
	const samples = 2 * lumaSide
	var offsets [samples]int
	for i := range offsets {
		offsets[i] = (box.Min.X + i*box.Dx()/samples) * 3
	}
	luma := new(lumaPicture)
	for y := range samples {
		row := f.BGR[(box.Min.Y+y*box.Dy()/samples)*f.Width*3:]
		out := luma[y/2*lumaSide:]
		for x, at := range offsets {
			pixel := row[at : at+3]
			out[x/2] += int32(pixel[0]) + 2*int32(pixel[1]) + int32(pixel[2])
		}
	}
	return luma
}

// washedFrom is the luma from which on a sensor may be at its end.
const washedFrom = 250

func (l *lumaPicture) light() (brightness float64, highlight int, washed float64) {
	var histogram [256]int
	sum := 0
	for _, v := range l {
		histogram[v/lumaScale]++
		sum += int(v)
	}
	above, white := 0, 0
	for v := 255; v >= 0; v-- {
		above += histogram[v]
		if v == washedFrom {
			white = above
		}
		if above > len(l)/10 {
			highlight = max(highlight, v)
		}
	}
	return float64(sum) / (lumaScale * float64(len(l))), highlight, float64(white) / float64(len(l))
}

// leastDeviation is the standard deviation, in levels of luma, that makes a tile
// one of structure: more than a sensor's noise and a wall's shading.
const leastDeviation = 5

// texture looks for the tiles that hold structure.
func (l *lumaPicture) texture() (share, extent float64) {
	const pixels = tileSide * tileSide
	const leastVariance int64 = leastDeviation * leastDeviation * lumaScale * lumaScale
	var rows, columns [tiles]bool
	found := 0
	for row := range tiles {
		for column := range tiles {
			var sum, squares int64
			for y := range tileSide {
				start := (row*tileSide+y)*lumaSide + column*tileSide
				for _, v := range l[start : start+tileSide] {
					sum += int64(v)
					squares += int64(v) * int64(v)
				}
			}
			if squares*pixels-sum*sum > leastVariance*pixels*pixels {
				found++
				rows[row], columns[column] = true, true
			}
		}
	}
	return float64(found) / (tiles * tiles), float64(count(rows)*count(columns)) / (tiles * tiles)
}

func count(set [tiles]bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

// sharpness is the lesser of the horizontal and the vertical one.
func (l *lumaPicture) sharpness() float64 {
	return min(l.sharpnessAlong(1, lumaSide), l.sharpnessAlong(lumaSide, 1))
}

const (
	// blurReach is the further blur's: a mean of 2*blurReach + 1 values.
	blurReach = 4
	// noiseFloor, in levels of luma, is the difference between neighbours up
	// to which it is taken for noise.
	noiseFloor = 2
)

// sharpnessAlong compares neighbours that are step apart; across leads to the
// next line of them. A mean over a line changes from one place to the next by
// what enters it less what leaves it.
func (l *lumaPicture) sharpnessAlong(step, across int) float64 {
	const length = 2*blurReach + 1
	var differences, taken int
	for line := range lumaSide {
		for i := blurReach; i < lumaSide-blurReach-1; i++ {
			at := line*across + i*step
			difference := distance(l[at+step], l[at])
			if difference <= noiseFloor*lumaScale {
				continue
			}
			blurred := distance(l[at+(blurReach+1)*step], l[at-blurReach*step]) / length
			differences += int(difference)
			taken += int(max(difference-blurred, 0))
		}
	}
	if differences == 0 {
		return 0
	}
	return float64(taken) / float64(differences)
}

func distance(a, b int32) int32 {
	return max(a-b, b-a)
}

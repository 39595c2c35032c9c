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
	// Washed is the share of the box where a colour is at the sensor's end, 0
	// to 1.
	Washed float64
	// Sharpness compares how much neighbours differ with how much places
	// farther apart do, at the picture's own strong edges and in the direction
	// where it is less, so that motion counts: about 1/16 for a blurred edge,
	// 1/4 for a sharp one, 1 for fine threads, 0 without edges. It hangs on what
	// the picture shows too, so it ranks pictures of the same cloth best.
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
	luma, washed := sample(f, GuideBox(f.Width, f.Height, crop))
	q := Quality{Washed: washed, Sharpness: luma.sharpness()}
	q.Brightness, q.Highlight = luma.light()
	q.Texture, q.Extent = luma.texture()
	return q
}

// The limits of what a model can judge. RATIONALE.md says what they find.
const (
	leastHighlight = 55
	mostBrightness = 232
	mostWashed     = 0.5
	leastTexture   = 0.02
	leastExtent    = 0.3
	leastSharpness = 0.075
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

// washedFrom is the value from which on a colour may be at the sensor's end.
const washedFrom = 252

// sample takes 2 x 2 pixels of every cell of box, whatever its size, and finds
// the share of cells whose last is washed out.
func sample(f Frame, box image.Rectangle) (luma *lumaPicture, washed float64) {
	const samples = 2 * lumaSide
	var offsets [samples]int
	for i := range offsets {
		offsets[i] = (box.Min.X + i*box.Dx()/samples) * 3
	}
	luma = new(lumaPicture)
	ends := 0
	for y := range samples {
		row := f.BGR[(box.Min.Y+y*box.Dy()/samples)*f.Width*3:]
		line := luma[y/2*lumaSide : (y/2+1)*lumaSide]
		for x := range line {
			a, b := row[offsets[2*x]:][:3], row[offsets[2*x+1]:][:3]
			line[x] += int32(a[0]) + int32(b[0]) + 2*(int32(a[1])+int32(b[1])) + int32(a[2]) + int32(b[2])
			if y%2 == 1 && max(b[0], b[1], b[2]) >= washedFrom {
				ends++
			}
		}
	}
	return luma, float64(ends) / float64(len(luma))
}

func (l *lumaPicture) light() (brightness float64, highlight int) {
	var histogram [256]int
	sum := 0
	for _, v := range l {
		histogram[v/lumaScale]++
		sum += int(v)
	}
	highlight = 255
	for above := histogram[255]; above <= len(l)/10; above += histogram[highlight] {
		highlight--
	}
	return float64(sum) / (lumaScale * float64(len(l))), highlight
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

const (
	// reach is how far apart, in cells, the places are that an edge parts.
	reach = 4
	// leastEdge is the difference over reach, in levels of luma, below which
	// there is no edge; strongEdge is the same as a multiple, in halves, of the
	// picture's mean difference.
	leastEdge  = 10
	strongEdge = 3
	// noise is the squared difference between neighbours, in levels of luma,
	// that the sensor makes.
	noise = 6
)

// sharpness is the lesser of the horizontal and the vertical one. Both look for
// edges of the same strength: what motion leaves of a pattern in its direction
// is faint, but can be of any form.
func (l *lumaPicture) sharpness() float64 {
	const places = 2 * lumaSide * (lumaSide - reach)
	sum := l.differences(1, lumaSide) + l.differences(lumaSide, 1)
	edge := max(leastEdge*lumaScale, int32(strongEdge*sum/(2*places)))
	return min(l.sharpnessAlong(1, lumaSide, edge), l.sharpnessAlong(lumaSide, 1, edge))
}

// differences is the sum of all differences over reach. Neighbours are step
// apart, and across leads to the next line of them.
func (l *lumaPicture) differences(step, across int) (sum int64) {
	for line := range lumaSide {
		for i := range lumaSide - reach {
			at := line*across + i*step
			over := l[at+reach*step] - l[at]
			sum += int64(max(over, -over))
		}
	}
	return sum
}

// sharpnessAlong is, at the edges, the ratio of the energy of differences
// between neighbours to that of differences over reach.
func (l *lumaPicture) sharpnessAlong(step, across int, edge int32) float64 {
	const noiseEnergy = noise * lumaScale * lumaScale
	var near, far int64
	for line := range lumaSide {
		for i := range lumaSide - reach {
			at := line*across + i*step
			over := l[at+reach*step] - l[at]
			if max(over, -over) <= edge {
				continue
			}
			beside := l[at+step] - l[at]
			near += max(int64(beside)*int64(beside)-noiseEnergy, 0)
			far += int64(over) * int64(over)
		}
	}
	if far == 0 {
		return 0
	}
	return float64(near) / float64(far)
}

package photo

import (
	"image"
	"math"
	"math/rand/v2"
)

// focal is the focal length in picture heights: 45 degrees from top to bottom, as
// a webcam's.
const focal = 1.2

// Take photographs a cloth as a picture of the given size in pixels. The same shot
// of the same cloth gives the same pixels.
func (s Shot) Take(cloth *image.RGBA, width, height int) *image.RGBA {
	rng := rand.New(rand.NewPCG(s.Seed, 0))
	film := newFilm(width, height)
	s.expose(film, cloth)
	s.InTheWay.cover(film, rng)
	s.illuminate(film, rng)
	film.smear(s.Motion*float64(height), s.MotionAngle)
	film.blur(s.Defocus * float64(height))
	return film.develop(s.Noise, rng)
}

// meshPitch is how many pixels apart the view of the folded cloth is computed; the
// finest fold is some twenty pixels wide in a picture of 384.
const meshPitch = 4

// node is what one place of the picture sees: a place on the cloth in its pixels,
// and how strongly that is lit.
type node struct{ x, y, shade float32 }

// expose averages four samples a pixel of the cloth as the camera sees it.
func (s Shot) expose(film *film, cloth *image.RGBA) {
	wall := [3]float32{linearOf(s.Wall[0]), linearOf(s.Wall[1]), linearOf(s.Wall[2])}
	view := s.view()
	columns := film.width/meshPitch + 2
	upper, lower := make([]node, columns), make([]node, columns)
	s.meshRow(lower, view, 0, film, cloth)
	for y := range film.height {
		if y%meshPitch == 0 {
			upper, lower = lower, upper
			s.meshRow(lower, view, y+meshPitch, film, cloth)
		}
		for x := range film.width {
			column := x / meshPitch
			corners := [4]node{upper[column], upper[column+1], lower[column], lower[column+1]}
			at := film.at(x, y)
			for _, offset := range [4][2]float32{{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}} {
				tx := (float32(x%meshPitch) + offset[0]) / meshPitch
				ty := (float32(y%meshPitch) + offset[1]) / meshPitch
				c := sample(cloth, within(corners, tx, ty), &wall)
				for i := range at {
					at[i] += c[i] / 4
				}
			}
		}
	}
}

func (s Shot) meshRow(row []node, view view, y int, film *film, cloth *image.RGBA) {
	scale := 1 / float64(film.height)
	for i := range row {
		px := (float64(i*meshPitch) - float64(film.width)/2) * scale
		py := (float64(y) - float64(film.height)/2) * scale
		row[i] = s.look(view, px, py, cloth.Rect)
	}
}

// within interpolates between the corners upper left, upper right, lower left, lower right.
func within(c [4]node, tx, ty float32) node {
	mix := func(a, b, c, d float32) float32 {
		top, bottom := a+(b-a)*tx, c+(d-c)*tx
		return top + (bottom-top)*ty
	}
	return node{mix(c[0].x, c[1].x, c[2].x, c[3].x), mix(c[0].y, c[1].y, c[2].y, c[3].y), mix(c[0].shade, c[1].shade, c[2].shade, c[3].shade)}
}

// view is the cloth's frame in the camera's: u along its width, v down, n its normal.
type view struct{ u, v, n [3]float64 }

func (s Shot) view() view {
	sp, cp := math.Sincos(s.Pitch)
	sy, cy := math.Sincos(s.Yaw)
	sr, cr := math.Sincos(s.Roll)
	turn := func(x, y, z float64) [3]float64 {
		y, z = y*cp-z*sp, y*sp+z*cp
		x, z = x*cy+z*sy, z*cy-x*sy
		return [3]float64{x*cr - y*sr, x*sr + y*cr, z}
	}
	return view{turn(1, 0, 0), turn(0, 1, 0), turn(0, 0, 1)}
}

// look follows the ray through a place in the picture, in picture heights from its
// middle, to the cloth.
func (s Shot) look(f view, px, py float64, cloth image.Rectangle) node {
	distance := s.Span * focal
	// The cloth's middle is at (0, 0, distance); the ray is t*(px, py, focal).
	t := distance * f.n[2] / (f.n[0]*px + f.n[1]*py + f.n[2]*focal)
	qx, qy, qz := t*px, t*py, t*focal-distance
	u := qx*f.u[0] + qy*f.u[1] + qz*f.u[2] + s.AimX
	v := qx*f.v[0] + qy*f.v[1] + qz*f.v[2] + s.AimY
	slopeX, slopeY, lift := s.relief(u, v)
	// A slope takes up cloth, and a ridge comes nearer to the lens.
	u += 0.045*slopeX - lift*px
	v += 0.045*slopeY - lift*py
	h := float64(cloth.Dy())
	return node{float32(u*h + float64(cloth.Dx())/2), float32(v*h + h/2), float32(s.Light.shade(slopeX, slopeY))}
}

// relief returns the slope and the height of the folds at a place on the cloth.
func (s Shot) relief(u, v float64) (slopeX, slopeY, height float64) {
	for _, f := range s.Folds {
		sin, cos := math.Sincos(f.Angle)
		across, along := u*cos+v*sin, v*cos-u*sin
		k := 2 * math.Pi / f.Period
		x := k*(across+f.Waver*math.Sin(3.1*along+f.Phase)) + f.Phase
		// exp(sharp*(cos-1)) is a row of ridges, 1 at the top, narrower as it sharpens.
		sx, cx := math.Sincos(x)
		ridge := math.Exp(f.Sharp * (cx - 1))
		slope := -f.Height * f.Sharp * sx * ridge * k
		slopeX += slope * cos
		slopeY += slope * sin
		height += f.Height * ridge
	}
	return slopeX, slopeY, height
}

// shade is the light on a slope, 1 on flat cloth (Lambert).
func (l Light) shade(slopeX, slopeY float64) float64 {
	sin, cos := math.Sincos(l.Angle)
	towards := -(slopeX*cos + slopeY*sin) * l.Slant * 1.9
	return max((1+towards)/math.Sqrt(1+slopeX*slopeX+slopeY*slopeY), 0.12)
}

// sample is the light from a place on the cloth, or from the wall beside it.
func sample(cloth *image.RGBA, n node, wall *[3]float32) [3]float32 {
	if n.x < 0 || n.y < 0 || n.x >= float32(cloth.Rect.Dx()-1) || n.y >= float32(cloth.Rect.Dy()-1) {
		return *wall
	}
	ix, iy := int(n.x), int(n.y)
	tx, ty := n.x-float32(ix), n.y-float32(iy)
	a := cloth.Pix[iy*cloth.Stride+4*ix:]
	b := cloth.Pix[(iy+1)*cloth.Stride+4*ix:]
	var c [3]float32
	for i := range c {
		top := linear[a[i]] + (linear[a[i+4]]-linear[a[i]])*tx
		bottom := linear[b[i]] + (linear[b[i+4]]-linear[b[i]])*tx
		c[i] = (top + (bottom-top)*ty) * n.shade
	}
	return c
}

// illuminate applies what varies over the whole picture: falloff, vignette, a soft
// shadow, exposure, the lamp's colour and stray light.
func (s Shot) illuminate(film *film, rng *rand.Rand) {
	l := s.Light
	sin, cos := math.Sincos(l.Angle)
	gain := l.gains()
	edge, slope := between(rng, -0.25, 0.25), between(rng, 0, 2*math.Pi)
	shadowSin, shadowCos := math.Sincos(slope)
	for y := range film.height {
		for x := range film.width {
			px := float64(x)/float64(film.height) - 0.5*float64(film.width)/float64(film.height)
			py := float64(y)/float64(film.height) - 0.5
			k := 1 - l.Falloff*(0.5-(px*cos+py*sin)/1.6)
			k *= 1 - l.Vignette*(px*px+py*py)/0.7
			if l.Shadow > 0 {
				k *= 1 - l.Shadow/(1+math.Exp(-18*(px*shadowCos+py*shadowSin-edge)))
			}
			at := film.at(x, y)
			for i := range at {
				at[i] = float32(float64(at[i])*k*gain[i] + l.Glare)
			}
		}
	}
}

// gains are the channels' factors; a lamp of 2,700 K that the camera took for
// daylight is at Warmth 1 (Planck's law at 610, 550 and 465 nm, half corrected).
func (l Light) gains() [3]float64 {
	exposure := math.Exp2(l.Exposure)
	warm := math.Abs(l.Warmth)
	r, b := 1+0.24*warm, 1-0.42*warm
	if l.Warmth < 0 {
		r, b = 1-0.22*warm, 1+0.30*warm
	}
	return [3]float64{r * exposure * (1 - 0.08*l.Tint), exposure * (1 + 0.12*l.Tint), b * exposure * (1 - 0.08*l.Tint)}
}

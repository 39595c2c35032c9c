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

// expose casts four rays a pixel from the camera onto the cloth and averages the
// light that comes back.
func (s Shot) expose(film *film, cloth *image.RGBA) {
	view := s.view()
	wall := [3]float32{linearOf(s.Wall[0]), linearOf(s.Wall[1]), linearOf(s.Wall[2])}
	scale := 1 / float64(film.height)
	for y := range film.height {
		for x := range film.width {
			var sum [3]float32
			for _, offset := range [4][2]float64{{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}} {
				px := (float64(x) + offset[0] - float64(film.width)/2) * scale
				py := (float64(y) + offset[1] - float64(film.height)/2) * scale
				c := s.look(view, px, py, cloth, &wall)
				for i := range sum {
					sum[i] += c[i]
				}
			}
			at := film.at(x, y)
			for i := range sum {
				at[i] = sum[i] / 4
			}
		}
	}
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

// look returns the light seen at a place in the picture, in picture heights from
// its middle.
func (s Shot) look(f view, px, py float64, cloth *image.RGBA, wall *[3]float32) [3]float32 {
	distance := s.Span * focal
	// The cloth's middle is at (0, 0, distance); the ray is t*(px, py, focal).
	t := distance * f.n[2] / (f.n[0]*px + f.n[1]*py + f.n[2]*focal)
	qx, qy, qz := t*px, t*py, t*focal-distance
	u := qx*f.u[0] + qy*f.u[1] + qz*f.u[2] + s.AimX
	v := qx*f.v[0] + qy*f.v[1] + qz*f.v[2] + s.AimY
	slopeX, slopeY, lift := s.relief(u, v)
	// A ridge comes nearer to the lens, and takes up cloth.
	u += 0.9*slopeX*0.05 - lift*px
	v += 0.9*slopeY*0.05 - lift*py
	h := float64(cloth.Rect.Dy())
	cx, cy := u*h+float64(cloth.Rect.Dx())/2, v*h+h/2
	if cx < 0 || cy < 0 || cx >= float64(cloth.Rect.Dx()-1) || cy >= float64(cloth.Rect.Dy()-1) {
		return *wall
	}
	c := sample(cloth, cx, cy)
	shade := float32(s.Light.shade(slopeX, slopeY))
	return [3]float32{c[0] * shade, c[1] * shade, c[2] * shade}
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

func sample(m *image.RGBA, x, y float64) [3]float32 {
	ix, iy := int(x), int(y)
	tx, ty := float32(x-float64(ix)), float32(y-float64(iy))
	a := m.Pix[iy*m.Stride+4*ix:]
	b := m.Pix[(iy+1)*m.Stride+4*ix:]
	var c [3]float32
	for i := range c {
		top := linear[a[i]] + (linear[a[i+4]]-linear[a[i]])*tx
		bottom := linear[b[i]] + (linear[b[i+4]]-linear[b[i]])*tx
		c[i] = top + (bottom-top)*ty
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

package pattern

import (
	"image"
	"math"

	"canting/trainer/draw"
)

// batik are repeats in the manner of batik's families, and the cloths of
// package draw.
func batik() []Family {
	all := []Family{
		repeated("kawung", 2.5, 9, kawung),
		repeated("kawung of squares", 2.5, 9, kawungOfSquares),
		repeated("parang", 2, 7, parang(0.12)),
		repeated("parang curled", 2, 7, parang(0.3)),
		repeated("lereng", 3, 9, lereng),
		repeated("udan liris", 3, 9, udanLiris),
		repeated("truntum", 2, 7, truntum),
		repeated("ceplok", 1.5, 4, ceplok),
		repeated("nitik", 1.5, 4, nitik),
		repeated("gringsing", 3, 9, gringsing),
		repeated("banji", 2.5, 7, banji),
		repeated("tumpal", 2.5, 7, tumpal),
		repeated("sido mukti", 1.5, 4, sidoMukti),
		repeated("tambal", 1.5, 4, tambal),
		repeated("clouds curled", 1.2, 3.5, cloudsCurled),
		repeated("clouds banked", 1.2, 4, cloudsBanked),
		repeated("clouds tongued", 1.5, 4, cloudsTongued),
	}
	for _, m := range draw.Motifs {
		all = append(all, Family{m, func(d dice, side int) []byte { return square(draw.Cloth(m, side, d.Rand), d) }})
	}
	return all
}

// square cuts a square of the cloth's height out of it.
func square(cloth *image.RGBA, d dice) []byte {
	b := cloth.Bounds()
	left := d.IntN(b.Dx() - b.Dy() + 1)
	rgb := make([]byte, 0, 3*b.Dy()*b.Dy())
	for y := range b.Dy() {
		for x := left; x < left+b.Dy(); x++ {
			rgb = append(rgb, cloth.Pix[y*cloth.Stride+4*x:][:3]...)
		}
	}
	return rgb
}

// kawung is four kernels about each crossing, with seeds in them.
func kawung(d dice) field {
	fat, long, seeds := d.from(0.15, 0.2), d.from(0.27, 0.33), d.IntN(3)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x+y, x-y)
		if (column+row)&1 == 1 {
			u, v = v, u
		}
		if star := max(math.Abs(x-math.Round(x)), math.Abs(y-math.Round(y))) - 0.05; star < 0.02 {
			return star, 2
		}
		kernel := ellipse(u, v, 1.45*long, 1.75*fat)
		if seed := ellipse(math.Abs(u)-0.18, v, 0.09, 0.035); seeds > 0 && seed < 0.02 {
			return seed, 1
		}
		return kernel, 0
	}
}

// kawungOfSquares is rows of pairs of kernels.
func kawungOfSquares(d dice) field {
	tall, wide, slit := d.from(0.4, 0.47), d.from(0.34, 0.44), d.from(0.02, 0.05)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		e := math.Pow(math.Pow(math.Abs(u)/wide, 2.6)+math.Pow(math.Abs(v)/tall, 2.6), 1/2.6) - 1
		return max(0.4*e, slit-math.Abs(u+0.3*v)), 0
	}
}

// parang is knives slanting across rows, each bent to an S by curl, and a row
// of lozenges between.
func parang(curl float64) func(dice) field {
	return func(d dice) field {
		slant, fat, bend := d.from(0.6, 1.1), d.from(0.3, 0.4), curl*d.from(0.7, 1.3)
		return func(x, y float64) (float64, int) {
			_, v, _, row := cell(0, 0.45*y)
			if math.Abs(v) > 0.42 {
				u, _, _, _ := cell(1.5*x, 0)
				return math.Abs(u) + 5*(0.5-math.Abs(v)) - 0.4, 1
			}
			t := v / 0.42
			u, _, _, _ := cell(x+slant*t+bend*math.Sin(math.Pi*t)+0.37*float64(row), 0)
			half := fat * math.Sqrt(1-t*t) * (1 + 0.35*math.Sin(math.Pi*t))
			if vein := math.Abs(u) - 0.15*half; half > 0.1 && vein < 0.03 {
				return vein, 2
			}
			return math.Abs(u) - half, 0
		}
	}
}

// lereng is narrow bands with a line of small figures in each.
func lereng(d dice) field {
	m := d.motif()
	return func(x, y float64) (float64, int) {
		u, v, _, row := cell(x+0.3*math.Floor(y+0.5), y)
		e, part := m(1.25*u, 1.25*v)
		if line := 0.47 - math.Abs(v); line < e {
			return line, 3
		}
		return e, part + row&1
	}
}

// udanLiris is bands of many fillings.
func udanLiris(d dice) field {
	fillings := []field{d.motif(), hatched(d), d.motif(), zigzag(d), d.motif()}
	return func(x, y float64) (float64, int) {
		_, v, _, row := cell(x, y)
		band := ((row % len(fillings)) + len(fillings)) % len(fillings)
		u, _, _, _ := cell(1.1*x+0.4*float64(row), y)
		e, part := fillings[band](u, 1.2*v)
		if line := 0.46 - math.Abs(v); line < e {
			return line, 3
		}
		return e, part + band
	}
}

func hatched(d dice) field {
	thick, lean := d.from(0.06, 0.12), d.from(-1, 1)
	return func(x, y float64) (float64, int) {
		u, _, _, _ := cell(3*(x+lean*y), 0)
		return math.Abs(u)/3 - thick, 0
	}
}

func zigzag(d dice) field {
	thick := d.from(0.06, 0.12)
	return func(x, y float64) (float64, int) {
		return math.Abs(y-0.3+0.6*2*math.Abs(x)) - thick, 1
	}
}

// motif draws the parameters of any motif.
func (d dice) motif() field {
	if d.odds(0.6) {
		return symmetric[d.IntN(len(symmetric))].draw(d)
	}
	return leaning[d.IntN(len(leaning))].draw(d)
}

// truntum is stars with dots strewn between.
func truntum(d dice) field {
	sun, dot := suns(d), d.from(0.03, 0.05)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		e, part := sun(u, v)
		a, b := math.Abs(u)-0.5, math.Abs(v)-0.5 // from the nearest corner
		for _, at := range [...]point{{0, 0}, {-0.12, 0}, {0, -0.12}, {-0.5, 0}} {
			if o := length(a-at.x, b-at.y) - dot; o < e {
				e, part = o, 2
			}
		}
		return e, part
	}
}

// ceplok is rosettes of several rings, small ones between.
func ceplok(d dice) field {
	rosette, small := newRosette(d, 0.5), newRosette(d, 0.21)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		e, part := rosette(u, v)
		if f, other := small(math.Abs(u)-0.5, math.Abs(v)-0.5); f < e {
			return f, other + 1
		}
		return e, part
	}
}

// newRosette is rings of petals, points and beads of the given radius.
func newRosette(d dice, radius float64) field {
	n := 4 * (1 + d.IntN(3))
	inner, outer := rays(n, 0.5*radius, d.from(0.4, 0.7), 0.12*radius, 0), d.from(0.08, 0.13)*radius
	beads := n * (1 + d.IntN(2))
	ring := d.odds(0.5)
	return func(x, y float64) (float64, int) {
		e, part := inner(x, y)
		u, v := sector(x, y, beads)
		if b := ellipse(u-0.78*radius, v, 1.6*outer, outer); b < e {
			e, part = b, 2
		}
		if r := math.Abs(length(x, y)-0.57*radius) - 0.03*radius; ring && r < e {
			e, part = r, 3
		}
		return e, part
	}
}

// nitik is a rosette in dots and dashes, as woven patola.
func nitik(d dice) field {
	under, per, dot := newRosette(d, 0.5), float64(10+d.IntN(6)), d.from(0.28, 0.4)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(per*x, per*y)
		cu, cv, _, _ := cell(float64(column)/per, float64(row)/per)
		e, part := under(cu, cv)
		if e > 0 {
			return length(u, v)/per + 0.02, part
		}
		return (max(math.Abs(u), math.Abs(v)) - dot) / per, part
	}
}

// gringsing is rows of scales with a dot in each.
func gringsing(d dice) field {
	rim, dot := d.from(0.06, 0.14), d.from(0.07, 0.13)
	return scales(rim, dot)
}

// scales overlap as a fish's; each shows the upper half of a circle.
func scales(rim, dot float64) field {
	return func(x, y float64) (float64, int) {
		// The scale in front is the lowest whose circle covers the place.
		for row := math.Floor(2*y + 1); ; row-- {
			shift := 0.5 * float64(int(row)&1)
			u := x - shift - math.Round(x-shift)
			v := y - 0.5*row
			r := length(u, v)
			if r > 0.52 && row > 2*y-2 {
				continue
			}
			if core := length(u, v-0.2) - dot; core < 0.04 {
				return core, 1
			}
			return math.Abs(r-0.5+rim) - rim, 0
		}
	}
}

// banji is interlocked key bars.
func banji(d dice) field {
	thick := d.from(0.05, 0.085)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		if (column+row)&1 == 1 {
			u = -u
		}
		e := math.Inf(1)
		for range 4 {
			u, v = v, -u
			stem := max(math.Abs(u)-thick, math.Abs(v-0.17)-0.17-thick)
			arm := max(math.Abs(u-0.17)-0.17-thick, math.Abs(v-0.34)-thick)
			e = min(e, stem, arm)
		}
		return e, (column + row) & 1
	}
}

// tumpal is rows of tall triangles in one another.
func tumpal(d dice) field {
	tall, gap := d.from(0.36, 0.46), d.from(0.1, 0.16)
	return func(x, y float64) (float64, int) {
		u, v, _, row := cell(2*x, y)
		if row&1 == 1 {
			v = -v
		}
		depth := (v+tall)/(2*tall)*0.5 - math.Abs(u) // how far within the triangle
		ring := math.Floor(depth / gap)
		return max(math.Abs(depth/gap-ring-0.5)*gap-0.36*gap, -depth), int(bound(ring, 0, 3))
	}
}

// sidoMukti is a trellis with two motifs in turn in its lozenges.
func sidoMukti(d dice) field {
	one, other, bar := d.motif(), d.motif(), d.from(0.02, 0.05)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x+y, x-y)
		m := one
		if (column+row)&1 == 1 {
			m = other
		}
		a, b := (u+v)*0.9, (u-v)*0.9 // upright again
		e, part := m(a, b)
		for _, rail := range [...]float64{0.5 - bar, 0.5 - 3*bar} {
			if r := math.Abs(max(math.Abs(u), math.Abs(v))-rail) - 0.5*bar; r < e {
				e, part = r, 3
			}
		}
		return e, part + (column+row)&1
	}
}

// tambal is a patchwork of squares, each with a repeat of its own.
func tambal(d dice) field {
	var patches [5]field
	for i := range patches {
		patches[i] = d.motif()
	}
	salt := d.IntN(1 << 20)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		which := scramble(column, row, salt)
		a, b, _, _ := cell(2*u+0.5, 2*v+0.5)
		if which>>8&1 == 1 {
			a, b = a*0.7+b*0.7, a*0.7-b*0.7
		}
		e, part := patches[which%5](a, b)
		if seam := 0.485 - max(math.Abs(u), math.Abs(v)); seam < e {
			return seam, 5
		}
		return e, part + int(which>>4%3)
	}
}

// scramble is a number that follows from a lattice cell.
func scramble(column, row, salt int) uint32 {
	h := uint32(column)*0x9E3779B1 ^ uint32(row)*0x85EBCA77 ^ uint32(salt)*0xC2B2AE3D
	h ^= h >> 15
	h *= 0x2C1B3C6D
	return h ^ h>>13
}

// rim draws mega mendung's contours: bands that follow an outline inwards,
// each a part of its own.
func rim(e, pitch float64) (float64, int) {
	if e > 0 {
		return e, 0
	}
	band := math.Floor(-e / pitch)
	return math.Abs(-e/pitch-band-0.5)*pitch - 0.42*pitch, int(min(band, 4))
}

// cloudsCurled is clouds that end in spirals, contour within contour.
func cloudsCurled(d dice) field {
	pitch, turns, long := d.from(0.03, 0.06), d.from(5, 7.5), d.from(0.5, 0.8)
	l := grow(26, func(t float64) (float64, float64, float64) {
		if t < 0.45 {
			s := t / 0.45
			return -long*(1-s) + 0.05, 0.16 + 0.1*math.Sin(4*s), 0.03 + 0.14*s
		}
		s := (t - 0.45) / 0.55
		r := 0.26 * (1 - 0.85*s)
		return 0.05 + r*math.Sin(turns*s), -0.1 + r*math.Cos(turns*s), 0.17 * (1 - 0.75*s)
	})
	return func(x, y float64) (float64, int) {
		_, _, _, row := cell(x, 1.4*y)
		u, v, column, _ := cell(0.8*(x+0.5*float64(row&1)), 1.4*y)
		if scramble(column, row, 1)&1 == 1 {
			u = -u
		}
		return rim(l.edge(u*1.1, v*0.9), pitch)
	}
}

// cloudsBanked is heaps of round lobes over a flat foot.
func cloudsBanked(d dice) field {
	pitch, foot := d.from(0.03, 0.06), d.from(0.1, 0.25)
	lobes := grow(4+d.IntN(3), func(t float64) (float64, float64, float64) {
		return -0.36 + 0.72*t, 0.08 - 0.2*math.Sin(math.Pi*t) + d.from(-0.05, 0.05), d.from(0.1, 0.17)
	})
	return func(x, y float64) (float64, int) {
		_, _, _, row := cell(x, 1.6*y)
		u, v, _, _ := cell(0.9*x+0.5*float64(row&1), 1.6*y)
		return rim(max(lobes.edge(u, v*0.8), v-foot), pitch)
	}
}

// cloudsTongued is islands with tongues, wide contours about them.
func cloudsTongued(d dice) field {
	n, pitch, level := newNoise(d), d.from(0.1, 0.2), d.from(-0.1, 0.2)
	return func(x, y float64) (float64, int) {
		sway := 0.7 * n.at(1.3*x+40, 1.3*y)
		return rim(level-n.at(1.6*x+sway, 3*y+0.6*sway), pitch)
	}
}

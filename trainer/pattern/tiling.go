package pattern

import "math"

// tilings cover the plane with tiles.
func tilings() []Family {
	all := []Family{
		repeated("checks", 3, 10, checks),
		repeated("argyle", 2, 6, argyle),
		repeated("bricks", 2, 7, bricks),
		repeated("herringbone", 1, 3.5, herringbone),
		repeated("basket tiles", 2, 7, basketTiles),
		repeated("hexagons", 2.5, 9, hexagons),
		repeated("triangles", 3, 9, triangles),
		repeated("cubes", 2, 7, cubes),
		repeated("waves in rows", 2.5, 8, scaleWaves),
		repeated("overlapping circles", 2.5, 8, overlapping),
		repeated("hemp leaves", 1.5, 5, hempLeaves),
		repeated("arcs at random", 3, 10, truchet),
		repeated("diagonals at random", 4, 14, maze),
		repeated("half squares at random", 3, 10, halfSquares),
		repeated("pinwheels", 2, 7, pinwheels),
		repeated("houndstooth", 2, 7, houndstooth),
		repeated("chevrons", 3, 10, chevrons),
		repeated("stripes", 3, 10, stripes),
		repeated("scallops", 3, 9, scallops),
		repeated("ogees", 2, 6, ogees),
		repeated("octagons", 2.5, 8, octagons),
	}
	for _, n := range []struct {
		name string
		fold int
	}{{"quasicrystal of 5", 5}, {"quasicrystal of 8", 4}, {"quasicrystal of 12", 6}, {"quasicrystal of 7", 7}} {
		all = append(all, repeated(n.name, 5, 14, quasicrystal(n.fold)))
	}
	return all
}

func checks(d dice) field {
	wide := d.from(-0.08, 0.08)
	return func(x, y float64) (float64, int) {
		return -(math.Abs(x-math.Round(x)) - 0.25 + wide) * (math.Abs(y-math.Round(y)) - 0.25 + wide), 0
	}
}

// argyle is lozenges with thin lines across.
func argyle(d dice) field {
	tall, thin := d.from(1.3, 2), d.from(0.01, 0.03)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x+y/tall, x-y/tall)
		if line := min(math.Abs(u), math.Abs(v)) - thin; line < 0.015 {
			return line, 2
		}
		if (column+row)&1 == 0 {
			return max(math.Abs(u), math.Abs(v)) - 0.5, column & 1
		}
		return 0.5 - max(math.Abs(u), math.Abs(v)), 0
	}
}

func bricks(d dice) field {
	joint, long, bond := d.from(0.03, 0.08), d.from(1.8, 2.6), d.from(0.35, 0.5)
	salt := d.IntN(1 << 20)
	return func(x, y float64) (float64, int) {
		row := math.Round(2 * y)
		u, v, column, _ := cell(2*x/long+bond*row, 2*y)
		return max((math.Abs(u)-0.5)*long, math.Abs(v)-0.5) + joint, int(scramble(column, int(row), salt) % 3)
	}
}

// herringbone is blocks of 1 to 4 in two directions, by the staircase that
// each forms.
func herringbone(d dice) field {
	joint, n := d.from(0.05, 0.1), 3+d.IntN(2)
	return func(x, y float64) (float64, int) {
		x, y = 4*x, 4*y
		i, j := math.Floor(x), math.Floor(y)
		k := ((int(i)-int(j))%(2*n) + 2*n) % (2 * n)
		u, v := x-i-0.5, y-j-0.5
		if k < n { // lies along x: part k of n
			return max(math.Abs(u+float64(k)-float64(n-1)/2)-float64(n)/2, math.Abs(v)-0.5) + joint, 0
		}
		k -= n
		return max(math.Abs(v+float64(n-1-k)-float64(n-1)/2)-float64(n)/2, math.Abs(u)-0.5) + joint, 1
	}
}

func basketTiles(d dice) field {
	n, joint := float64(2+d.IntN(3)), d.from(0.04, 0.1)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		part := (column + row) & 1
		if part == 1 {
			u, v = v, u
		}
		w, _, _, _ := cell(n*(v+0.5)-0.5, 0)
		return max((math.Abs(w)-0.5)/n, math.Abs(u)-0.5) + joint/n, part
	}
}

// hexagon is where in its cell of the hexagonal lattice a place lies, and which.
func hexagon(x, y float64) (u, v float64, column, row int) {
	const tall = 1.7320508
	ax, ay, ac, ar := cell(x, y/tall)
	bx, by, bc, br := cell(x+0.5, y/tall+0.5)
	ay, by = ay*tall, by*tall
	if ax*ax+ay*ay < bx*bx+by*by {
		return ax, ay, ac, 2 * ar
	}
	return bx, by, bc, 2*br - 1
}

func inHexagon(u, v float64) float64 {
	u, v = math.Abs(u), math.Abs(v)
	return max(u, 0.5*u+0.8660254*v) - 0.5
}

func hexagons(d dice) field {
	joint, core := d.from(0.03, 0.1), d.from(0, 0.3)
	salt := d.IntN(1 << 20)
	return func(x, y float64) (float64, int) {
		u, v, column, row := hexagon(x, y)
		e := inHexagon(u, v)
		if e < -0.5+core {
			return e + 0.55 - core, 3
		}
		return e + joint, int(scramble(column, row, salt) % 3)
	}
}

func triangles(d dice) field {
	joint := d.from(0.03, 0.08)
	return func(x, y float64) (float64, int) {
		a, b, c := 1.1547*y, x-0.57735*y, -x-0.57735*y
		e, sum := math.Inf(-1), 0.0
		for _, k := range [...]float64{a, b, c} {
			sum += math.Floor(k)
			e = max(e, math.Abs(k-math.Floor(k)-0.5)-0.5)
		}
		return e + joint, int(math.Abs(sum)) & 1
	}
}

// cubes are hexagons of three rhombs.
func cubes(d dice) field {
	joint := d.from(0.02, 0.06)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := hexagon(x, y)
		side := int(math.Floor((math.Atan2(v, u)+math.Pi/2)/(twoPi/3)+3)) % 3
		a := float64(side)*twoPi/3 - math.Pi/2
		p := math.Abs(u*math.Sin(a) - v*math.Cos(a))
		q := math.Abs(u*math.Sin(a+twoPi/3) - v*math.Cos(a+twoPi/3))
		return max(inHexagon(u, v), -p, -q) + joint, side
	}
}

// scaleWaves is seigaiha: scales of concentric arcs.
func scaleWaves(d dice) field {
	rings := float64(3 + d.IntN(2))
	return func(x, y float64) (float64, int) {
		for row := math.Floor(4*y + 1); ; row-- {
			u := x - 0.5*float64(int(row)&1)
			r := length(u-math.Round(u), y-0.25*row)
			if r > 0.5 && row > 4*y-2 {
				continue
			}
			k := 2 * rings * min(r, 0.5)
			return math.Abs(k-math.Round(k)) - 0.25, 0
		}
	}
}

// overlapping circles form four-leaved flowers.
func overlapping(d dice) field {
	thick, r := d.from(0.02, 0.05), d.from(0.64, 0.71)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		e := math.Inf(1)
		for i := -1.0; i <= 1; i++ {
			for j := -1.0; j <= 1; j++ {
				e = min(e, math.Abs(length(u-i, v-j)-r))
			}
		}
		return e - thick, 0
	}
}

// hempLeaves is asanoha: six-pointed stars of thin lines.
func hempLeaves(d dice) field {
	thick := d.from(0.012, 0.03)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := hexagon(x, y)
		a, b := sector(u, v, 6)
		// The lines of one twelfth: spoke, rim and the two to the third point.
		spoke := b
		rim := math.Abs(0.5 - a)
		third := math.Abs((a-0.5)*0.5+(b-0.288675)*0.8660254) + max(0, 0.33-a)
		inner := math.Abs(b*0.8660254-a*0.5) + max(0, a-0.34)
		return min(spoke, rim, third, inner) - thick, 0
	}
}

// truchet is quarter circles that join to winding lines.
func truchet(d dice) field {
	thick, salt := d.from(0.06, 0.16), d.IntN(1<<20)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		if scramble(column, row, salt)&1 == 1 {
			u = -u
		}
		return min(math.Abs(length(u-0.5, v-0.5)-0.5), math.Abs(length(u+0.5, v+0.5)-0.5)) - thick, 0
	}
}

func maze(d dice) field {
	thick, salt := d.from(0.08, 0.18), d.IntN(1<<20)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		if scramble(column, row, salt)&1 == 1 {
			u = -u
		}
		return 0.7*math.Abs(u-v) - thick, 0
	}
}

func halfSquares(d dice) field {
	salt := d.IntN(1 << 20)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		way := scramble(column, row, salt)
		if way&1 == 1 {
			u = -u
		}
		if way&2 == 2 {
			v = -v
		}
		return u + v, int(way>>4) % 2
	}
}

func pinwheels(d dice) field {
	joint := d.from(0, 0.03)
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		for range (3*(column&1) ^ (row & 1)) & 3 {
			u, v = v, -u
		}
		if column&1 == row&1 {
			u, v = -u, -v
		}
		return 0.7*(u-v) + joint, column & 1
	}
}

// houndstooth is a 4 and 4 twill of two colours.
func houndstooth(dice) field {
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		warp, weft := u < 0, v < 0
		e := -(math.Abs(u) - 0.25) * (math.Abs(v) - 0.25)
		if warp == weft {
			if warp {
				return -max(0.02, math.Abs(e)), 0
			}
			return max(0.02, math.Abs(e)), 0
		}
		k := 4 * (u + v)
		return math.Abs(k-math.Round(k)) - 0.25, 0
	}
}

func chevrons(d dice) field {
	thick, steep := d.from(0.15, 0.3), d.from(0.5, 1.2)
	return func(x, y float64) (float64, int) {
		u, v, _, row := cell(0, y+steep*2*math.Abs(0.5*x-math.Round(0.5*x)))
		return math.Abs(v) - thick + u, row & 1
	}
}

func stripes(d dice) field {
	widths := []float64{d.from(0.1, 0.4), d.from(0.02, 0.15), d.from(0.1, 0.3)}
	return func(_, y float64) (float64, int) {
		_, v, _, row := cell(0, y)
		which := ((row % 3) + 3) % 3
		return math.Abs(v) - widths[which], which
	}
}

func scallops(d dice) field {
	thick, deep := d.from(0.1, 0.22), d.from(0.3, 0.6)
	return func(x, y float64) (float64, int) {
		u := x - math.Round(x)
		_, v, _, row := cell(0, 1.5*y+deep*math.Sqrt(max(1-4*u*u, 0)))
		return math.Abs(v) - thick, row & 1
	}
}

// ogees are onion-shaped meshes with a bud in each.
func ogees(d dice) field {
	thick, bud := d.from(0.03, 0.07), d.from(0.1, 0.18)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, 0.6*y)
		swing := 0.25 * (1 + math.Cos(twoPi*v))
		mesh := math.Abs(math.Abs(u)-swing) - thick
		if b := ellipse(u, v, bud, 1.3*bud); b < mesh {
			return b, 1
		}
		return mesh, 0
	}
}

func octagons(d dice) field {
	joint := d.from(0.02, 0.06)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		u, v = math.Abs(u), math.Abs(v)
		e := max(u-0.5, v-0.5, 0.70710678*(u+v)-0.5)
		if rest := 0.70710678*(1-u-v) - 0.2071068; rest < e {
			return rest + joint, 1
		}
		return e + joint, 0
	}
}

// quasicrystal is the sum of n plane waves at equal angles: order without
// repetition.
func quasicrystal(n int) func(dice) field {
	return func(d dice) field {
		level := d.from(-0.1, 0.35) * float64(n)
		sin, cos := make([]float64, n), make([]float64, n)
		for i := range n {
			sin[i], cos[i] = math.Sincos(math.Pi * float64(i) / float64(n))
		}
		return func(x, y float64) (float64, int) {
			var sum float64
			for i := range n {
				sum += math.Cos(twoPi * (x*cos[i] + y*sin[i]))
			}
			if sum > 0.6*float64(n) {
				return level - sum, 1
			}
			return level - sum, 0
		}
	}
}

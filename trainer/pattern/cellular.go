package pattern

import "math"

// cellular patterns come from points strewn over the plane (Worley, "A
// Cellular Texture Basis Function", 1996).
func cellular() []Family {
	return []Family{
		repeated("cracked earth", 3, 9, strewn(1, euclid, func(c near) (float64, int) { return 0.06 - (c.second-c.first)*0.5, 0 })),
		repeated("mosaic", 3, 9, strewn(1, euclid, func(c near) (float64, int) { return 0.04 - (c.second-c.first)*0.5, int(c.which % 4) })),
		repeated("pebbles", 3, 9, strewn(0.9, euclid, func(c near) (float64, int) { return c.first - 0.42*c.second - 0.08, int(c.which % 3) })),
		repeated("dots strewn", 3, 10, strewn(0.9, euclid, func(c near) (float64, int) { return c.first - 0.2, int(c.which % 2) })),
		repeated("rings strewn", 3, 9, strewn(0.8, euclid, func(c near) (float64, int) { return math.Abs(c.first-0.27) - 0.06, int(c.which % 2) })),
		repeated("ripples strewn", 2, 6, strewn(1, euclid, func(c near) (float64, int) { return math.Abs(8*c.first-math.Round(8*c.first)) - 0.25, 0 })),
		repeated("blocks strewn", 3, 8, strewn(1, taxi, func(c near) (float64, int) { return 0.06 - (c.second-c.first)*0.5, int(c.which % 3) })),
		repeated("squares strewn", 3, 9, strewn(0.9, chess, func(c near) (float64, int) { return c.first - 0.22, int(c.which % 3) })),
		repeated("petals strewn", 3, 8, strewn(0.8, euclid, func(c near) (float64, int) {
			n := 5
			return c.first - 0.3 - 0.12*math.Cos(float64(n)*c.angle), 0
		})),
		repeated("dashes strewn", 4, 10, strewn(0.8, euclid, func(c near) (float64, int) {
			u, v := turned(c.dx, c.dy, float64(c.which%16)*math.Pi/16)
			return max(math.Abs(u)-0.3, math.Abs(v)-0.07), 0
		})),
	}
}

// near is what lies about a place: the distances to the nearest two points,
// where the nearest lies from here, and which it is.
type near struct {
	first, second float64
	dx, dy, angle float64
	which         uint32
}

func euclid(x, y float64) float64 { return length(x, y) }
func taxi(x, y float64) float64   { return math.Abs(x) + math.Abs(y) }
func chess(x, y float64) float64  { return max(math.Abs(x), math.Abs(y)) }

// strewn gives each cell of the lattice a point, up to half of jitter away
// from its middle.
func strewn(jitter float64, distance func(x, y float64) float64, edge func(near) (float64, int)) func(dice) field {
	return func(d dice) field {
		salt := d.IntN(1 << 20)
		return func(x, y float64) (float64, int) {
			u, v, column, row := cell(x, y)
			c := near{first: math.Inf(1), second: math.Inf(1)}
			for i := -1; i <= 1; i++ {
				for j := -1; j <= 1; j++ {
					h := scramble(column+i, row+j, salt)
					dx := u - float64(i) - jitter*(float64(h&0xff)/255-0.5)
					dy := v - float64(j) - jitter*(float64(h>>8&0xff)/255-0.5)
					l := distance(dx, dy)
					if l < c.first {
						c.second = c.first
						c.first, c.dx, c.dy, c.which = l, dx, dy, h>>16
					} else if l < c.second {
						c.second = l
					}
				}
			}
			c.angle = math.Atan2(c.dy, c.dx)
			return edge(c)
		}
	}
}

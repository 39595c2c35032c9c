package pattern

import "math"

// noises are patterns that never repeat.
func noises() []Family {
	return []Family{
		repeated("spots", 4, 12, turing(0, 0.45)),
		repeated("labyrinth", 4, 12, turing(0, 0)),
		repeated("zebra", 4, 12, turing(0.85, 0)),
		repeated("holes", 4, 12, turing(0, -0.45)),
		repeated("islands", 2, 6, islands),
		repeated("marble", 2, 6, marble),
		repeated("contours", 1.5, 5, contours),
		repeated("wood", 2, 6, wood),
		repeated("veins", 2, 6, veins),
		repeated("ikat", 2, 6, ikat),
	}
}

// noise is Perlin's gradient noise (SIGGRAPH 2002), about -1 to 1.
type noise struct {
	gradients [256]point
	salt      int
}

func newNoise(d dice) *noise {
	n := &noise{salt: d.IntN(1 << 20)}
	for i := range n.gradients {
		n.gradients[i].y, n.gradients[i].x = math.Sincos(twoPi * float64(i) / 256)
	}
	return n
}

func (n *noise) at(x, y float64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	u, v := x-i, y-j
	corner := func(a, b float64) float64 {
		g := n.gradients[scramble(int(i+a), int(j+b), n.salt)&0xff]
		return g.x*(u-a) + g.y*(v-b)
	}
	s, t := ease(u), ease(v)
	top := corner(0, 0) + (corner(1, 0)-corner(0, 0))*s
	bottom := corner(0, 1) + (corner(1, 1)-corner(0, 1))*s
	return 1.5 * (top + (bottom-top)*t)
}

func ease(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }

// octaves adds finer and weaker noise.
func (n *noise) octaves(x, y float64) float64 {
	return n.at(x, y) + 0.5*n.at(2*x+17, 2*y) + 0.25*n.at(4*x, 4*y+31)
}

// turing is what reaction and diffusion end in, drawn as random waves of one
// length: one is how far they share a direction, level cuts spots out of the
// labyrinth.
func turing(one, level float64) func(dice) field {
	return func(d dice) field {
		const waves = 14
		var kx, ky, phase [waves]float64
		for i := range waves {
			angle := (1-one)*d.turn() + one*0.4*d.NormFloat64()
			k := twoPi * d.from(0.85, 1.15)
			kx[i], ky[i], phase[i] = k*math.Cos(angle), k*math.Sin(angle), d.turn()
		}
		cut := level * math.Sqrt(waves)
		return func(x, y float64) (float64, int) {
			var sum float64
			for i := range waves {
				sum += math.Cos(kx[i]*x + ky[i]*y + phase[i])
			}
			return cut - sum, 0
		}
	}
}

func islands(d dice) field {
	n, level := newNoise(d), d.from(-0.1, 0.3)
	return func(x, y float64) (float64, int) { return level - n.octaves(x, y), 0 }
}

func marble(d dice) field {
	n, strength := newNoise(d), d.from(0.8, 1.6)
	return func(x, y float64) (float64, int) {
		return 0.3 - math.Sin(math.Pi*(x+strength*n.octaves(0.5*x, 0.5*y))), 0
	}
}

func contours(d dice) field {
	n, lines := newNoise(d), d.from(5, 9)
	return func(x, y float64) (float64, int) {
		k := lines * n.at(x, y)
		return math.Abs(k-math.Round(k)) - 0.2, int(math.Abs(math.Round(k))) % 3
	}
}

// wood is the rings of long, thin trunks.
func wood(d dice) field {
	n, rings := newNoise(d), d.from(4, 7)
	return func(x, y float64) (float64, int) {
		k := rings * (0.3*y + 0.6*n.at(0.25*x, y))
		return math.Abs(k-math.Round(k)) - 0.22, 0
	}
}

func veins(d dice) field {
	n, thick := newNoise(d), d.from(0.05, 0.12)
	return func(x, y float64) (float64, int) {
		one, other := math.Abs(n.at(x, y)), math.Abs(n.at(1.7*x+50, 1.7*y))
		return min(one, other+0.03) - thick, 0
	}
}

// ikat is lozenges whose edges are frayed along the warp.
func ikat(d dice) field {
	n, fray, core := newNoise(d), d.from(0.1, 0.25), d.from(0.3, 0.6)
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, 0.6*y+fray*n.at(math.Floor(14*x), y))
		l := math.Abs(u) + math.Abs(v)
		if l < 0.42*core {
			return l - 0.36*core, 1
		}
		return max(l-0.42, 0.42*core-l), 0
	}
}

// Package pattern draws endless patterns of some two hundred named families:
// textile repeats, batik's among them, tilings, weaves, fractals, noise and
// curves. Naming the family teaches a network to see textures, shapes and
// symmetries before it has seen a photograph (Kataoka et al., "Pre-training
// without Natural Images", 2020).
//
// A family is what a person would still see under other colours, another scale
// and another hand; those, and the cloth's wear, are drawn at random.
package pattern

import "math/rand/v2"

// Family is a kind of pattern.
type Family struct {
	Name string
	draw func(d dice, side int) []byte
}

// Draw draws a pattern of the family: side x side pixels, RGB, rows from the
// top. The same state of rng gives the same pixels. Side is at least 8.
func (f Family) Draw(side int, rng *rand.Rand) []byte {
	return f.draw(dice{rng}, side)
}

// Families are all that there are, in a fixed order.
func Families() []Family {
	var all []Family
	for _, some := range [][]Family{repeats(), batik(), tilings(), weaves(), cellular(), noises(), fractals(), curves()} {
		all = append(all, some...)
	}
	return all
}

// dice are what the families draw their parameters with.
type dice struct{ *rand.Rand }

func (d dice) from(low, high float64) float64 { return low + (high-low)*d.Float64() }

// turn is a random angle in radians.
func (d dice) turn() float64 { return d.from(0, twoPi) }

// odds tells whether something of that probability happens.
func (d dice) odds(p float64) bool { return d.Float64() < p }

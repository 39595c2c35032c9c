package trainer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"

	"canting/trainer/dataset"
	"canting/trainer/pattern"
	"canting/trainer/picture"
)

// things are pictures that show no cloth. Drawn ones are of the given series of
// families.
type things [][]pattern.Family

// learntThings are what a network is trained to be unsure of and learns doubt from;
// newThings are what it is measured with: their drawn patterns are of no series that it
// has learnt from, all else is of the same kinds and drawn anew.
func learntThings() things { return bothThings()[0] }
func newThings() things    { return bothThings()[1] }

var bothThings = sync.OnceValue(func() (both [2]things) {
	for i, series := range inSeries(pattern.Strange()) {
		both[i%2] = append(both[i%2], series)
	}
	return both
})

// inSeries puts families beside each other that differ in a number or a variety:
// "quasicrystal of 5" and "of 7", "Julia set, rabbit" and "Julia set, dust".
func inSeries(families []pattern.Family) (all things) {
	last := ""
	for _, f := range families {
		name := f.Name[:strings.IndexAny(f.Name+",", ",0123456789")]
		if name != last {
			all, last = append(all, nil), name
		}
		all[len(all)-1] = append(all[len(all)-1], f)
	}
	return all
}

// kind is a sort of thing; draw gives size x size RGB pixels.
type kind struct {
	name string
	draw func(size int, rng *rand.Rand) []byte
}

func (t things) whole() []kind {
	return []kind{{"plain", plain}, {"shade", shade}, {"grains", grains}, {"drawn", t.drawn}}
}

// kinds are as likely as each other.
func (t things) kinds() []kind { return append(t.whole(), kind{"parts", t.parts}) }

// pictures are n of the things, each kind's in turn. The same name gives the same
// pixels.
func (t things) pictures(n, size int, name string) []picture.Picture {
	var all []picture.Picture
	kinds := t.kinds()
	for i, k := range kinds {
		all = append(all, k.pictures((n+len(kinds)-1-i)/len(kinds), size, name)...)
	}
	return all
}

// pictures are n of the kind.
func (k kind) pictures(n, size int, name string) []picture.Picture {
	all := make([]picture.Picture, n)
	for i := range all {
		all[i] = picture.Drawn(fmt.Sprintf("%s %s %d", name, k.name, i), dataset.NoMotif, size, k.draw)
	}
	return all
}

// outlier is a picture of any kind.
func (t things) outlier(size int, rng *rand.Rand) []byte {
	kinds := t.kinds()
	return kinds[rng.IntN(len(kinds))].draw(size, rng)
}

// drawn is a pattern that is on no cloth.
func (t things) drawn(size int, rng *rand.Rand) []byte {
	series := t[rng.IntN(len(t))]
	return series[rng.IntN(len(series))].Draw(size, rng)
}

// parts are two things that meet at a straight edge, as a table and a wall do.
func (t things) parts(size int, rng *rand.Rand) []byte {
	kinds := t.whole()
	one, other := kinds[rng.IntN(len(kinds))].draw(size, rng), kinds[rng.IntN(len(kinds))].draw(size, rng)
	sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
	edge := 0.6 * (rng.Float64() - 0.5) * float64(size)
	for i := range size * size {
		x, y := float64(i%size)-float64(size)/2, float64(i/size)-float64(size)/2
		if cos*x+sin*y > edge {
			copy(one[3*i:3*i+3], other[3*i:])
		}
	}
	return one
}

// colour is a random one, 0 to 255 a channel.
func colour(rng *rand.Rand) (c [3]float64) {
	for i := range c {
		c[i] = 255 * rng.Float64()
	}
	return c
}

// plain is one colour with a camera's noise.
func plain(size int, rng *rand.Rand) []byte {
	c, noise := colour(rng), 6*rng.Float64()
	return paint(size, func(int, int, int) float64 { return noise * rng.NormFloat64() }, func(_, _ float64, channel int) float64 { return c[channel] })
}

// shade is a colour that runs into another, with a camera's noise.
func shade(size int, rng *rand.Rand) []byte {
	from, to, noise := colour(rng), colour(rng), 6*rng.Float64()
	along := rng.Float64()
	return paint(size, func(int, int, int) float64 { return noise * rng.NormFloat64() }, func(x, y float64, channel int) float64 {
		share := along*x + (1-along)*y
		return (1-share)*from[channel] + share*to[channel]
	})
}

// grains are squares that are lighter and darker than a colour at random, more or
// less alike in the three channels.
func grains(size int, rng *rand.Rand) []byte {
	c, strength, alike := colour(rng), 10+100*rng.Float64(), rng.Float64()
	grain := 1 + rng.IntN(max(size/3, 1))
	across := (size + grain - 1) / grain
	values := make([]float64, across*across*3)
	for i := range across * across {
		common := rng.NormFloat64()
		for channel := range 3 {
			values[3*i+channel] = strength * (alike*common + (1-alike)*rng.NormFloat64())
		}
	}
	return paint(size, func(x, y, channel int) float64 {
		return values[3*(y/grain*across+x/grain)+channel]
	}, func(_, _ float64, channel int) float64 { return c[channel] })
}

// paint adds up a picture of noise by pixel and of a ground by place, 0 to 1.
func paint(size int, noise func(x, y, channel int) float64, ground func(x, y float64, channel int) float64) []byte {
	rgb := make([]byte, 0, size*size*3)
	for y := range size {
		for x := range size {
			for channel := range 3 {
				v := ground(float64(x)/float64(size), float64(y)/float64(size), channel) + noise(x, y, channel)
				rgb = append(rgb, byte(min(max(v, 0), 255)))
			}
		}
	}
	return rgb
}

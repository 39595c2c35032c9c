package trainer

import (
	"math/rand/v2"
)

// outliers are pictures of size x size RGB pixels that show no cloth at all: plain
// colours, a colour that runs into another, and noise of grains from one pixel to a
// third of the side. The same state of rng gives the same pixels.
func outliers(n, size int, rng *rand.Rand) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = outlier(size, rng)
	}
	return all
}

func outlier(size int, rng *rand.Rand) []byte {
	switch rng.IntN(4) {
	case 0:
		return plain(size, rng)
	case 1:
		return shade(size, rng)
	}
	return grains(size, rng)
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

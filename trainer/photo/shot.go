// Package photo photographs flat pictures in software: a cloth hangs before a
// camera that a visitor has pointed at it, with what goes wrong when visitors do:
// distance, position, light, colour, folds, blur, noise and things in the way.
package photo

import (
	"math"
	"math/rand/v2"
)

// Shot is everything about one photograph but the cloth. Lengths are in heights
// of the cloth (on the cloth) or of the picture (in the picture), angles in radians.
type Shot struct {
	Span             float64 // heights of cloth that the picture's height covers: the distance
	AimX, AimY       float64 // where the middle of the picture looks, from the cloth's middle
	Pitch, Yaw, Roll float64 // of the cloth against the picture
	Folds            []Fold
	Light            Light
	Defocus          float64 // standard deviation of the blur, picture heights
	Motion           float64 // length of the smear, picture heights
	MotionAngle      float64
	Noise            float64 // standard deviation at mid grey, of full scale
	InTheWay         Obstacle
	Wall             [3]float64 // what hangs behind the cloth, sRGB 0 to 1
	Quality          int        // JPEG, 1 to 100
	Seed             uint64     // of the noise and of the obstacle's shape
}

// Fold is a ridge that runs across the cloth again and again.
type Fold struct {
	Angle  float64 // of the direction across the ridges
	Period float64 // cloth heights
	Phase  float64
	Height float64 // cloth heights
	Sharp  float64 // 1 a wave, more a crease
	Waver  float64 // how far the ridge wanders, cloth heights
}

// Light is what falls on the cloth and what the camera makes of it.
type Light struct {
	Angle    float64 // where it comes from, in the picture's plane
	Slant    float64 // 0 frontal to 1 grazing
	Falloff  float64 // share lost at the far side
	Vignette float64 // share lost in the corners
	Exposure float64 // stops
	Warmth   float64 // -1 bluish daylight to 1 yellowish lamp, after the camera's white balance
	Tint     float64 // -1 magenta to 1 green
	Shadow   float64 // depth of a soft shadow across part of the cloth, 0 none
	Glare    float64 // veil of stray light, share of full scale
}

// Obstacle is what covers an edge of the picture.
type Obstacle int

// The obstacles: a finger before the lens, the edge of a picture frame, the cloth
// that hangs beside.
const (
	Nothing Obstacle = iota
	Finger
	FrameEdge
	OtherCloth
)

// Visitor draws a shot as visitors take them. About one in four is bad in some one
// way, though a person can still name the motif.
func Visitor(rng *rand.Rand) Shot {
	s := Steady(rng)
	s.Span = between(rng, 0.78, 1.2)
	s.AimX, s.AimY = 0.05*s.Span*rng.NormFloat64(), 0.05*s.Span*rng.NormFloat64()
	s.Pitch, s.Yaw, s.Roll = 0.16*rng.NormFloat64(), 0.20*rng.NormFloat64(), 0.12*rng.NormFloat64()
	s.Light = Light{
		Angle:    rng.Float64() * 2 * math.Pi,
		Slant:    between(rng, 0.1, 0.8),
		Falloff:  between(rng, 0, 0.45),
		Vignette: between(rng, 0, 0.4),
		Exposure: 0.45 * rng.NormFloat64(),
		Warmth:   0.35 * rng.NormFloat64(),
		Tint:     0.12 * rng.NormFloat64(),
		Glare:    0.06 * rng.Float64() * rng.Float64(),
	}
	s.Folds = folds(rng, rng.IntN(4), 1)
	s.Defocus = 0.0035 * rng.Float64()
	s.Noise = between(rng, 0.006, 0.03)
	s.Quality = 55 + rng.IntN(38)
	if chance(rng, 0.2) {
		s.Light.Shadow = between(rng, 0.2, 0.55)
	}
	if chance(rng, 0.15) {
		s.InTheWay = Obstacle(1 + rng.IntN(3))
	}
	s.spoil(rng)
	s.Pitch, s.Yaw = bounded(s.Pitch, 0.6), bounded(s.Yaw, 0.65)
	s.Roll, s.Light.Exposure = bounded(s.Roll, 0.6), bounded(s.Light.Exposure, 1.5)
	s.Light.Warmth, s.Light.Tint = bounded(s.Light.Warmth, 1), bounded(s.Light.Tint, 0.4)
	return s
}

// spoil makes one thing bad in about one shot of four.
func (s *Shot) spoil(rng *rand.Rand) {
	switch rng.IntN(32) {
	case 0: // too far
		s.Span = between(rng, 1.25, 1.6)
	case 1: // from the side
		s.Yaw = between(rng, 0.42, 0.65) * pick(rng, -1, 1)
	case 2: // tilted
		s.Roll = between(rng, 0.3, 0.6) * pick(rng, -1, 1)
	case 3: // dark
		s.Light.Exposure, s.Noise = between(rng, -1.5, -1), between(rng, 0.04, 0.06)
	case 4: // lamp light
		s.Light.Warmth = between(rng, 0.7, 1) * pick(rng, -1, 1, 1)
	case 5: // out of focus
		s.Defocus = between(rng, 0.006, 0.010)
	case 6: // shaken
		s.Motion, s.MotionAngle = between(rng, 0.015, 0.035), rng.Float64()*math.Pi
	case 7: // crumpled
		s.Folds = folds(rng, 4, 1.7)
	}
}

// Steady draws a shot by someone who knows how: near, straight, well lit.
func Steady(rng *rand.Rand) Shot {
	wall := between(rng, 0.25, 0.85)
	return Shot{
		Span:    between(rng, 0.88, 1.04),
		AimX:    0.015 * rng.NormFloat64(),
		AimY:    0.015 * rng.NormFloat64(),
		Pitch:   bounded(0.07*rng.NormFloat64(), 0.16),
		Yaw:     bounded(0.10*rng.NormFloat64(), 0.22),
		Roll:    bounded(0.05*rng.NormFloat64(), 0.10),
		Folds:   folds(rng, 1+rng.IntN(2), 0.6),
		Defocus: 0.0012,
		Light: Light{
			Angle:    rng.Float64() * 2 * math.Pi,
			Slant:    between(rng, 0.3, 0.6),
			Falloff:  between(rng, 0.05, 0.25),
			Vignette: between(rng, 0.1, 0.25),
			Exposure: between(rng, -0.1, 0.3),
			Warmth:   between(rng, -0.15, 0.3),
		},
		Noise:   between(rng, 0.004, 0.010),
		Wall:    [3]float64{wall, wall * between(rng, 0.94, 1), wall * between(rng, 0.78, 1)},
		Quality: 56,
		Seed:    rng.Uint64(),
	}
}

func folds(rng *rand.Rand, count int, depth float64) []Fold {
	f := make([]Fold, count)
	for i := range f {
		f[i] = Fold{
			Angle:  0.45 * rng.NormFloat64(), // most folds of a hung cloth run down
			Period: between(rng, 0.28, 1.1),
			Phase:  rng.Float64() * 2 * math.Pi,
			Sharp:  between(rng, 1, 3.5),
			Waver:  between(rng, 0.01, 0.06),
		}
		f[i].Height = depth * between(rng, 0.012, 0.042) * f[i].Period
	}
	return f
}

func between(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }

func chance(rng *rand.Rand, probability float64) bool { return rng.Float64() < probability }

func pick(rng *rand.Rand, from ...float64) float64 { return from[rng.IntN(len(from))] }

func bounded(v, limit float64) float64 { return min(max(v, -limit), limit) }

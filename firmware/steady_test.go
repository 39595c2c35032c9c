package firmware

import (
	"math"
	"math/rand/v2"
	"path"
	"testing"
	"time"

	"canting/capture"
)

// still is a cloth that somebody holds before the camera as still as a hand
// can: it sways a little, the lamps flicker, the sensor has noise.
type still struct {
	cloth capture.Frame
	rng   *rand.Rand
	noise []float64

	x, y, turn, zoom, light float64 // of the moment
}

const (
	stillSide = 192 // pixels
	stillStep = time.Second / 25
	grains    = 1 << 15 // of the noise, from which a frame's begins anywhere
)

func newStill(cloth capture.Frame, seed uint64) *still {
	s := &still{cloth: cloth, rng: rand.New(rand.NewPCG(seed, 1)), noise: make([]float64, 2*grains)}
	for i := range s.noise {
		s.noise[i] = s.rng.NormFloat64()
	}
	return s
}

// next is the next frame of the cloth's middle square. It sways as an
// Ornstein-Uhlenbeck process with a time constant of half a second and these
// standard deviations: 1 % of the side in place and in size, 1 degree, 3 % of
// the light. The noise, mostly the photons', is 3 levels at mid grey.
func (s *still) next() capture.Frame {
	keep := math.Exp(-stillStep.Seconds() / 0.5)
	sway := func(v *float64, deviation float64) {
		*v = keep*(*v) + math.Sqrt(1-keep*keep)*deviation*s.rng.NormFloat64()
	}
	sway(&s.x, 0.01)
	sway(&s.y, 0.01)
	sway(&s.zoom, 0.01)
	sway(&s.turn, math.Pi/180)
	sway(&s.light, 0.03)
	side := float64(min(s.cloth.Width, s.cloth.Height))
	step := side / stillSide * (1 + s.zoom)
	sin, cos := math.Sincos(s.turn)
	f := capture.Frame{Width: stillSide, Height: stillSide, BGR: make([]byte, stillSide*stillSide*3)}
	grain := s.noise[s.rng.IntN(grains):]
	for i := range stillSide * stillSide {
		u, v := float64(i%stillSide-stillSide/2)*step, float64(i/stillSide-stillSide/2)*step
		x := float64(s.cloth.Width)/2 + cos*u - sin*v + s.x*side
		y := float64(s.cloth.Height)/2 + sin*u + cos*v + s.y*side
		for c, light := range between(s.cloth, x, y) {
			light *= 1 + s.light
			light += grain[(3*i+c)%grains] * (1 + light/64)
			f.BGR[3*i+c] = byte(min(max(light, 0), 255) + 0.5)
		}
	}
	return f
}

// between interpolates between four pixels, beyond the edge the last ones.
func between(f capture.Frame, x, y float64) (bgr [3]float64) {
	x, y = min(max(x, 0), float64(f.Width)-1.001), min(max(y, 0), float64(f.Height)-1.001)
	column, row := int(x), int(y)
	tx, ty := x-float64(column), y-float64(row)
	upper := f.BGR[(row*f.Width+column)*3:]
	lower := upper[f.Width*3:][:6]
	for c := range bgr {
		bgr[c] = (float64(upper[c])*(1-tx)+float64(upper[c+3])*tx)*(1-ty) + (float64(lower[c])*(1-tx)+float64(lower[c+3])*tx)*ty
	}
	return bgr
}

// beside is a frame with one cloth on the left and another on the right.
func beside(left, right capture.Frame) capture.Frame {
	return each(left, func(x, y, c int) float64 {
		if x < left.Width/2 {
			return value(left, x, y, c)
		}
		return value(right, x, y, c)
	})
}

// changes is how often the text changes in a minute of a still cloth: were it
// of each frame by itself, were it of the average, and as it is shown.
type changes struct{ bare, averaged, shown int }

func changesOn(t testing.TB, c *classifier, cloth capture.Frame) (n changes) {
	t.Helper()
	source := newStill(cloth, 7)
	s := smoother{constant: 400 * time.Millisecond}
	var before [3]opinion
	start := time.Now()
	for at := time.Duration(0); at < time.Minute; at += stillStep {
		seen, err := see(c, source.next())
		if err != nil {
			t.Fatal(err)
		}
		flaw := seen.quality.Flaw()
		shown := s.add(start.Add(at), flaw, seen.sight, c.rule())
		now := [3]opinion{
			c.judge(flaw, seen.sight),
			c.judge(flaws[follow(s.flaws.mean, 0, 0)], sight{s.probabilities.mean, s.evidence.mean[0]}),
			shown,
		}
		for i, count := range []*int{&n.bare, &n.averaged, &n.shown} {
			if at > 0 && !now[i].reads(before[i]) {
				*count++
			}
		}
		before = now
	}
	return n
}

// The text is calm before a cloth that is clear, and nearly so where two cloths
// share the guide box and the model wavers between them.
func TestTextIsCalmOnAStillCloth(t *testing.T) {
	c := demoClassifier(t)
	cloths := demoCloths(t)
	if n := changesOn(t, c, cloths[1].frame(t)); n.shown > 0 {
		t.Errorf("before a clear cloth the text changes %d times a minute", n.shown)
	}
	n := changesOn(t, c, beside(cloths[3].frame(t), cloths[2].frame(t)))
	t.Logf("between a house and a rice barn: %d changes a minute (%d frame by frame, %d of the average alone)", n.shown, n.bare, n.averaged)
	if n.shown > 20 || n.averaged < 5*n.shown {
		t.Errorf("between two cloths the text changes %d times a minute, the average's %d times", n.shown, n.averaged)
	}
}

// TestTextIsCalmOnPhotographs does the same with every fourth photograph of the
// folder, and the model, that the environment names.
func TestTextIsCalmOnPhotographs(t *testing.T) {
	c, folder, pictures := ownPhotographs(t)
	var sum, worst changes
	minutes := 0
	for i := 0; i < len(pictures); i += 4 {
		cloth, err := capture.ReadFile(path.Join(folder, pictures[i]))
		if err != nil {
			t.Fatal(err)
		}
		n := changesOn(t, c, cloth)
		sum = changes{sum.bare + n.bare, sum.averaged + n.averaged, sum.shown + n.shown}
		worst = changes{max(worst.bare, n.bare), max(worst.averaged, n.averaged), max(worst.shown, n.shown)}
		minutes++
	}
	t.Logf("%d photographs, a minute each: %d changes of the text, at most %d a minute (frame by frame %d, at most %d; of the average alone %d, at most %d)",
		minutes, sum.shown, worst.shown, sum.bare, worst.bare, sum.averaged, worst.averaged)
	if sum.shown >= sum.averaged && sum.averaged > 0 {
		t.Error("the hysteresis does not calm")
	}
}

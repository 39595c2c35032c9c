package photo

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"
)

// chart is a cloth of grey with a white dot in the middle.
func chart() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for y := range 300 {
		for x := range 400 {
			c := color.RGBA{120, 120, 120, 255}
			if math.Hypot(float64(x)-199.5, float64(y)-149.5) < 20 {
				c = color.RGBA{250, 250, 250, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// plain is a shot with nothing wrong: the picture is the cloth.
func plain() Shot { return Shot{Span: 1, Quality: 90} }

func TestPlainShotIsTheCloth(t *testing.T) {
	picture := plain().Take(chart(), 400, 300)
	for _, at := range []image.Point{{20, 20}, {380, 20}, {200, 150}, {120, 250}} {
		got, want := picture.RGBAAt(at.X, at.Y), chart().RGBAAt(at.X, at.Y)
		if math.Abs(float64(got.R)-float64(want.R)) > 1 || got.R != got.G || got.G != got.B {
			t.Errorf("the picture is %v at %v, the cloth %v", got, at, want)
		}
	}
}

// bright returns the area and the centre of what is lighter than the cloth's grey.
func bright(m *image.RGBA) (area, x, y float64) {
	for py := range m.Rect.Dy() {
		for px := range m.Rect.Dx() {
			if m.RGBAAt(px, py).G > 185 {
				area, x, y = area+1, x+float64(px), y+float64(py)
			}
		}
	}
	return area, x / area, y / area
}

func TestDistancePositionAndAngle(t *testing.T) {
	near, x, y := bright(plain().Take(chart(), 400, 300))
	if math.Abs(x-199.5) > 1 || math.Abs(y-149.5) > 1 {
		t.Errorf("the dot is at %.1f, %.1f, want the middle", x, y)
	}
	far := plain()
	far.Span = 2
	far.Wall = [3]float64{0.2, 0.2, 0.2}
	if small, _, _ := bright(far.Take(chart(), 400, 300)); math.Abs(small/near-0.25) > 0.04 {
		t.Errorf("at twice the distance the dot has %.2f of its area, want 0.25", small/near)
	}
	aside := plain()
	aside.AimX = 0.1
	if _, x, _ := bright(aside.Take(chart(), 400, 300)); math.Abs(x-169.5) > 1 {
		t.Errorf("aimed 0.1 to the right the dot is at %.1f, want 169.5", x)
	}
	turned := plain()
	turned.Yaw = math.Pi / 3
	if narrow, _, _ := bright(turned.Take(chart(), 400, 300)); math.Abs(narrow/near-0.5) > 0.06 {
		t.Errorf("seen from 60 degrees aside the dot has %.2f of its area, want 0.5", narrow/near)
	}
}

func TestLight(t *testing.T) {
	at := func(change func(*Shot)) color.RGBA {
		s := plain()
		change(&s)
		return s.Take(chart(), 200, 150).RGBAAt(20, 75)
	}
	lit := at(func(*Shot) {})
	stopLess := at(func(s *Shot) { s.Light.Exposure = -1 })
	if got, want := linear[stopLess.G]/linear[lit.G], float32(0.5); got < want-0.02 || got > want+0.02 {
		t.Errorf("a stop less light is %.3f of it, want 0.5", got)
	}
	if lamp := at(func(s *Shot) { s.Light.Warmth = 1 }); lamp.R <= lit.R || lamp.B >= lit.B {
		t.Errorf("lamp light made %v of %v, want redder and less blue", lamp, lit)
	}
	if corner := at(func(s *Shot) { s.Light.Vignette = 0.4 }); corner.G >= lit.G {
		t.Errorf("a vignette made %v of %v, want darker", corner, lit)
	}
}

// Blur and smear keep the light and spread it; a smear only along its direction.
func TestBlurAndSmear(t *testing.T) {
	point := func() *film {
		f := newFilm(41, 41)
		*f.at(20, 20) = [3]float32{1, 1, 1}
		return f
	}
	spread := func(f *film) (sum, dx, dy float64) {
		for y := range 41 {
			for x := range 41 {
				v := float64(f.at(x, y)[0])
				sum, dx, dy = sum+v, dx+v*float64((x-20)*(x-20)), dy+v*float64((y-20)*(y-20))
			}
		}
		return sum, math.Sqrt(dx), math.Sqrt(dy)
	}
	f := point()
	f.blur(3)
	if sum, dx, dy := spread(f); math.Abs(sum-1) > 1e-4 || math.Abs(dx-3) > 0.25 || math.Abs(dy-3) > 0.25 {
		t.Errorf("a blur of 3 kept %.4f of the light and spread it by %.2f, %.2f", sum, dx, dy)
	}
	f = point()
	f.smear(9, 0)
	if sum, dx, dy := spread(f); math.Abs(sum-1) > 1e-4 || math.Abs(dx-9/math.Sqrt(12)) > 0.2 || dy != 0 {
		t.Errorf("a level smear of 9 kept %.4f of the light and spread it by %.2f, %.2f", sum, dx, dy)
	}
}

func TestObstaclesCoverAnEdgeOnly(t *testing.T) {
	for o := Finger; o <= OtherCloth; o++ {
		for seed := range uint64(12) {
			s := plain()
			s.Seed = seed
			free := s.Take(chart(), 200, 150)
			s.InTheWay = o
			covered := s.Take(chart(), 200, 150)
			changed := 0
			for i := range free.Pix {
				if free.Pix[i] != covered.Pix[i] {
					changed++
				}
			}
			if share := float64(changed) / float64(len(free.Pix)); share < 0.005 || share > 0.3 {
				t.Errorf("obstacle %d, seed %d covers %.1f %% of the picture", o, seed, 100*share)
			}
			if free.RGBAAt(100, 75) != covered.RGBAAt(100, 75) {
				t.Errorf("obstacle %d, seed %d covers the middle", o, seed)
			}
		}
	}
}

// Visitors differ, but every shot shows the cloth's middle, lit, and is repeatable.
func TestVisitors(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	cloth := chart()
	for i := range 60 {
		s := Visitor(rng)
		if s.Quality < 1 || s.Quality > 100 {
			t.Errorf("shot %d has JPEG quality %d", i, s.Quality)
		}
		picture := s.Take(cloth, 96, 72)
		middle := picture.RGBAAt(48, 36)
		if middle.G < 40 {
			t.Errorf("shot %d is black in the middle: %v, %+v", i, middle, s)
		}
		if i%20 == 0 && !bytes.Equal(picture.Pix, s.Take(cloth, 96, 72).Pix) {
			t.Errorf("shot %d taken twice gave two pictures", i)
		}
	}
}

package draw

import (
	"math"
	"math/rand/v2"
)

// saddle is one tier of a Minangkabau roof: a ridge that sags between two horns
// (gonjong), above a nearly straight eave.
type saddle struct {
	eave    float64 // half width at the eave
	horns   float64 // half distance between the tips
	tipY    float64
	ridgeY  float64 // lowest point of the ridge
	eaveY   float64
	sharp   float64 // how late the ridge turns up: 2 a gentle bow, 4 a horn
	thatch  int     // 0 ribs from ridge to eave, 1 courses, 2 scales
	finials int     // balls on the spear of each tip
}

// ridge is the upper line, s from -1 to 1. The sine crowds it towards the tips, so
// that the horns end steeply.
func (r saddle) ridge(s float64) point {
	up := math.Pow(math.Abs(s), r.sharp)
	return point{r.horns * math.Sin(s*math.Pi/2), r.ridgeY + (r.tipY-r.ridgeY)*up}
}

func (r saddle) eaveAt(s float64) point {
	return point{r.eave * s, r.eaveY + 0.035*(1-s*s)}
}

// gable is the outer edge from a tip down to the eave, side -1 or 1.
func (r saddle) gable(side, t float64) point {
	tip, foot := r.ridge(side), r.eaveAt(side)
	control := point{side * (0.35*r.horns + 0.65*r.eave - 0.012), tip.y + 0.55*(foot.y-tip.y)}
	return tip.towards(control, t).towards(control.towards(foot, t), t)
}

func (r saddle) outline() []point {
	const steps = 40
	outline := make([]point, 0, 3*steps)
	for i := range steps + 1 {
		outline = append(outline, r.ridge(2*float64(i)/steps-1))
	}
	for i := 1; i <= steps/3; i++ {
		outline = append(outline, r.gable(1, 3*float64(i)/steps))
	}
	for i := range steps + 1 {
		outline = append(outline, r.eaveAt(1-2*float64(i)/steps))
	}
	for i := steps / 3; i > 0; i-- {
		outline = append(outline, r.gable(-1, 3*float64(i)/steps))
	}
	return outline
}

// course is the line that runs t of the way from the ridge to the eave.
func (r saddle) course(t float64) []point {
	const steps = 36
	line := make([]point, steps+1)
	for i := range line {
		s := 0.97 * (2*float64(i)/steps - 1)
		line[i] = r.ridge(s).towards(r.eaveAt(s), t)
	}
	return line
}

func (r saddle) draw(p *pen, d dye) {
	p.shape(d, r.outline())
	switch r.thatch {
	case 0:
		ribs := int(min(2*r.eave/(1.5*p.gap()), 34))
		for i := 1; i < ribs; i++ {
			s := 2*float64(i)/float64(ribs) - 1
			p.line(wax, 0.5, []point{r.ridge(s).towards(r.eaveAt(s), 0.14), r.ridge(s).towards(r.eaveAt(s), 0.9)})
		}
	case 1:
		for t := 0.2; t < 0.95; t += max(0.19, 1.3*p.gap()/(r.eaveY-r.ridgeY)) {
			p.line(wax, 0.55, r.course(t))
		}
	case 2:
		r.scales(p)
	}
	p.line(wax, 1, r.course(0.1))
	for _, side := range []float64{-1, 1} {
		r.finial(p, side)
	}
}

// scales covers the roof with rows of dots set in staggered courses.
func (r saddle) scales(p *pen) {
	step := max(0.2, 1.4*p.gap()/(r.eaveY-r.ridgeY))
	row := 0
	for t := 0.28; t < 0.95; t += step {
		p.line(wax, 0.45, r.course(t-step/2))
		count := int(2 * r.eave / (1.8 * p.gap()))
		for i := range count {
			s := 0.94 * (2*(float64(i)+0.5*float64(row%2)+0.25)/float64(count) - 1)
			p.dots(wax, 0.004, r.ridge(s).towards(r.eaveAt(s), t))
		}
		row++
	}
}

func (r saddle) finial(p *pen, side float64) {
	tip := r.ridge(side)
	top := point{tip.x + side*0.012, tip.y - 0.02 - 0.022*float64(r.finials)}
	p.line(bare, 1.1, []point{tip, top})
	for i := range r.finials {
		p.dots(bare, 0.0095-0.002*float64(i), tip.towards(top, (float64(i)+0.6)/float64(r.finials)))
	}
}

// gableBoard is the carved triangle (singkok) a narrow roof shows from the front.
func (r saddle) gableBoard(p *pen, d dye) {
	apex := r.ridge(0).towards(r.eaveAt(0), 0.22)
	left, right := r.eaveAt(-0.5), r.eaveAt(0.5)
	p.shape(d, []point{apex, right, left})
	centre := apex.towards(left.towards(right, 0.5), 0.62)
	p.line(wax, 0.7, circle(centre, 0.024))
	p.dots(wax, 0.007, centre)
}

// frieze fills a band of a wall with one of the carvings: diamonds, triangles
// (pucuk rabuang), rosettes or waves.
func frieze(p *pen, band quad, kind int, d dye) {
	width := band.topRight.x - band.topLeft.x
	height := band.bottomLeft.y - band.topLeft.y
	n := max(int(width/max(height, 2.4*p.gap())), 3)
	for i := range n {
		u0 := 2*float64(i)/float64(n) - 1
		u1 := 2*float64(i+1)/float64(n) - 1
		mid := (u0 + u1) / 2
		switch kind {
		case 0:
			p.patch(d, []point{band.at(mid, 0.1), band.at(u1, 0.5), band.at(mid, 0.9), band.at(u0, 0.5)})
			p.dots(wax, 0.005, band.at(mid, 0.5))
		case 1:
			p.patch(d, []point{band.at(u0, 1), band.at(mid, 0.08), band.at(u1, 1)})
			p.line(wax, 0.5, []point{band.at(u0, 1), band.at(mid, 0.08), band.at(u1, 1)})
		case 2:
			p.patch(d, circle(band.at(mid, 0.5), 0.36*height))
			p.line(wax, 0.45, circle(band.at(mid, 0.5), 0.36*height))
			p.dots(wax, 0.004, band.at(mid, 0.5))
		default:
			p.line(wax, 0.6, smooth(false, band.at(u0, 0.8), band.at(mid, 0.2), band.at(mid+0.3*(u1-u0), 0.5), band.at(u1, 0.8)))
		}
	}
}

const friezes = 4

func drawStair(p *pen, from point, foot point, half float64, rungs int) {
	for _, side := range []float64{-1, 1} {
		shift := point{side * half, 0}
		p.line(bare, 1.2, []point{from.add(shift), foot.add(shift.scale(1.25))})
	}
	for i := range rungs {
		t := (float64(i) + 0.6) / float64(rungs)
		c, h := from.towards(foot, t), half*(1+0.25*t)
		p.line(bare, 0.8, []point{{c.x - h, c.y}, {c.x + h, c.y}})
	}
}

// post is a stilt on its foot stone.
func drawPost(p *pen, top, foot point, half float64, d dye) {
	p.shape(d, ribbon([]point{top, foot}, taper(half, half*1.15)))
	p.shape(second, arc(point{foot.x, foot.y}, half*2.1, half*1.2, math.Pi, 2*math.Pi))
}

func randomSaddle(rng *rand.Rand) saddle {
	return saddle{sharp: between(rng, 2.3, 3.6), thatch: rng.IntN(3), finials: 1 + rng.IntN(3)}
}

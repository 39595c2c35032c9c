package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// reliabilityBins is how many equal steps of confidence answers are sorted into;
// the paper of CalibrationError takes as many.
const reliabilityBins = 15

// Answer is how sure a model was of a picture, 0 to 1, and whether it was right.
type Answer struct {
	Confidence float64
	Right      bool
}

// bin is the answers within one step of confidence.
type bin struct {
	n, right   int
	confidence float64 // summed
}

func (b bin) meanConfidence() float64 { return b.confidence / float64(b.n) }
func (b bin) accuracy() float64       { return ratio(b.right, b.n) }

// gap is how far accuracy and confidence are apart, 0 without answers.
func (b bin) gap() float64 {
	if b.n == 0 {
		return 0
	}
	return math.Abs(b.accuracy() - b.meanConfidence())
}

func bins(answers []Answer) [reliabilityBins]bin {
	var all [reliabilityBins]bin
	for _, a := range answers {
		b := &all[min(int(a.Confidence*reliabilityBins), reliabilityBins-1)]
		b.n++
		b.confidence += a.Confidence
		if a.Right {
			b.right++
		}
	}
	return all
}

// CalibrationError is the expected calibration error of Guo, Pleiss, Sun and
// Weinberger, "On Calibration of Modern Neural Networks", 2017, equation 3: the
// mean, over 15 equal steps of confidence and weighted by their answers, of how far
// accuracy and confidence are apart. It runs from 0 to 1; NaN without answers.
func CalibrationError(answers []Answer) float64 {
	if len(answers) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, b := range bins(answers) {
		sum += float64(b.n) * b.gap()
	}
	return sum / float64(len(answers))
}

// ChanceCalibrationError is what CalibrationError would be on average were every
// confidence exactly the chance of being right, with so few answers: a binomial's
// mean absolute deviation (De Moivre; Diaconis and Zabell, "Closed Form Summation
// for Classical Distributions", 1991) in each step, at the step's mean confidence.
func ChanceCalibrationError(answers []Answer) float64 {
	if len(answers) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, b := range bins(answers) {
		if b.n > 0 {
			sum += meanDeviation(b.n, b.meanConfidence())
		}
	}
	return sum / float64(len(answers))
}

// meanDeviation is the mean distance of a binomial count from its mean np:
// 2 m C(n, m) p^m (1-p)^(n-m+1), where m is the first count above np.
func meanDeviation(n int, p float64) float64 {
	if p <= 0 || p >= 1 {
		return 0
	}
	m := math.Floor(float64(n)*p) + 1
	if m > float64(n) {
		return 0
	}
	log := func(k float64) float64 { g, _ := math.Lgamma(k + 1); return g }
	ways := log(float64(n)) - log(m) - log(float64(n)-m)
	return 2 * m * math.Exp(ways+m*math.Log(p)+(float64(n)-m+1)*math.Log1p(-p))
}

// reliability draws accuracy over confidence, one dot a step, its area growing with
// the step's answers, with the 95 % interval of each accuracy. On the diagonal a
// model is as often right as it is sure.
func reliability(answers []Answer) ([]byte, error) {
	const side = 360
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "confidence", "share that was right"
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Min, axis.Max, axis.Tick.Marker = 0, 1, quarters
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = thread, thread
	diagonal, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}})
	if err != nil {
		return nil, fmt.Errorf("the diagonal: %w", err)
	}
	diagonal.Color, diagonal.Width, diagonal.Dashes = faded, 1.6, []vg.Length{6, 3}
	p.Add(grid, diagonal)
	for _, b := range bins(answers) {
		if b.n == 0 {
			continue
		}
		if err := b.draw(p, len(answers)); err != nil {
			return nil, err
		}
	}
	canvas := newCanvas(side, side)
	p.Draw(draw.Crop(draw.New(canvas), 6, -14, 6, -10))
	return encode(canvas)
}

// draw adds the step's dot and its whisker.
func (b bin) draw(p *plot.Plot, all int) error {
	const largest, least = 11, 3.5
	low, high := Interval(b.right, b.n)
	x := b.meanConfidence()
	whisker, err := plotter.NewLine(plotter.XYs{{X: x, Y: low}, {X: x, Y: high}})
	if err != nil {
		return fmt.Errorf("a step's interval: %w", err)
	}
	whisker.Color, whisker.Width = trainColor, 1.4
	dot, err := plotter.NewScatter(plotter.XYs{{X: x, Y: b.accuracy()}})
	if err != nil {
		return fmt.Errorf("a step's dot: %w", err)
	}
	radius := vg.Length(max(least, largest*math.Sqrt(float64(b.n)/float64(all))))
	dot.GlyphStyle = draw.GlyphStyle{Color: testColor, Radius: radius, Shape: draw.CircleGlyph{}}
	p.Add(whisker, dot)
	return nil
}

package report

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func lossCurves(epochs []Epoch) ([]byte, error) {
	p := newPlot()
	p.Y.Label.Text = "loss"
	p.Y.Min = 0
	p.Y.Tick.Marker = roundTicks{}
	return curves(p, epochs,
		func(e Epoch) float64 { return e.Loss },
		func(e Epoch) float64 { return e.TestLoss })
}

func accuracyCurves(epochs []Epoch) ([]byte, error) {
	p := newPlot()
	p.Y.Label.Text = "accuracy"
	p.Y.Min, p.Y.Max = 0, 1
	p.Y.Tick.Marker = quarters
	return curves(p, epochs,
		func(e Epoch) float64 { return e.Accuracy },
		func(e Epoch) float64 { return e.TestAccuracy })
}

// quarters mark a share.
var quarters = plot.ConstantTicks{
	{Value: 0, Label: "0"},
	{Value: 0.25, Label: "25 %"},
	{Value: 0.5, Label: "50 %"},
	{Value: 0.75, Label: "75 %"},
	{Value: 1, Label: "100 %"},
}

// curves draws one quantity for train and test over the epochs, with the legend
// in a strip of its own above the data.
func curves(p *plot.Plot, epochs []Epoch, train, test func(Epoch) float64) ([]byte, error) {
	const width, height, strip = 430, 300, 26
	p.X.Label.Text = "epoch"
	p.X.Tick.Marker = roundTicks{leastStep: 1}
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	grid.Horizontal.Color, grid.Horizontal.Width = thread, 0.8
	p.Add(grid)

	canvas := newCanvas(width, height)
	whole := draw.New(canvas)
	for i, series := range []struct {
		name   string
		value  func(Epoch) float64
		color  color.Color
		dashes []vg.Length
	}{
		{"train", train, trainColor, []vg.Length{6, 3}},
		{"test", test, testColor, nil},
	} {
		line, points, err := plotter.NewLinePoints(finitePoints(epochs, series.value))
		if err != nil {
			return nil, err
		}
		line.Color, line.Width, line.Dashes = series.color, 2.4, series.dashes
		points.GlyphStyle = draw.GlyphStyle{Color: series.color, Radius: 3, Shape: draw.CircleGlyph{}}
		p.Add(line)
		if len(epochs) <= 10 {
			p.Add(points)
		}
		key := plot.NewLegend()
		key.Top, key.Left, key.ThumbnailWidth = true, true, 30
		key.YPosition = draw.PosCenter
		key.TextStyle = textStyle(14)
		key.Add(series.name, line)
		key.Draw(draw.Crop(whole, vg.Length(60+110*i), 0, 0, -6))
	}
	p.Draw(draw.Crop(whole, 6, -14, 6, -strip))
	return encode(canvas)
}

// finitePoints leaves out what a diverged run could not measure.
func finitePoints(epochs []Epoch, value func(Epoch) float64) plotter.XYs {
	var points plotter.XYs
	for _, e := range epochs {
		if v := value(e); finite(v) {
			points = append(points, plotter.XY{X: float64(e.Epoch), Y: v})
		}
	}
	return points
}

// roundTicks marks about five to ten values a reader can name: multiples of 1, 2 or 5
// times a power of ten.
type roundTicks struct{ leastStep float64 }

func (r roundTicks) Ticks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, round := range []float64{5, 2} {
		if (high-low)/(round*step) >= 4 {
			step *= round
			break
		}
	}
	step = max(step, r.leastStep)
	var ticks []plot.Tick
	for i := math.Ceil(low / step); i <= math.Floor(high/step); i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'g', 5, 64)})
	}
	return ticks
}

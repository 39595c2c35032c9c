package report

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// confusionMatrix draws true classes downwards and predicted ones across. A
// cell's colour is its share of the row, so that small classes read as well as
// large ones; its number is the count.
func confusionMatrix(classes []string, matrix [][]int) ([]byte, error) {
	n := len(matrix)
	cell := min(64, max(30, 480/vg.Length(n)))
	margin := vg.Length(150)
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "predicted", "true class"
	p.X.Tick.Marker, p.Y.Tick.Marker = classTicks(classes, false), classTicks(classes, true)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.LineStyle.Width, axis.Tick.LineStyle.Width, axis.Tick.Length, axis.Padding = 0, 0, 8, 0
	}
	p.X.Tick.Label.Rotation = math.Pi / 5
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YTop

	shades, err := clayShades()
	if err != nil {
		return nil, err
	}
	heat := plotter.NewHeatMap(rowShares(matrix), shades)
	heat.Min, heat.Max = 0, 1
	counts, err := cellCounts(matrix)
	if err != nil {
		return nil, err
	}
	p.Add(heat, counts)

	canvas := newCanvas(margin+cell*vg.Length(n), margin+cell*vg.Length(n))
	p.Draw(draw.Crop(draw.New(canvas), 6, -6, 6, -6))
	return encode(canvas)
}

// clayShades runs from bare cloth to the darkest dye, each step darker than the
// one before.
func clayShades() (palette.Palette, error) {
	dye, err := moreland.NewLuminance([]color.Color{
		color.NRGBA{0x5a, 0x2a, 0x17, 0xff},
		color.NRGBA{0xb8, 0x53, 0x2a, 0xff},
		color.NRGBA{0xe2, 0xb0, 0x72, 0xff},
		color.NRGBA{0xf7, 0xee, 0xdf, 0xff},
	})
	if err != nil {
		return nil, err
	}
	dye.SetMin(0)
	dye.SetMax(1)
	// An even number, because Reverse (gonum/plot v0.17.0) leaves the middle one of
	// an odd number unset.
	return palette.Reverse(dye).Palette(100), nil
}

// rowShares is a confusion matrix as a plot sees it: the first true class at the
// top, each row adding up to 1 (or to 0, for a class without pictures).
type rowShares [][]int

func (m rowShares) Dims() (columns, rows int) { return len(m), len(m) }
func (m rowShares) X(column int) float64      { return float64(column) }
func (m rowShares) Y(row int) float64         { return float64(row) }

func (m rowShares) Z(column, row int) float64 {
	counts := m[len(m)-1-row]
	sum := 0
	for _, c := range counts {
		sum += c
	}
	return float64(counts[column]) / float64(max(sum, 1))
}

// cellCounts writes each count in its cell, light on dark.
func cellCounts(matrix [][]int) (*plotter.Labels, error) {
	shares := rowShares(matrix)
	n := len(matrix)
	var cells plotter.XYLabels
	for row := range n {
		for column := range n {
			cells.XYs = append(cells.XYs, plotter.XY{X: float64(column), Y: float64(row)})
			cells.Labels = append(cells.Labels, strconv.Itoa(matrix[n-1-row][column]))
		}
	}
	labels, err := plotter.NewLabels(cells)
	if err != nil {
		return nil, err
	}
	for i := range labels.TextStyle {
		style := textStyle(15)
		style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
		switch share := shares.Z(i%n, i/n); {
		case share > 0.45:
			style.Color = cloth
		case share == 0:
			style.Color = faded
		}
		labels.TextStyle[i] = style
	}
	return labels, nil
}

// classTicks names the classes along an axis, from the top down when reversed.
func classTicks(classes []string, reversed bool) plot.ConstantTicks {
	ticks := make(plot.ConstantTicks, len(classes))
	for i, name := range classes {
		at := i
		if reversed {
			at = len(classes) - 1 - i
		}
		ticks[i] = plot.Tick{Value: float64(at), Label: shorten(printable(name), 18)}
	}
	return ticks
}

// shorten cuts a label to at most n characters.
func shorten(label string, n int) string {
	runes := []rune(label)
	if len(runes) <= n {
		return label
	}
	return string(runes[:n-1]) + "…"
}

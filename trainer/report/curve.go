package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is how recognition grows with the photographs.
type Curve struct {
	Title   string       `json:"title"`
	Classes []string     `json:"classes"`
	Folds   int          `json:"folds"`
	Points  []CurvePoint `json:"points"` // each with about twice the photographs of the one before
	// LastDoubling is what the last point has more than the one before, in
	// accuracy and in each motif's recall, fold by fold.
	LastDoubling Estimate            `json:"last_doubling"`
	Gains        map[string]Estimate `json:"gains"`
	Advice       string              `json:"advice"`
}

// CurvePoint is the figures with one number of photographs.
type CurvePoint struct {
	Photographs map[string]float64 `json:"photographs"` // trained on, by motif
	Figures     Folds              `json:"figures"`
	Evaluations []Evaluation       `json:"-"` // of each fold, in the same order at every point
}

// Total is the number of photographs trained on.
func (p CurvePoint) Total() float64 {
	sum := 0.0
	for _, n := range p.Photographs {
		sum += n
	}
	return sum
}

// Conclude works out the figures and the advice from the points' evaluations,
// of which there are at least two points.
func (c *Curve) Conclude() {
	for i := range c.Points {
		c.Points[i].Figures = NewFolds(c.Classes, c.Points[i].Evaluations, c.Folds)
	}
	last, before := c.Points[len(c.Points)-1], c.Points[len(c.Points)-2]
	gain := func(figure func(Evaluation) float64) Estimate {
		values := make([]float64, len(last.Evaluations))
		for i := range values {
			values[i] = figure(last.Evaluations[i]) - figure(before.Evaluations[i])
		}
		return OverFolds(values, c.Folds)
	}
	c.LastDoubling = gain(func(e Evaluation) float64 { return e.Accuracy })
	c.Gains = map[string]Estimate{}
	for _, class := range c.Classes {
		c.Gains[class] = gain(func(e Evaluation) float64 { return e.PerClass[class].Recall() })
	}
	c.Advice = c.advise()
}

// tellingFolds is how many values a doubling's interval takes to be worth a verdict: of
// two or three, chance alone makes it far too wide or too narrow.
const tellingFolds = 4

// advise says in plain words whether more photographs would help, and of which motif.
// It foretells no figure: four points do not hold a trend beyond them.
func (c *Curve) advise() string {
	last, before := c.Points[len(c.Points)-1], c.Points[len(c.Points)-2]
	said := fmt.Sprintf("From %.0f to %.0f photographs the accuracy went from %.1f to %.1f %%. ",
		before.Total(), last.Total(), 100*before.Figures.Accuracy.Mean, 100*last.Figures.Accuracy.Mean)
	n := len(last.Evaluations)
	hardly := n >= tellingFolds && c.LastDoubling.High < 0.02
	switch {
	case n < tellingFolds:
		said += fmt.Sprintf("Whether more photographs would help cannot be told from %d trainings: take more folds. ", n)
	case c.LastDoubling.Low > 0:
		said += "More photographs would help. "
	case hardly:
		said += "More photographs of the same kind would hardly help. "
	default:
		said += "Whether more photographs would help cannot be told from so few. "
	}
	classes := slices.Clone(c.Classes)
	recall := func(p CurvePoint, class string) float64 { return 100 * p.Figures.Recall[class].Mean }
	slices.SortStableFunc(classes, func(a, b string) int { return cmp.Compare(recall(last, a), recall(last, b)) })
	for _, class := range classes {
		if n >= tellingFolds && c.Gains[class].Low > 0 {
			return said + fmt.Sprintf("Of the motifs that gained for certain, %s is missed most: from %.0f to %.0f of its photographs, those recognised rose from %.1f to %.1f %%. Begin with it.",
				printable(class), before.Photographs[class], last.Photographs[class], recall(before, class), recall(last, class))
		}
	}
	said += fmt.Sprintf("The motif that is missed most is %s (%.1f %% of its photographs are recognised, with %.0f to train on)",
		printable(classes[0]), recall(last, classes[0]), last.Photographs[classes[0]])
	if hardly {
		return said + ": see in a training's report which of them are taken for what."
	}
	return said + ": begin with it."
}

//go:embed curve.gohtml
var curvePage string

var curveTemplate = template.Must(template.New("curve").Funcs(template.FuncMap{"dataURI": dataURI}).Parse(curvePage))

// Write writes curve.json, curve.png and curve.html, which needs no other file,
// into dir.
func (c *Curve) Write(dir string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the learning curve: %w", err)
	}
	picture, err := c.plot()
	if err != nil {
		return fmt.Errorf("plot the learning curve: %w", err)
	}
	var page bytes.Buffer
	err = curveTemplate.Execute(&page, struct {
		*Curve
		Picture []byte
	}{c, picture})
	if err != nil {
		return fmt.Errorf("write the learning curve's page: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the learning curve's folder: %w", err)
	}
	for name, content := range map[string][]byte{"curve.json": text, "curve.png": picture, "curve.html": page.Bytes()} {
		if err := renameio.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("write the learning curve: %w", err)
		}
	}
	return nil
}

// plot draws accuracy, with its intervals, and each motif's recall against the
// photographs that were trained on.
func (c *Curve) plot() ([]byte, error) {
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "photographs of all motifs", "recognised"
	p.X.Scale, p.Y.Min, p.Y.Max = plot.LogScale{}, 0, 1
	p.Y.Tick.Marker = quarters
	p.Legend.TextStyle = textStyle(12)
	var ticks plot.ConstantTicks
	accuracy := struct {
		plotter.XYs
		plotter.YErrors
	}{}
	for _, point := range c.Points {
		e := point.Figures.Accuracy
		ticks = append(ticks, plot.Tick{Value: point.Total(), Label: fmt.Sprintf("%.0f", point.Total())})
		accuracy.XYs = append(accuracy.XYs, plotter.XY{X: point.Total(), Y: e.Mean})
		accuracy.YErrors = append(accuracy.YErrors, struct{ Low, High float64 }{e.Mean - e.Low, e.High - e.Mean})
	}
	p.X.Tick.Marker = ticks
	bars, err := plotter.NewYErrorBars(accuracy)
	if err != nil {
		return nil, err
	}
	bars.Color, bars.Width = testColor, 1.6
	p.Add(bars)
	if err := addLine(p, "accuracy", accuracy.XYs, testColor, nil); err != nil {
		return nil, err
	}
	for i, class := range c.Classes {
		var recall plotter.XYs
		for _, point := range c.Points {
			recall = append(recall, plotter.XY{X: point.Total(), Y: point.Figures.Recall[class].Mean})
		}
		if err := addLine(p, printable(class), recall, plotutil.Color(i), plotutil.Dashes(i+1)); err != nil {
			return nil, err
		}
	}
	canvas := newCanvas(560, 380)
	p.Draw(draw.Crop(draw.New(canvas), 6, -14, 6, -6))
	return encode(canvas)
}

func addLine(p *plot.Plot, name string, points plotter.XYs, c color.Color, dashes []vg.Length) error {
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.Color, line.Width, line.Dashes = c, 2, dashes
	p.Add(line)
	p.Legend.Add(name, line)
	return nil
}

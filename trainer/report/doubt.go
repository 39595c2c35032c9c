package report

import (
	"encoding/json"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Doubt is what a run learnt, from pictures held out of its training, of how far
// its model may be trusted.
type Doubt struct {
	Temperature float64
	Threshold   float64 // the least familiarity of what is named
	// Unknown and Things are the familiarities of pictures that show none of the motifs
	// and that chose nothing: those of the set's folder unknown, and drawn ones that
	// are no cloth.
	Unknown, Things []float64
}

// DoubtFigures are metrics.json's figures of doubt, all of test pictures and the
// int8 model at a visitor's press. They are NaN, in JSON null, where there is nothing to measure.
type DoubtFigures struct {
	// CalibrationError is the expected calibration error; ByChance is what it
	// would be on average were every confidence the chance of being right.
	CalibrationError float64
	ByChance         float64
	// A motif is named for these shares of the motifs' pictures, of those in the
	// set's folder unknown, and of drawn ones that are no cloth.
	Accepted        float64
	UnknownAccepted float64
	ThingsAccepted  float64
}

type doubtJSON struct {
	CalibrationError number `json:"calibration_error"`
	ByChance         number `json:"calibration_error_by_chance"`
	Accepted         number `json:"accepted"`
	UnknownAccepted  number `json:"unknown_accepted"`
	ThingsAccepted   number `json:"things_accepted"`
}

// MarshalJSON writes the figures as metrics.json has them.
func (d DoubtFigures) MarshalJSON() ([]byte, error) {
	return json.Marshal(doubtJSON{number(d.CalibrationError), number(d.ByChance), number(d.Accepted), number(d.UnknownAccepted), number(d.ThingsAccepted)})
}

// UnmarshalJSON reads the figures of metrics.json.
func (d *DoubtFigures) UnmarshalJSON(text []byte) error {
	var j doubtJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*d = DoubtFigures{float64(j.CalibrationError), float64(j.ByChance), float64(j.Accepted), float64(j.UnknownAccepted), float64(j.ThingsAccepted)}
	return nil
}

// Figures measures doubt on the test pictures.
func (r Run) Figures() DoubtFigures {
	named := 0
	for _, p := range r.Pictures {
		if !p.Unknown {
			named++
		}
	}
	answers := r.answers()
	f := DoubtFigures{
		CalibrationError: CalibrationError(answers), ByChance: ChanceCalibrationError(answers),
		Accepted: ratio(named, len(r.Pictures)), UnknownAccepted: math.NaN(), ThingsAccepted: math.NaN(),
	}
	if r.Doubt != nil {
		f.UnknownAccepted, f.ThingsAccepted = r.Doubt.accepted(r.Doubt.Unknown), r.Doubt.accepted(r.Doubt.Things)
	}
	return f
}

// accepted is the share that is familiar enough to be named.
func (d Doubt) accepted(familiarities []float64) float64 {
	named := 0
	for _, familiarity := range familiarities {
		if familiarity >= d.Threshold {
			named++
		}
	}
	return ratio(named, len(familiarities))
}

func (r Run) answers() []Answer {
	answers := make([]Answer, len(r.Pictures))
	for i, p := range r.Pictures {
		answers[i] = Answer{p.Probability, p.Right()}
	}
	return answers
}

// familiarities draws how many of the motifs' test pictures, upwards, and of other
// things, downwards, are how familiar, and where the line is drawn between them. The
// set's own other things are an outline.
func (r Run) familiarities() ([]byte, error) {
	const side = 360
	known := make([]float64, len(r.Pictures))
	for i, p := range r.Pictures {
		known[i] = p.Familiarity
	}
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "familiarity", "share of the pictures"
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, 1, quarters
	p.Y.Tick.Marker = unsigned{roundTicks{}}
	for _, kind := range []struct {
		values      []float64
		sign        float64
		color, edge color.Color
		width       vg.Length
	}{{known, 1, trainColor, cloth, 0.8}, {r.Doubt.Things, -1, testColor, cloth, 0.8}, {r.Doubt.Unknown, -1, nil, ink, 1.6}} {
		if len(kind.values) == 0 {
			continue
		}
		bars, err := histogram(kind.values, kind.sign)
		if err != nil {
			return nil, fmt.Errorf("a histogram: %w", err)
		}
		bars.Color, bars.LineStyle.Color, bars.LineStyle.Width = kind.color, kind.edge, kind.width
		p.Add(bars)
	}
	p.Y.Min, p.Y.Max = 1.05*p.Y.Min, 1.05*p.Y.Max
	level, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 0}})
	if err != nil {
		return nil, fmt.Errorf("the level: %w", err)
	}
	level.Color, level.Width = ink, 1
	line, err := plotter.NewLine(plotter.XYs{{X: r.Doubt.Threshold, Y: p.Y.Min}, {X: r.Doubt.Threshold, Y: p.Y.Max}})
	if err != nil {
		return nil, fmt.Errorf("the threshold: %w", err)
	}
	line.Color, line.Width, line.Dashes = ink, 1.6, []vg.Length{6, 3}
	p.Add(level, line)
	canvas := newCanvas(side, side)
	p.Draw(draw.Crop(draw.New(canvas), 6, -14, 6, -10))
	return encode(canvas)
}

// histogram is the shares of values in twentieths from 0 to 1, times a sign, as
// bars that stand on 0.
func histogram(values []float64, sign float64) (*plotter.Polygon, error) {
	const steps = 20
	var shares [steps]float64
	for _, v := range values {
		shares[min(max(int(v*steps), 0), steps-1)] += sign / float64(len(values))
	}
	var bars []plotter.XYer
	for i, share := range shares {
		left, right := float64(i)/steps, float64(i+1)/steps
		bars = append(bars, plotter.XYs{{X: left, Y: 0}, {X: right, Y: 0}, {X: right, Y: share}, {X: left, Y: share}})
	}
	return plotter.NewPolygon(bars...)
}

// unsigned marks shares that go down as those that go up.
type unsigned struct{ plot.Ticker }

func (u unsigned) Ticks(low, high float64) []plot.Tick {
	ticks := u.Ticker.Ticks(low, high)
	for i := range ticks {
		ticks[i].Label = fmt.Sprintf("%.0f %%", 100*math.Abs(ticks[i].Value))
	}
	return ticks
}

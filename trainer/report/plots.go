package report

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// The colours of clay-dyed cloth; report.gohtml has the same. Train and test
// differ in lightness and dash as well as in hue, for colour-blind readers and
// for grey printers.
var (
	cloth      = color.NRGBA{0xfd, 0xf9, 0xf1, 0xff}
	ink        = color.NRGBA{0x33, 0x24, 0x1a, 0xff}
	faded      = color.NRGBA{0xb5, 0xa1, 0x8c, 0xff}
	thread     = color.NRGBA{0xe3, 0xd6, 0xc2, 0xff}
	trainColor = color.NRGBA{0x2b, 0x4a, 0x54, 0xff}
	testColor  = color.NRGBA{0xb8, 0x53, 0x2a, 0xff}
)

const (
	lossFile        = "loss.png"
	accuracyFile    = "accuracy.png"
	confusionFile   = "confusion.png"
	reliabilityFile = "reliability.png"
	familiarityFile = "familiarity.png"
)

// WritePlots writes loss.png, accuracy.png, confusion.png, reliability.png and
// familiarity.png into dir, which is made if need be. What the run has no figures
// for is left out, and an earlier run's is removed.
func (r Run) WritePlots(dir string) error {
	plots, err := r.plots()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the plots: %w", err)
	}
	for _, name := range []string{lossFile, accuracyFile, confusionFile, reliabilityFile, familiarityFile} {
		path := filepath.Join(dir, name)
		if _, drawn := plots[name]; drawn {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing an earlier run's plot: %w", err)
		}
	}
	for name, png := range plots {
		if err := renameio.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
			return fmt.Errorf("writing the plot %s: %w", name, err)
		}
	}
	return nil
}

// plots draws the report's plots as PNG, by file name.
func (r Run) plots() (map[string][]byte, error) {
	plots := map[string][]byte{}
	if len(r.Metrics.Epochs) > 0 {
		loss, err := lossCurves(r.Metrics.Epochs)
		if err != nil {
			return nil, fmt.Errorf("plotting the loss: %w", err)
		}
		accuracy, err := accuracyCurves(r.Metrics.Epochs)
		if err != nil {
			return nil, fmt.Errorf("plotting the accuracy: %w", err)
		}
		plots[lossFile], plots[accuracyFile] = loss, accuracy
	}
	if matrix := r.Metrics.Int8Press.Confusion; len(matrix) > 0 {
		confusion, err := confusionMatrix(r.Metrics.Classes, matrix)
		if err != nil {
			return nil, fmt.Errorf("plotting the confusion matrix: %w", err)
		}
		plots[confusionFile] = confusion
	}
	if len(r.Pictures) > 0 {
		diagram, err := reliability(r.answers())
		if err != nil {
			return nil, fmt.Errorf("plotting the reliability: %w", err)
		}
		plots[reliabilityFile] = diagram
	}
	if r.Doubt != nil {
		histograms, err := r.familiarities()
		if err != nil {
			return nil, fmt.Errorf("plotting the familiarity: %w", err)
		}
		plots[familiarityFile] = histograms
	}
	return plots, nil
}

func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = cloth
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.LineStyle.Color, axis.LineStyle.Width = ink, 1
		axis.Tick.LineStyle.Color, axis.Tick.LineStyle.Width = ink, 1
		axis.Tick.Label.Font, axis.Tick.Label.Color = textStyle(14).Font, ink
		axis.Label.TextStyle.Font, axis.Label.TextStyle.Color = textStyle(14).Font, ink
		axis.Label.Padding = 4
	}
	return p
}

func textStyle(size vg.Length) text.Style {
	return text.Style{
		Color:   ink,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		Handler: plot.DefaultTextHandler,
	}
}

// newCanvas has 200 dots per inch, enough for paper and for a phone's screen.
// Plots are PNG because an SVG's labels would be set in whatever font the reader
// has, and a wider one runs into the data.
func newCanvas(width, height vg.Length) *vgimg.Canvas {
	return vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(200), vgimg.UseBackgroundColor(cloth))
}

func encode(canvas *vgimg.Canvas) ([]byte, error) {
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

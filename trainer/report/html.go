package report

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed report.gohtml
var page string

// html/template knows where each value stands, so class and file names, which
// come from strangers' folders, stay text.
var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"percent": func(v float64) string { return strings.ReplaceAll(percent(v), " ", "\u00a0") },
	"decimal": decimal,
	"dataURI": dataURI,
	"veil":    veil,
	"group":   group,
	"size":    size,
	"width":   barWidth,
	"folders": func(path string) []string { return strings.Split(path, "/") },
}).Parse(page))

// htmlView is the run with what the page has to work out from it.
type htmlView struct {
	Run
	Total        Split // of all classes
	Low, High    float64
	Milestones   []Epoch
	Loss         []byte // PNG; empty without epochs
	Accuracy     []byte
	Confusion    []byte
	Reliability  []byte
	Familiarity  []byte
	Figures      DoubtFigures
	Wide         bool // too many classes for a matrix beside a table
	ClassRows    []classRow
	Sum          string // the numerator of formula (1), class by class
	Wrong, Right []Picture
	Weights      int // trained values of all layers
}

// classRow is how a class did with the int8 model at a visitor's press, and by the
// guide box alone with it and the float network.
type classRow struct {
	Class              string
	Press, Int8, Float ClassCount
}

// WriteHTML writes the report as one page that needs no other file and no network,
// made for a screen of any width and for paper.
func (r Run) WriteHTML(w io.Writer) error {
	plots, err := r.plots()
	if err != nil {
		return err
	}
	view := htmlView{
		Run:         r,
		Milestones:  milestones(r.Metrics.Epochs),
		Loss:        plots[lossFile],
		Accuracy:    plots[accuracyFile],
		Confusion:   plots[confusionFile],
		Reliability: plots[reliabilityFile],
		Familiarity: plots[familiarityFile],
		Figures:     r.Figures(),
		ClassRows:   r.classRows(),
		Wide:        len(r.Metrics.Classes) > 6,
		Sum:         sum(r.Metrics.Classes, r.Metrics.Int8Press),
	}
	view.Low, view.High = Interval(r.Metrics.Int8Press.Correct(), r.Metrics.Int8Press.Total())
	view.Wrong, view.Right = instructive(r.Pictures)
	for _, s := range r.Splits {
		view.Total.Train += s.Train
		view.Total.Test += s.Test
	}
	for _, l := range r.Layers {
		view.Weights += l.Parameters
	}
	if err := pageTemplate.Execute(w, view); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (r Run) classRows() []classRow {
	rows := make([]classRow, len(r.Metrics.Classes))
	for i, c := range r.Metrics.Classes {
		rows[i] = classRow{c, r.Metrics.Int8Press.PerClass[c], r.Metrics.Int8.PerClass[c], r.Metrics.Float.PerClass[c]}
	}
	return rows
}

// milestones are the epochs that tables 4 and 5 show: the first five and the last.
func milestones(epochs []Epoch) []Epoch {
	if len(epochs) <= 6 {
		return epochs
	}
	return append(slices.Clone(epochs[:5]), epochs[len(epochs)-1])
}

// instructive orders the pictures by what can be learned from them: the mistakes
// first, from the most confident one down, then the right ones from the least
// confident one up.
func instructive(pictures []Picture) (wrong, right []Picture) {
	for _, p := range pictures {
		if p.Right() {
			right = append(right, p)
		} else {
			wrong = append(wrong, p)
		}
	}
	slices.SortStableFunc(wrong, func(a, b Picture) int { return cmp.Compare(b.Probability, a.Probability) })
	slices.SortStableFunc(right, func(a, b Picture) int { return cmp.Compare(a.Probability, b.Probability) })
	return wrong, right
}

// sum writes the numerator of formula (1) as the paper does, class by class.
func sum(classes []string, e Evaluation) string {
	terms := make([]string, len(classes))
	for i, c := range classes {
		terms[i] = strconv.Itoa(e.PerClass[c].Correct)
	}
	return strings.Join(terms, " + ")
}

// percent writes a ratio as "62.5 %".
func percent(ratio float64) string {
	if !finite(ratio) {
		return "–"
	}
	return strconv.FormatFloat(100*ratio, 'f', 1, 64) + " %"
}

// decimal writes a loss or an accuracy as the paper does, with four places.
func decimal(v float64) string {
	if !finite(v) {
		return "not a number"
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// group writes a count with a narrow space between thousands.
func group(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}

func size(bytes int64) string {
	return strconv.FormatFloat(float64(bytes)/1000, 'f', 1, 64) + "\u00a0kB"
}

// barWidth is a probability as the width of its bar.
func barWidth(probability float64) template.CSS {
	if !finite(probability) {
		probability = 0
	}
	return template.CSS(strconv.FormatFloat(100*min(1, max(0, probability)), 'f', 1, 64) + "%")
}

// dataURI embeds a picture in the page.
func dataURI(mediaType string, content []byte) template.URL {
	return template.URL("data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(content))
}

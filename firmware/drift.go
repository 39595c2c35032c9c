package firmware

import (
	"log/slog"
	"math"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"canting/capture"
	"canting/infer/metadata"
)

// drift compares what visitors show with the pictures held out of the serving
// model's training. Each press counts once; the live picture does not, for at
// night it shows an empty gallery. Only the live loop calls press, add and begin.
type drift struct {
	log     *slog.Logger
	trained *metadata.Training // nil in models that carry no figures
	presses []judged           // the newest driftWindow, in no order
	added   int
	report  atomic.Pointer[driftReport]
}

const (
	driftWindow  = 200 // presses that are compared
	leastPresses = 50  // before anything is told
)

// judged is what one picture of a cloth was like to the model.
type judged struct {
	confidence float64 // 0 to 1, of the frame alone, as in training
	unknown    bool    // of the same frame
	brightness float64 // capture.Quality's
}

// driftReport is what is known of the drift. figures is empty without enough
// presses or without the model's own figures.
type driftReport struct {
	pictures int // held out of the training
	presses  int
	figures  []figureDrift
}

// figureDrift tells how far one figure's distribution parted from training's.
type figureDrift struct {
	name  string
	psi   float64
	warns bool
}

func (r *driftReport) warns() bool {
	for _, f := range r.figures {
		if f.warns {
			return true
		}
	}
	return false
}

func newDrift(c *classifier, log *slog.Logger) *drift {
	d := &drift{log: log}
	d.begin(c)
	return d
}

// begin forgets the presses that another model answered.
func (d *drift) begin(c *classifier) {
	d.trained, d.presses, d.added = c.model.Metadata().Training, nil, 0
	report := &driftReport{}
	if d.trained != nil {
		report.pictures = d.trained.Pictures()
	}
	d.report.Store(report)
}

// press counts the picture that answered a press, unless it shows no cloth or
// not well enough: what the visitor can mend is no drift. Wrong light is.
func (d *drift) press(s shot) {
	switch s.quality.Flaw() {
	case capture.Empty, capture.Far, capture.Blurred:
		return
	}
	d.add(judged{float64(s.confidence), s.unknown, s.quality.Brightness})
}

func (d *drift) add(j judged) {
	if d.trained == nil {
		return
	}
	if len(d.presses) < driftWindow {
		d.presses = append(d.presses, j)
	} else {
		d.presses[d.added%driftWindow] = j
	}
	d.added++
	shown := metadata.NewTraining()
	for _, j := range d.presses {
		shown.Add(j.confidence, j.unknown, j.brightness)
	}
	report := &driftReport{pictures: d.trained.Pictures(), presses: len(d.presses)}
	if len(d.presses) >= leastPresses {
		report.figures = compare(d.trained, shown)
	}
	if before := d.report.Swap(report); report.warns() && !before.warns() {
		for _, f := range report.figures {
			if f.warns {
				d.log.Warn("visitors' pictures differ from those that the model was trained on", "figure", f.name, "psi", f.psi, "presses", report.presses)
			}
		}
	}
}

// figure is a distribution over a few classes.
type figure struct {
	name string
	// classes counts a histogram's pictures in each class.
	classes func(*metadata.Training) []int
	// badness orders the classes: only a change for the worse is warned of.
	badness []float64
	// chance is the 99.9th percentile of chi-squared with as many degrees of
	// freedom as there are classes less one.
	chance float64
}

// compare tells how far each figure of the pictures shown parted from those of
// the training. It warns where the population stability index is above 0.25,
// which credit scoring takes for a major shift (Siddiqi, "Credit Risk
// Scorecards", 2006), and where chance does not explain it: between n and m
// pictures of one population the index is distributed as (1/n + 1/m) times
// chi-squared (Yurdakul and Naranjo, "Statistical properties of the population
// stability index", 2020).
func compare(trained, shown *metadata.Training) []figureDrift {
	const major = 0.25
	n, m := float64(trained.Pictures()), float64(shown.Pictures())
	var all []figureDrift
	for _, f := range []figure{
		{"confidence", func(t *metadata.Training) []int { return t.Confidence }, []float64{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 27.88},
		{"unknown", func(t *metadata.Training) []int { return []int{t.Pictures() - t.Unknown, t.Unknown} }, []float64{0, 1}, 10.83},
		{"brightness", usualLight(trained), []float64{1, 0, 1}, 13.82},
	} {
		was, is := shares(f.classes(trained)), shares(f.classes(shown))
		psi, worse := 0., 0.
		for i := range was {
			psi += (is[i] - was[i]) * math.Log(is[i]/was[i])
			worse += (is[i] - was[i]) * f.badness[i]
		}
		all = append(all, figureDrift{f.name, psi, worse > 0 && psi > max(major, f.chance*(1/n+1/m))})
	}
	return all
}

// shares are the classes' parts of the whole. Half a picture more in each class
// keeps an empty one from being infinitely unlikely.
func shares(counts []int) []float64 {
	sum := 0.
	of := make([]float64, len(counts))
	for i, n := range counts {
		of[i] = float64(n) + 0.5
		sum += of[i]
	}
	for i := range of {
		of[i] /= sum
	}
	return of
}

// usualLight tells darker, usual and brighter pictures apart: outside the usual
// lies at most a hundredth of the training's on either side. A gallery whose
// light is steadier than the training's has not drifted.
func usualLight(trained *metadata.Training) func(*metadata.Training) []int {
	const outside = 100
	least, most := 0, metadata.BrightnessSteps-1
	for darker := trained.Brightness[least]; darker*outside <= trained.Pictures(); darker += trained.Brightness[least] {
		least++
	}
	for brighter := trained.Brightness[most]; brighter*outside <= trained.Pictures(); brighter += trained.Brightness[most] {
		most--
	}
	return func(t *metadata.Training) []int {
		classes := make([]int, 3)
		for step, n := range t.Brightness {
			switch {
			case step < least:
				classes[0] += n
			case step > most:
				classes[2] += n
			default:
				classes[1] += n
			}
		}
		return classes
	}
}

var (
	driftPictures = prometheus.NewDesc("canting_drift_reference_pictures", "Pictures of the model's own figures; 0 if it carries none.", nil, nil)
	driftPresses  = prometheus.NewDesc("canting_drift_presses", "Newest presses that are compared with them.", nil, nil)
	driftPSI      = prometheus.NewDesc("canting_drift_psi", "Population stability index between the presses and the training, by figure.", []string{"figure"}, nil)
	driftWarning  = prometheus.NewDesc("canting_drift_warning", "1 while a figure is worse than in training, beyond chance.", []string{"figure"}, nil)
)

// Describe implements prometheus.Collector.
func (d *drift) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{driftPictures, driftPresses, driftPSI, driftWarning} {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (d *drift) Collect(out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	report := d.report.Load()
	gauge(driftPictures, float64(report.pictures))
	gauge(driftPresses, float64(report.presses))
	for _, f := range report.figures {
		gauge(driftPSI, f.psi, f.name)
		gauge(driftWarning, map[bool]float64{true: 1}[f.warns], f.name)
	}
}

package report

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a figure and its 95 % interval.
type Estimate struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// OverFolds is the mean of a figure over the folds of one or more k-fold
// cross-validations and its interval by the corrected resampled t test (Nadeau
// and Bengio, "Inference for the Generalization Error", Machine Learning 52
// (2003) 239-281; for repeated k-fold: Bouckaert and Frank, PAKDD 2004). The
// folds' trainings share most of their pictures and so vary together: the
// variance of the mean is taken as (1/n + 1/(k-1)) times that of the n values
// instead of 1/n times. It takes at least two values.
func OverFolds(values []float64, k int) Estimate {
	n := float64(len(values))
	mean, variance := stat.MeanVariance(values, nil)
	t := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975)
	spread := t * math.Sqrt(variance*(1/n+1/float64(k-1)))
	return Estimate{mean, mean - spread, mean + spread}
}

// share is the estimate of something that lies between 0 and 1.
func (e Estimate) share() Estimate {
	return Estimate{e.Mean, max(0, e.Low), min(1, e.High)}
}

// String writes a share as "62.5 % (51.6 to 72.3)".
func (e Estimate) String() string {
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*e.Mean, 100*e.Low, 100*e.High)
}

// Folds are the figures of one way to answer, as cross-validation found them.
type Folds struct {
	Accuracy    Estimate            `json:"accuracy"`
	MacroRecall Estimate            `json:"macro_recall"`
	Recall      map[string]Estimate `json:"recall"` // by class
}

// NewFolds takes the evaluations of the folds of one or more k-fold
// cross-validations, in each of which every class has pictures.
func NewFolds(classes []string, of []Evaluation, k int) Folds {
	over := func(figure func(Evaluation) float64) Estimate {
		values := make([]float64, len(of))
		for i, e := range of {
			values[i] = figure(e)
		}
		return OverFolds(values, k).share()
	}
	f := Folds{
		Accuracy:    over(func(e Evaluation) float64 { return e.Accuracy }),
		MacroRecall: over(func(e Evaluation) float64 { return e.MacroRecall }),
		Recall:      map[string]Estimate{},
	}
	for _, c := range classes {
		f.Recall[c] = over(func(e Evaluation) float64 { return e.PerClass[c].Recall() })
	}
	return f
}

// Crossval is what a cross-validation found.
type Crossval struct {
	Classes  []string `json:"classes"`
	Pictures int      `json:"pictures"`
	Folds    int      `json:"folds"`
	Seeds    []int64  `json:"seeds"`
	// Kiosk is the int8 model as a visitor's press asks it, with several views
	// of a picture; Int8 and Float see the guide box alone.
	Kiosk Folds `json:"kiosk"`
	Int8  Folds `json:"int8"`
	Float Folds `json:"float"`
	// Calibration is of the int8 model at a visitor's press.
	Calibration Calibration `json:"calibration"`
	Seconds     float64     `json:"seconds"`
}

// Calibration is how far a model's confidence can be believed at a temperature:
// CalibrationError and ChanceCalibrationError of its answers.
type Calibration struct {
	Error       float64 `json:"error"`
	ByChance    float64 `json:"error_by_chance"`
	Temperature float64 `json:"temperature"`
}

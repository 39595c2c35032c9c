package trainer

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"canting/trainer/report"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Comparison is what differs between two runs.
type Comparison struct {
	Settings []Difference `json:"settings"`
	Figures  []Figure     `json:"figures"`
	// Seconds are both runs' times.
	Seconds [2]float64 `json:"seconds"`
	// Pictures is how many both runs answered, wherever they lay; what follows is
	// about them.
	Pictures int `json:"pictures"`
	// Changed is how many of them one run names right more often than the other.
	Changed int `json:"changed"`
	// Accuracy and MacroRecall are those of a visitor's press in the second
	// run less those in the first. The intervals are the percentiles of a
	// paired bootstrap over the pictures (Efron and Tibshirani, 1993, chapter
	// 13), resampled within their motifs.
	Accuracy    report.Estimate `json:"accuracy_difference"`
	MacroRecall report.Estimate `json:"macro_recall_difference"`
	// McNemar is there where both runs answer each picture once.
	McNemar *McNemar `json:"mcnemar,omitempty"`
}

// McNemar counts the pictures that one run alone names right; P is the two-sided
// exact p value of the two being alike (McNemar, 1947).
type McNemar struct {
	OnlyFirst  int     `json:"only_first"`
	OnlySecond int     `json:"only_second"`
	P          float64 `json:"p"`
}

// Difference is a setting that two runs do not share, as JSON; "" where a run
// does not have it.
type Difference struct {
	Name   string `json:"name"`
	First  string `json:"first"`
	Second string `json:"second"`
}

// Figure is a figure of two runs.
type Figure struct {
	Name   string  `json:"name"`
	First  float64 `json:"first"`
	Second float64 `json:"second"`
}

// Compare compares two runs' records.
func Compare(first, second *Record) (*Comparison, error) {
	c := &Comparison{Seconds: [2]float64{first.Seconds, second.Seconds}}
	a, err := first.settings()
	if err != nil {
		return nil, err
	}
	b, err := second.settings()
	if err != nil {
		return nil, err
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a[name] != b[name] {
			c.Settings = append(c.Settings, Difference{name, a[name], b[name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(first.Figures)) {
		if value, both := second.Figures[name]; both {
			c.Figures = append(c.Figures, Figure{name, first.Figures[name], value})
		}
	}
	c.pair(first.Answers, second.Answers)
	return c, nil
}

// settings are all that a run depended on, flat.
func (r *Record) settings() (map[string]string, error) {
	var configuration map[string]any
	if err := json.Unmarshal(r.Configuration, &configuration); err != nil {
		return nil, fmt.Errorf("a run's record has no configuration: %w", err)
	}
	flat := map[string]string{}
	flatten(flat, "", configuration)
	for name, value := range map[string]any{
		"command": r.Command, "data set": r.DataSet, "folds": r.Folds, "seeds": r.Seeds,
		"canting": r.Program.Canting, "revision": r.Program.Revision, "go": r.Program.Go, "opencv": r.Program.OpenCV, "openblas": r.Program.OpenBLAS,
		"architecture": r.Machine.Architecture, "cores": r.Machine.Cores,
	} {
		flat[name] = fmt.Sprint(value)
	}
	return flat, nil
}

// flatten names each value by the keys that lead to it.
func flatten(flat map[string]string, name string, value any) {
	if keys, ok := value.(map[string]any); ok {
		for key, v := range keys {
			flatten(flat, name+"."+key, v)
		}
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it came out of JSON
	}
	flat[name[1:]] = string(text)
}

// pair compares the answers to the pictures that both runs know.
func (c *Comparison) pair(first, second []Answer) {
	named := slices.ContainsFunc(slices.Concat(first, second), func(a Answer) bool { return a.Content == "" })
	before, after := byPicture(first, named), byPicture(second, named)
	changes := map[string][]float64{} // of each picture's share of right answers, by class
	test, once := &McNemar{}, true
	for _, picture := range slices.Sorted(maps.Keys(before)) {
		a, b := before[picture], after[picture]
		if b == nil {
			continue
		}
		was, is := rightShare(a), rightShare(b)
		changes[a[0].Class] = append(changes[a[0].Class], is-was)
		c.Pictures++
		once = once && len(a) == 1 && len(b) == 1
		switch {
		case was > is:
			test.OnlyFirst++
		case is > was:
			test.OnlySecond++
		}
	}
	c.Changed = test.OnlyFirst + test.OnlySecond
	if c.Pictures == 0 {
		return
	}
	c.Accuracy, c.MacroRecall = bootstrap(changes)
	if once {
		fewer, n := min(test.OnlyFirst, test.OnlySecond), test.OnlyFirst+test.OnlySecond
		test.P = min(1, 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(fewer)))
		c.McNemar = test
	}
}

// byPicture has each picture's answers, one a seed. A picture goes by its content and
// class or, where a record was written before it had digests, by its file's name. One
// that is there several times is several pictures.
func byPicture(answers []Answer, named bool) map[string][]Answer {
	pictures, times := map[string][]Answer{}, map[string]int{}
	for _, a := range answers {
		key := a.Content + "/" + a.Class
		if named {
			key = a.File + "/" + a.Class
		}
		again := fmt.Sprint(key, " ", a.Seed)
		times[again]++
		key = fmt.Sprint(key, " ", times[again])
		pictures[key] = append(pictures[key], a)
	}
	return pictures
}

func rightShare(answers []Answer) float64 {
	right := 0
	for _, a := range answers {
		if a.Press == a.Class {
			right++
		}
	}
	return float64(right) / float64(len(answers))
}

// resamples is how often a bootstrap draws the pictures anew.
const resamples = 10000

// bootstrap gives the mean of all changes and the mean of their classes' means.
func bootstrap(changes map[string][]float64) (accuracy, macroRecall report.Estimate) {
	rng := rand.New(rand.NewPCG(1, 1))
	classes := slices.Sorted(maps.Keys(changes))
	means := func(draw func([]float64) float64) (all, macro float64) {
		n := 0
		for _, class := range classes {
			of := changes[class]
			sum := 0.0
			for range of {
				sum += draw(of)
			}
			all, macro, n = all+sum, macro+sum/float64(len(of)), n+len(of)
		}
		return all / float64(n), macro / float64(len(classes))
	}
	var drawnAll, drawnMacro []float64
	for range resamples {
		all, macro := means(func(of []float64) float64 { return of[rng.IntN(len(of))] })
		drawnAll, drawnMacro = append(drawnAll, all), append(drawnMacro, macro)
	}
	all, macro := means(func(of []float64) float64 { return stat.Mean(of, nil) })
	return percentiles(all, drawnAll), percentiles(macro, drawnMacro)
}

func percentiles(value float64, drawn []float64) report.Estimate {
	slices.Sort(drawn)
	return report.Estimate{
		Mean: value, Low: stat.Quantile(0.025, stat.Empirical, drawn, nil), High: stat.Quantile(0.975, stat.Empirical, drawn, nil),
	}
}

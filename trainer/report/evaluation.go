package report

import "math"

// ClassCount is a row of table 6: the pictures of one class that were named
// right, and those that were not.
type ClassCount struct {
	Correct int `json:"correct"`
	Wrong   int `json:"wrong"`
}

// Total is the number of the class's pictures.
func (c ClassCount) Total() int { return c.Correct + c.Wrong }

// Recall is the share of the class's pictures that were named right, 0 to 1, or
// NaN for a class without pictures.
func (c ClassCount) Recall() float64 { return ratio(c.Correct, c.Total()) }

// Naming counts pictures that the kiosk would name, and those that it would call
// unknown.
type Naming struct {
	Named   int `json:"named"`
	Unknown int `json:"unknown"`
}

// Count adds one picture.
func (n *Naming) Count(unknown bool) {
	if unknown {
		n.Unknown++
	} else {
		n.Named++
	}
}

// Total is the number of the pictures.
func (n Naming) Total() int { return n.Named + n.Unknown }

// Share is how many of them are named, 0 to 1; NaN of none.
func (n Naming) Share() float64 { return ratio(n.Named, n.Total()) }

// Plus is of both's pictures.
func (n Naming) Plus(m Naming) Naming { return Naming{n.Named + m.Named, n.Unknown + m.Unknown} }

// Evaluation is how a model did on labelled pictures.
type Evaluation struct {
	Accuracy    float64 // correct predictions over all predictions, the paper's formula (1); NaN without pictures
	MacroRecall float64 // mean recall of the classes that have pictures; NaN without pictures
	PerClass    map[string]ClassCount
	Press       *Evaluation // the same pictures as a visitor's press asks, nil where it was not measured
	Motifs      *Naming     // of the classes' pictures, nil where it was not counted
	Others      *Naming     // of pictures that show none of the classes
	Confusion   [][]int     // rows are true classes, columns predicted ones, both in the order of Metrics.Classes; not written to JSON
}

// Evaluate compares predictions with the truth. Both hold one index into classes
// per picture. A prediction that is no index (a picture the model declined, say
// -1) counts as wrong and appears in no column of the confusion matrix.
func Evaluate(classes []string, truth, predicted []int) Evaluation {
	n := len(classes)
	counts := make([]ClassCount, n)
	confusion := make([][]int, n)
	for i := range confusion {
		confusion[i] = make([]int, n)
	}
	for i, t := range truth {
		p := predicted[i]
		if p >= 0 && p < n {
			confusion[t][p]++
		}
		if p == t {
			counts[t].Correct++
		} else {
			counts[t].Wrong++
		}
	}

	e := Evaluation{PerClass: make(map[string]ClassCount, n), Confusion: confusion}
	recalls, present := 0.0, 0
	for i, name := range classes {
		e.PerClass[name] = counts[i]
		if counts[i].Total() > 0 {
			recalls += counts[i].Recall()
			present++
		}
	}
	e.MacroRecall = math.NaN()
	if present > 0 {
		e.MacroRecall = recalls / float64(present)
	}
	e.Accuracy = ratio(e.Correct(), e.Total())
	return e
}

// Correct is the number of pictures named right.
func (e Evaluation) Correct() int {
	sum := 0
	for _, c := range e.PerClass {
		sum += c.Correct
	}
	return sum
}

// Wrong is the number of pictures named wrong.
func (e Evaluation) Wrong() int { return e.Total() - e.Correct() }

// Total is the number of pictures.
func (e Evaluation) Total() int {
	sum := 0
	for _, c := range e.PerClass {
		sum += c.Total()
	}
	return sum
}

// Interval is the 95 % confidence interval of a proportion of which correct out
// of total were observed, by the score method of Wilson, "Probable inference, the
// law of succession, and statistical inference", JASA 22 (1927) 209-212. Unlike
// the textbook's normal approximation it stays within 0 and 1 and holds for the
// small test sets that a gallery has. Without observations it is 0 to 1.
func Interval(correct, total int) (lo, hi float64) {
	if total <= 0 {
		return 0, 1
	}
	const z = 1.959963984540054 // 97.5 % quantile of the normal distribution
	n := float64(total)
	p := float64(correct) / n
	centre := p + z*z/(2*n)
	spread := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return max(0, (centre-spread)/scale), min(1, (centre+spread)/scale)
}

// ratio is NaN where there is nothing to divide by.
func ratio(part, whole int) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return float64(part) / float64(whole)
}

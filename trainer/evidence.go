package trainer

import (
	"fmt"
	"math"
	"slices"

	"canting/infer/metadata"
	"canting/trainer/dataset"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
)

// example is features of one view of a picture. Its label is dataset.NoMotif for what
// shows none of the motifs; own tells such pictures of the user's from drawn ones.
type example struct {
	features []float32
	label    int
	own      bool
}

// ridge holds the weights of features in deviations back (L2): the value of 0.01 to
// 0.1 hardly matters.
const ridge = 0.03

// newDoubt learns to tell each of the labels from none of them: multinomial logistic
// regression over standardised features. Every label counts the same, and so does what
// is drawn and, where there is any, what is the user's own. It is nil for more numbers
// than a model may carry.
func newDoubt(examples []example, labels int) (*metadata.Doubt, error) {
	p := len(examples[0].features)
	r := &regression{labels: labels, classes: labels + 1, examples: examples}
	if slices.ContainsFunc(examples, func(e example) bool { return e.own }) {
		r.classes++
	}
	if (r.classes-1)*p > metadata.MaxNumbers { // without the row that the others are less
		return nil, nil
	}
	r.x, r.weights = features(examples), r.weigh()
	means, deviations := standardise(r.x)
	start := make([]float64, r.classes*(p+1))
	found, err := optimize.Minimize(optimize.Problem{Func: r.loss, Grad: r.gradient}, start,
		&optimize.Settings{GradientThreshold: 1e-5, MajorIterations: 300}, &optimize.LBFGS{})
	if found == nil { // an error beside a result is of a search that got no further
		return nil, fmt.Errorf("learn what speaks for the motifs: %w", err)
	}
	return r.against(found.X, means, deviations), nil
}

// features are (examples, features).
func features(examples []example) *mat.Dense {
	x := mat.NewDense(len(examples), len(examples[0].features), nil)
	for i, e := range examples {
		for j, v := range e.features {
			x.Set(i, j, float64(v))
		}
	}
	return x
}

// standardise gives each column a mean of 0 and a deviation of 1, and returns what
// they were.
func standardise(x *mat.Dense) (means, deviations []float64) {
	n, p := x.Dims()
	column := make([]float64, n)
	for j := range p {
		mean, deviation := stat.PopMeanStdDev(mat.Col(column, j, x), nil)
		if deviation < 1e-9 { // a feature that never changes says nothing
			deviation = math.Inf(1)
		}
		for i := range n {
			x.Set(i, j, (x.At(i, j)-mean)/deviation)
		}
		means, deviations = append(means, mean), append(deviations, deviation)
	}
	return means, deviations
}

// regression is the multinomial logistic one. Its parameters are a row of weights for
// each label, for what is drawn and no cloth and, last, for what is the user's own and
// none of the labels, with the bias at the row's end.
type regression struct {
	x               *mat.Dense // (examples, features), standardised
	labels, classes int
	examples        []example
	weights         []float64
}

// weigh is what each example counts: their sum is 1, and all classes' sums are the same.
func (r *regression) weigh() []float64 {
	counts := make([]float64, r.classes)
	for i := range r.examples {
		counts[r.target(i)]++
	}
	w := make([]float64, len(r.examples))
	for i := range w {
		w[i] = 1 / counts[r.target(i)]
	}
	floats.Scale(1/floats.Sum(w), w)
	return w
}

func (r *regression) target(i int) int {
	switch e := r.examples[i]; {
	case e.own:
		return r.labels + 1
	case e.label == dataset.NoMotif:
		return r.labels
	default:
		return e.label
	}
}

// logits are (examples, classes).
func (r *regression) logits(parameters []float64) *mat.Dense {
	_, p := r.x.Dims()
	w := mat.NewDense(r.classes, p+1, parameters)
	var z mat.Dense
	z.Mul(r.x, w.Slice(0, r.classes, 0, p).T())
	z.Apply(func(_, class int, v float64) float64 { return v + w.At(class, p) }, &z)
	return &z
}

func (r *regression) loss(parameters []float64) float64 {
	z, sum := r.logits(parameters), 0.0
	for i, w := range r.weights {
		row := z.RawRowView(i)
		sum += w * (floats.LogSumExp(row) - row[r.target(i)])
	}
	r.eachWeight(func(i int) { sum += ridge * parameters[i] * parameters[i] })
	return sum
}

func (r *regression) gradient(to, parameters []float64) {
	_, p := r.x.Dims()
	z := r.logits(parameters)
	for i, w := range r.weights {
		row := z.RawRowView(i)
		floats.AddConst(-floats.LogSumExp(row), row)
		for class, v := range row {
			row[class] = w * math.Exp(v)
		}
		row[r.target(i)] -= w
	}
	g := mat.NewDense(r.classes, p+1, to)
	var slopes mat.Dense
	slopes.Mul(z.T(), r.x)
	for class := range r.classes {
		copy(g.RawRowView(class), slopes.RawRowView(class))
		g.Set(class, p, mat.Sum(z.ColView(class)))
	}
	r.eachWeight(func(i int) { to[i] += 2 * ridge * parameters[i] })
}

// eachWeight calls f with the place of each parameter but the biases.
func (r *regression) eachWeight(f func(int)) {
	_, p := r.x.Dims()
	for i := range r.classes * (p + 1) {
		if i%(p+1) != p {
			f(i)
		}
	}
}

// against is the other rows less that of what is drawn, for features as the model gives
// them.
func (r *regression) against(parameters, means, deviations []float64) *metadata.Doubt {
	p := len(means)
	w := mat.NewDense(r.classes, p+1, parameters)
	d := &metadata.Doubt{Directions: metadata.Matrix{Columns: p}, Others: r.classes - r.labels - 1}
	for class := range r.classes {
		if class == r.labels {
			continue
		}
		offset := w.At(class, p) - w.At(r.labels, p)
		for j := range p {
			direction := (w.At(class, j) - w.At(r.labels, j)) / deviations[j]
			offset -= direction * means[j]
			d.Directions.Numbers = append(d.Directions.Numbers, float32(direction))
		}
		d.Offsets = append(d.Offsets, float32(offset))
	}
	return d
}

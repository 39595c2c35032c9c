package metadata

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Doubt is how a model knows a picture of one of its motifs from one of anything
// else: by how far the picture's features, which the last fully connected layer
// reads, lie from each motif's mean, in units of the spread that the motifs share
// (the Mahalanobis distance of Lee, Lee, Lee and Shin, 2018, "A Simple Unified
// Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks"),
// and by how sure the model is of its label.
type Doubt struct {
	// Axes turn features into coordinates that are spread evenly: rows as long as
	// the features.
	Axes Matrix `json:"axes"`
	// Means are the labels' mean coordinates: a row a label.
	Means Matrix `json:"means"`
	// Bias, Distance and Confidence are the weights of Familiarity.
	Bias       float64 `json:"bias"`
	Distance   float64 `json:"distance"`
	Confidence float64 `json:"confidence"`
}

// MaxNumbers bounds each of a Doubt's matrices: 512 axes of 512 features.
const MaxNumbers = 1 << 18

// Matrix is rows of numbers, in JSON {"columns": n, "numbers": base64 of
// little-endian float32, row by row}.
type Matrix struct {
	Columns int
	Numbers []float32
}

// Rows is the number of rows.
func (m Matrix) Rows() int { return len(m.Numbers) / max(m.Columns, 1) }

// Row is row i.
func (m Matrix) Row(i int) []float32 { return m.Numbers[i*m.Columns:][:m.Columns] }

type matrixJSON struct {
	Columns int    `json:"columns"`
	Numbers string `json:"numbers"`
}

// MarshalJSON writes the numbers exactly, in half the room of digits.
func (m Matrix) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 4*len(m.Numbers))
	for _, v := range m.Numbers {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return json.Marshal(matrixJSON{m.Columns, base64.StdEncoding.EncodeToString(b)})
}

// UnmarshalJSON refuses what is no matrix of at most MaxNumbers numbers.
func (m *Matrix) UnmarshalJSON(text []byte) error {
	var j matrixJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	if base64.StdEncoding.DecodedLen(len(j.Numbers)) > 4*MaxNumbers+2 {
		return fmt.Errorf("a matrix has more than %d numbers", MaxNumbers)
	}
	b, err := base64.StdEncoding.DecodeString(j.Numbers)
	if err != nil {
		return fmt.Errorf("a matrix's numbers: %w", err)
	}
	if len(b)%4 != 0 || j.Columns < 1 || len(b) == 0 || len(b)/4%j.Columns != 0 {
		return fmt.Errorf("a matrix of %d bytes does not have rows of %d numbers", len(b), j.Columns)
	}
	*m = Matrix{j.Columns, make([]float32, len(b)/4)}
	for i := range m.Numbers {
		m.Numbers[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return nil
}

// Nearest is how far features lie from the nearest label's mean, in units of the
// labels' spread: the same bits on every architecture. coordinates are room for a
// number for each axis.
func (d *Doubt) Nearest(features, coordinates []float32) float32 {
	for i := range coordinates {
		coordinates[i] = dot(d.Axes.Row(i), features)
	}
	nearest := float32(math.MaxFloat32)
	for label := range d.Means.Rows() {
		var sum float32
		for i, mean := range d.Means.Row(label) {
			gap := coordinates[i] - mean
			sum += float32(gap * gap)
		}
		nearest = min(nearest, sum)
	}
	return float32(math.Sqrt(float64(nearest)))
}

// dot keeps the compiler from fusing products and sums, which some architectures
// would.
func dot(a, b []float32) (sum float32) {
	for i, v := range a {
		sum += float32(v * b[i])
	}
	return sum
}

// LeastProbability stands for one that an int8 output rounded to 0: half a step.
const LeastProbability = 1.0 / 512

// Familiarity tells from 0 to 1 how much a picture is like those of the labels:
// 1/(1+exp(-x)), x = Bias + Distance times its distance to the nearest mean +
// Confidence times the logarithm of its likeliest label's probability.
func (d *Doubt) Familiarity(probability, distance float32) float64 {
	x := d.Bias + d.Distance*float64(distance) + d.Confidence*math.Log(max(float64(probability), LeastProbability))
	return 1 / (1 + math.Exp(-x))
}

// check reports what no model could judge by.
func (d Doubt) check() error {
	if d.Axes.Columns < 1 || d.Means.Columns < 1 || d.Axes.Rows() != d.Means.Columns {
		return fmt.Errorf("doubt: %d axes and means of %d coordinates do not fit together", d.Axes.Rows(), d.Means.Columns)
	}
	for _, m := range []Matrix{d.Axes, d.Means} {
		for _, v := range m.Numbers {
			if !(math.Abs(float64(v)) <= 1e18) {
				return fmt.Errorf("doubt: %v stands in a matrix", v)
			}
		}
	}
	for _, v := range []float64{d.Bias, d.Distance, d.Confidence} {
		if !(math.Abs(v) <= 1e18) {
			return errors.New("doubt: a weight is not a finite number")
		}
	}
	return nil
}

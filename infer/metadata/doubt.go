package metadata

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Doubt is how a model knows a picture of one of its motifs from one of anything
// else: by how much more a picture's features, which the last fully connected layer
// reads, speak for a motif than for none. It is a multinomial logistic regression
// with a class for all that is no cloth, whose own row is taken from the others'.
type Doubt struct {
	// Directions have a row a label, as long as the features, and Offsets a number a
	// label: together the logarithm of the odds of the label against what is no cloth.
	Directions Matrix    `json:"directions"`
	Offsets    []float32 `json:"offsets"`
	// Others is how many rows follow the labels', of other kinds of what is none of
	// them: the cloths of a gallery's folder unknown.
	Others int `json:"others,omitempty"`
}

// Labels is how many labels the doubt is of.
func (d *Doubt) Labels() int { return len(d.Offsets) - d.Others }

// MaxNumbers bounds a Doubt's matrix: 256 labels of 1024 features.
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

// mostEvidence bounds Evidence either way, so that means of any are numbers.
const mostEvidence = 1e6

// Evidence is how much more features speak for the likeliest label than for the
// likeliest kind of none: the same bits on every architecture.
func (d *Doubt) Evidence(features []float32) float32 {
	least := d.Against(0, features)
	for kind := range d.Others {
		least = min(least, d.Against(kind+1, features))
	}
	return least
}

// Against is the logarithm of the odds of the label that features speak for most
// against one kind of none: what is no cloth, 0, or one of Others, from 1.
func (d *Doubt) Against(kind int, features []float32) float32 {
	most := float32(-mostEvidence)
	for label := range d.Labels() {
		most = max(most, d.odds(label, features, -mostEvidence))
	}
	if kind > 0 {
		most -= d.odds(d.Labels()+kind-1, features, mostEvidence)
	}
	return min(max(most, -mostEvidence), mostEvidence)
}

// odds are bounded; undefined stands for what is no number.
func (d *Doubt) odds(row int, features []float32, undefined float32) float32 {
	odds := dot(d.Directions.Row(row), features) + d.Offsets[row]
	if math.IsNaN(float64(odds)) {
		return undefined
	}
	return min(max(odds, -mostEvidence), mostEvidence)
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

// Familiarity is the probability, 0 to 1, that Evidence is the logarithm of the
// odds of.
func Familiarity(evidence float32) float64 { return 1 / (1 + math.Exp(-float64(evidence))) }

// check reports what no model could judge by.
func (d Doubt) check() error {
	if d.Others < 0 || d.Labels() < 1 || d.Directions.Rows() != len(d.Offsets) {
		return fmt.Errorf("doubt: there are %d directions and %d offsets, %d of them of other kinds, not one a label: train the model again",
			d.Directions.Rows(), len(d.Offsets), d.Others)
	}
	for _, v := range slices.Concat(d.Directions.Numbers, d.Offsets) {
		if !(math.Abs(float64(v)) <= 1e18) {
			return fmt.Errorf("doubt: a weight is %v", v)
		}
	}
	return nil
}

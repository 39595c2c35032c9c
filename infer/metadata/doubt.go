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
	// Familiarity is 1/(1+exp(-x)), x = Bias + Distance times the distance to the
	// nearest mean + Confidence times the logarithm of the likeliest label's
	// probability.
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

package report

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/google/renameio/v2"
)

// Metrics is the content of metrics.json.
type Metrics struct {
	Classes []string   `json:"classes"`
	Float   Evaluation `json:"float"` // the network as trained
	// Int8 is the model file as shipped, of the guide box alone; Int8Press
	// that of a visitor's press, which averages the kiosk's views.
	Int8      Evaluation   `json:"int8"`
	Int8Press Evaluation   `json:"int8_press"`
	Doubt     DoubtFigures `json:"doubt"`
	Seconds   float64      `json:"seconds"`
	Epochs    []Epoch      `json:"epochs"`
}

// Epoch is what was measured after one pass over the training pictures. Losses
// are mean cross-entropies in nats; accuracies run from 0 to 1.
type Epoch struct {
	Epoch        int
	Loss         float64
	Accuracy     float64
	TestLoss     float64
	TestAccuracy float64
}

// WriteJSON writes metrics.json in one step, so that a reader never sees half of
// it. Loss or accuracy that is not a finite number is written as null.
func (m Metrics) WriteJSON(path string) error {
	if m.Classes == nil {
		m.Classes = []string{}
	}
	if m.Epochs == nil {
		m.Epochs = []Epoch{}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("metrics for %s: %w", path, err)
	}
	if err := renameio.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the metrics to %s: %w", path, err)
	}
	return nil
}

// number is a float64 whose JSON survives a training run that diverged: JSON has
// no NaN and no infinity, so both are null, and null is read as NaN.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if !finite(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func (n *number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

type epochJSON struct {
	Epoch        int    `json:"epoch"`
	Loss         number `json:"loss"`
	Accuracy     number `json:"accuracy"`
	TestLoss     number `json:"test_loss"`
	TestAccuracy number `json:"test_accuracy"`
}

// MarshalJSON writes the epoch as metrics.json has it.
func (e Epoch) MarshalJSON() ([]byte, error) {
	return json.Marshal(epochJSON{
		e.Epoch, number(e.Loss), number(e.Accuracy), number(e.TestLoss), number(e.TestAccuracy),
	})
}

// UnmarshalJSON reads an epoch of metrics.json.
func (e *Epoch) UnmarshalJSON(text []byte) error {
	var j epochJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*e = Epoch{
		j.Epoch, float64(j.Loss), float64(j.Accuracy), float64(j.TestLoss), float64(j.TestAccuracy),
	}
	return nil
}

type evaluationJSON struct {
	Accuracy    number                `json:"accuracy"`
	MacroRecall number                `json:"macro_recall"`
	PerClass    map[string]ClassCount `json:"per_class"`
	Press       *Evaluation           `json:"press,omitempty"`
	Motifs      *Naming               `json:"motifs,omitempty"`
	Others      *Naming               `json:"others,omitempty"`
}

// MarshalJSON writes the evaluation as metrics.json has it, without the confusion
// matrix.
func (e Evaluation) MarshalJSON() ([]byte, error) {
	j := evaluationJSON{number(e.Accuracy), number(e.MacroRecall), e.PerClass, e.Press, e.Motifs, e.Others}
	if j.PerClass == nil {
		j.PerClass = map[string]ClassCount{}
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads an evaluation of metrics.json; it has no confusion matrix.
func (e *Evaluation) UnmarshalJSON(text []byte) error {
	var j evaluationJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*e = Evaluation{
		Accuracy: float64(j.Accuracy), MacroRecall: float64(j.MacroRecall), PerClass: j.PerClass,
		Press: j.Press, Motifs: j.Motifs, Others: j.Others,
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

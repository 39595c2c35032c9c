// Package metadata is what a Canting model says about itself: the JSON that
// travels in the .tflite file's metadata buffer named "canting".
package metadata

import (
	"encoding/json"
	"fmt"
)

// Name is the name of the metadata buffer in the .tflite file.
const Name = "canting"

// Schema is the version of the JSON that this package reads and writes.
const Schema = 1

// Canting is the content of the metadata buffer.
type Canting struct {
	Schema        int           `json:"schema"`
	Preprocessing Preprocessing `json:"preprocessing"`
	// Temperature divides the logits before the softmax (Guo et al., 2017,
	// "On Calibration of Modern Neural Networks"). 1 leaves them as they are.
	Temperature float64 `json:"temperature"`
	// Threshold is the least familiarity, 0 to 1, of a named motif; below it the
	// answer is "unknown". 0 accepts every answer.
	Threshold float64 `json:"threshold"`
	// Doubt tells what the familiarity is. It is nil in models whose confidence
	// is all that there is to doubt by.
	Doubt      *Doubt     `json:"doubt,omitempty"`
	Golden     []Golden   `json:"golden,omitempty"`
	Provenance Provenance `json:"provenance"`
	// Training is nil in models that do not carry these figures.
	Training *Training `json:"training,omitempty"`
}

// Preprocessing says how a picture becomes the model's input tensor, whose
// height and width are in the model itself.
type Preprocessing struct {
	// Crop is the side of the centred square guide box as a fraction of the
	// picture's shorter side, in (0, 1].
	Crop float64 `json:"crop"`
	// GreyWorld scales the colour channels so that their means agree before
	// the picture is normalised (Buchsbaum, 1980).
	GreyWorld bool `json:"grey_world"`
	// Corners makes a press look at the corners and the middle of the guide box too,
	// each of half its side, for models that were trained on so small a part of a
	// cloth that repeats.
	Corners bool `json:"corners,omitempty"`
	// Mean and Std normalise a channel value v, 0 to 255, to the real number
	// (v - Mean) / Std, which is then quantized as the input tensor asks.
	// The channels are red, green, blue.
	Mean [3]float64 `json:"mean"`
	Std  [3]float64 `json:"std"`
}

// Golden is a picture and the model's own int8 output for it, as the trainer
// computed it; a loaded model must repeat it byte for byte.
type Golden struct {
	// Picture is an encoded picture (PNG or JPEG).
	Picture []byte `json:"picture"`
	// Input is the SHA-256, in hexadecimal, of the preprocessed input tensor.
	Input string `json:"input_sha256"`
	// Output is the output tensor's raw bytes.
	Output []byte `json:"output"`
}

// Provenance tells where a model comes from.
type Provenance struct {
	Tool     string             `json:"tool"`
	Created  string             `json:"created,omitempty"`
	DataSet  string             `json:"data_set_sha256"`
	Config   string             `json:"config"`
	Seed     int64              `json:"seed"`
	Pictures int                `json:"pictures"`
	Metrics  map[string]float64 `json:"metrics,omitempty"`
}

// Default is where a model's metadata begin: the whole centred square, values
// scaled to 0..1, every answer accepted.
func Default() Canting {
	return Canting{
		Schema:        Schema,
		Preprocessing: Preprocessing{Crop: 1, Std: [3]float64{255, 255, 255}},
		Temperature:   1,
	}
}

// Parse reads and checks the buffer.
func Parse(b []byte) (Canting, error) {
	var c Canting
	if err := json.Unmarshal(b, &c); err != nil {
		return Canting{}, fmt.Errorf("the model's %q metadata is not valid JSON: %w", Name, err)
	}
	if err := c.check(); err != nil {
		return Canting{}, fmt.Errorf("the model's %q metadata: %w", Name, err)
	}
	return c, nil
}

func (c Canting) check() error {
	if c.Schema != Schema {
		return fmt.Errorf("schema is %d, this program reads %d: train the model again or update Canting", c.Schema, Schema)
	}
	if err := c.Preprocessing.Check(); err != nil {
		return err
	}
	if !(c.Temperature > 0 && c.Temperature <= 1000) {
		return fmt.Errorf("temperature is %v, it must be above 0 and at most 1000", c.Temperature)
	}
	if !(c.Threshold >= 0 && c.Threshold <= 1) {
		return fmt.Errorf("threshold is %v, it must be between 0 and 1", c.Threshold)
	}
	if c.Doubt != nil {
		if err := c.Doubt.check(); err != nil {
			return err
		}
	}
	if c.Training != nil {
		return c.Training.check()
	}
	return nil
}

// Check reports values that no picture could be preprocessed with.
func (p Preprocessing) Check() error {
	if !(p.Crop > 0 && p.Crop <= 1) {
		return fmt.Errorf("preprocessing.crop is %v, it must be above 0 and at most 1", p.Crop)
	}
	for i := range 3 {
		if !(p.Std[i] > 0 && p.Std[i] <= 1e6) || !(p.Mean[i] >= -1e6 && p.Mean[i] <= 1e6) {
			return fmt.Errorf("preprocessing: channel %d has mean %v and std %v; std must be above 0", i, p.Mean[i], p.Std[i])
		}
	}
	return nil
}

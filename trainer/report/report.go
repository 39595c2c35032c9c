// Package report says what a training run did: metrics.json for scripts,
// report.html and its plots for people, and the tables of the paper whose
// experiment Canting repeats. It knows only plain values, so that a report can
// be written for any run, and tested without a network or a camera.
package report

import "canting/infer"

// Run is everything a report says about one training run.
type Run struct {
	Title      string
	Parameters []Parameter // what the run was asked to do, in reading order (table 3)
	Layers     []Layer     // from input to output (table 1, figure 5)
	Splits     []Split     // one per class (table 2)
	Metrics    Metrics
	Doubt      *Doubt    // nil where the model is trusted as it is
	Pictures   []Picture // every test picture (figure 10)
	Warnings   []string  // in the order in which they were said
	Model      ModelFile
}

// Parameter is one setting of the run, written as a person would read it.
type Parameter struct{ Name, Value string }

// Layer is one layer of the network.
type Layer struct {
	Name       string
	Output     string // shape, such as "64 × 64 × 16"
	Parameters int    // trained values
}

// Split is how many pictures of a class were trained on and tested on.
type Split struct {
	Class       string
	Train, Test int
}

// Total is the number of pictures of the class.
func (s Split) Total() int { return s.Train + s.Test }

// ModelFile identifies the written .tflite.
type ModelFile struct {
	Name   string // file name
	Bytes  int64
	Digest string // SHA-256 in hexadecimal
}

// Picture is one test picture and what the int8 model makes of it at a visitor's press.
type Picture struct {
	File        string
	Class       string     // the true class
	Predicted   string     // the class with the highest probability
	Probability float64    // of Predicted, 0 to 1
	Familiarity float64    // infer.Model's, 0 to 1
	Unknown     bool       // the kiosk would name nothing
	Thumbnail   []byte     // JPEG; may be empty
	Heat        infer.Heat // what in the guide box spoke for Predicted; without cells where the model does not tell
}

// Right reports whether the model named the picture's own class.
func (p Picture) Right() bool { return p.Class == p.Predicted }

// Package backbone takes over what a trained .tflite classifier has learnt: its
// layers up to the classifier proper, with float weights, to train on.
package backbone

import (
	_ "embed"
	"fmt"
	"math"

	"canting/infer"
	"canting/infer/tflite"
	"canting/trainer/nn"
)

// Patterns is a classifier of drawn patterns, made by canting-trainer pretrain:
// what a training starts from that names no other file.
//
//go:embed patterns.tflite
var Patterns []byte

// Backbone is a picture classifier without its last layer.
type Backbone struct {
	// Layers make of pictures of shape (batch, Size, Size, 3) features of
	// shape (batch, n). They are this Backbone's own.
	Layers []nn.Layer
	Size   int
	// Mean and Std are how the file wants a channel's value v, 0 to 255:
	// (v - Mean) / Std. Std is 0 where the file does not tell.
	Mean, Std float64
}

// Read takes a float32, int8 or uint8 file apart, for pictures of size pixels a
// side or, with 0, of the side that the file has. The file is untrusted: an error
// names the operator that cannot be trained, and its place.
func Read(file []byte, size int) (*Backbone, error) {
	m, err := tflite.Parse(file)
	if err != nil {
		return nil, err
	}
	b := &Backbone{}
	if err := b.input(m); err != nil {
		return nil, err
	}
	if size > 0 {
		b.Size = size
	}
	g, err := newGraph(m)
	if err != nil {
		return nil, err
	}
	if b.Layers, err = g.between(m.Inputs[0], g.features(), []int{b.Size, b.Size, 3}); err != nil {
		return nil, err
	}
	if len(b.Layers) == 0 {
		return nil, fmt.Errorf("there is nothing before the classifier to train on")
	}
	if shape := b.Layers[len(b.Layers)-1].Shape(); len(shape) == 3 {
		b.Layers = append(b.Layers, nn.NewGlobalAverage(shape))
	}
	return b, nil
}

// input reads what the model takes.
func (b *Backbone) input(m *tflite.Model) error {
	if len(m.Inputs) != 1 || len(m.Outputs) == 0 {
		return fmt.Errorf("the model has %d inputs and %d outputs; a classifier of pictures has one of each", len(m.Inputs), len(m.Outputs))
	}
	in := m.Tensors[m.Inputs[0]]
	if s := in.Shape; len(s) != 4 || s[0] > 1 || s[1] != s[2] || s[3] != 3 || s[1] < 8 || s[1] > 512 {
		return fmt.Errorf("the model takes %v; pictures are (1, size, size, 3), with 8 to 512 pixels a side", s)
	}
	b.Size = in.Shape[1]
	if in.Type == tflite.Float32 && m.Canting == nil {
		return nil
	}
	card, err := infer.Card(m)
	if err != nil {
		return err
	}
	p := card.Preprocessing
	if err := p.Check(); err != nil {
		return err
	}
	if p.Mean != [3]float64{p.Mean[0], p.Mean[0], p.Mean[0]} || p.Std != [3]float64{p.Std[0], p.Std[0], p.Std[0]} {
		return fmt.Errorf("the model normalises red, green and blue each in its way (means %v, deviations %v), which is not supported", p.Mean, p.Std)
	}
	// A mean of 127.5 becomes 127, as TensorFlow's converter rounds it: int8
	// then holds every pixel value.
	b.Mean, b.Std = math.Floor(p.Mean[0]), p.Std[0]
	return nil
}

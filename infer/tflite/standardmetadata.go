package tflite

import (
	"errors"

	"canting/infer/metadata"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Union tags and enumerators of the standard metadata's schema.
const (
	imageProperties      = 2
	colorSpaceRGB        = 1
	normalizationOptions = 1
)

// standardMetadata writes the ModelMetadata that other tools read: how the
// input is normalised and what its values' range is, and which file names the
// outputs.
func (m *Model) standardMetadata() ([]byte, error) {
	if len(m.Inputs) == 0 || len(m.Outputs) == 0 {
		return nil, errors.New("metadata need a model with an input and an output")
	}
	e := &encoder{Builder: flatbuffers.NewBuilder(1024), m: m}
	input, err := e.inputMetadata()
	if err != nil {
		return nil, err
	}
	inputs := e.offsets([]flatbuffers.UOffsetT{input})
	outputs := e.offsets([]flatbuffers.UOffsetT{e.outputMetadata()})
	e.StartObject(10)
	e.PrependUOffsetTSlot(2, inputs, 0)
	e.PrependUOffsetTSlot(3, outputs, 0)
	subgraphs := e.offsets([]flatbuffers.UOffsetT{e.EndObject()})

	name, description := e.CreateString("canting"), e.CreateString(m.Description)
	// 1.0.0 knows every field written here.
	version := e.CreateString("1.0.0")
	e.StartObject(8)
	e.PrependUOffsetTSlot(0, name, 0)
	e.PrependUOffsetTSlot(1, description, 0)
	e.PrependUOffsetTSlot(3, subgraphs, 0)
	e.PrependUOffsetTSlot(7, version, 0)
	e.FinishWithFileIdentifier(e.EndObject(), []byte(metadataIdentifier))
	return e.FinishedBytes(), nil
}

func (e *encoder) inputMetadata() (flatbuffers.UOffsetT, error) {
	name := e.CreateString("image")
	e.StartObject(2)
	e.PrependByteSlot(0, colorSpaceRGB, 0)
	image := e.EndObject()
	e.StartObject(3)
	e.PrependByteSlot(0, imageProperties, 0)
	e.PrependUOffsetTSlot(1, image, 0)
	content := e.EndObject()
	var units, stats flatbuffers.UOffsetT
	if len(e.m.Canting) > 0 {
		c, err := metadata.Parse(e.m.Canting)
		if err != nil {
			return 0, err
		}
		units, stats = e.normalization(c.Preprocessing)
	}
	return e.tensorMetadata(name, content, units, stats, 0), nil
}

// normalization writes the mean and standard deviation of each channel and the
// range of values that 0..255 become.
func (e *encoder) normalization(p metadata.Preprocessing) (units, stats flatbuffers.UOffsetT) {
	var mean, std, least, most []float32
	for i := range p.Mean {
		mean, std = append(mean, float32(p.Mean[i])), append(std, float32(p.Std[i]))
		least = append(least, float32((0-p.Mean[i])/p.Std[i]))
		most = append(most, float32((255-p.Mean[i])/p.Std[i]))
	}
	meanVector, stdVector := e.float32s(mean), e.float32s(std)
	e.StartObject(2)
	e.PrependUOffsetTSlot(0, meanVector, 0)
	e.PrependUOffsetTSlot(1, stdVector, 0)
	options := e.EndObject()
	e.StartObject(2)
	e.PrependByteSlot(0, normalizationOptions, 0)
	e.PrependUOffsetTSlot(1, options, 0)
	units = e.offsets([]flatbuffers.UOffsetT{e.EndObject()})

	maxVector, minVector := e.float32s(most), e.float32s(least)
	e.StartObject(2)
	e.PrependUOffsetTSlot(0, maxVector, 0)
	e.PrependUOffsetTSlot(1, minVector, 0)
	return units, e.EndObject()
}

func (e *encoder) outputMetadata() flatbuffers.UOffsetT {
	name := e.CreateString("probability")
	var files flatbuffers.UOffsetT
	if len(e.m.Labels) > 0 {
		file := e.CreateString(labelsName)
		e.StartObject(5)
		e.PrependUOffsetTSlot(0, file, 0)
		e.PrependByteSlot(2, axisLabels, 0)
		files = e.offsets([]flatbuffers.UOffsetT{e.EndObject()})
	}
	return e.tensorMetadata(name, 0, 0, 0, files)
}

func (e *encoder) tensorMetadata(name, content, units, stats, files flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	e.StartObject(7)
	e.PrependUOffsetTSlot(0, name, 0)
	e.PrependUOffsetTSlot(3, content, 0)
	e.PrependUOffsetTSlot(4, units, 0)
	e.PrependUOffsetTSlot(5, stats, 0)
	e.PrependUOffsetTSlot(6, files, 0)
	return e.EndObject()
}

package tflite

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"canting/infer/metadata"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Encode writes the model as a .tflite file. The same model gives the same
// bytes. Labels travel as labels.txt, the associated file of the standard
// metadata's first output; the input's normalisation is taken from Canting.
// Only operators named in this package can be written.
func (m *Model) Encode() ([]byte, error) {
	if err := m.checkLabels(); err != nil {
		return nil, fmt.Errorf("writing the model: %w", err)
	}
	e := &encoder{Builder: flatbuffers.NewBuilder(1 << 16), m: m}
	if err := e.model(); err != nil {
		return nil, fmt.Errorf("writing the model: %w", err)
	}
	file := e.FinishedBytes()
	if len(m.Labels) > 0 {
		archive, err := zipLabels(m.Labels, len(file))
		if err != nil {
			return nil, fmt.Errorf("writing the model's labels: %w", err)
		}
		file = append(file, archive...)
	}
	if _, err := Parse(file); err != nil {
		return nil, fmt.Errorf("the model would not be readable again: %w", err)
	}
	return file, nil
}

func (m *Model) checkLabels() error {
	for i, l := range m.Labels {
		if l == "" || strings.ContainsAny(l, "\r\n") {
			return fmt.Errorf("label %d is %q: it must be one line of text", i, l)
		}
	}
	return nil
}

type encoder struct {
	*flatbuffers.Builder
	m *Model
	// buffers are the written Buffer tables; number 0 is the empty one that
	// activations refer to.
	buffers []flatbuffers.UOffsetT
	// codes lists the distinct operator codes in order of first use.
	codes     []operatorCode
	codeIndex map[operatorCode]int
}

type operatorCode struct {
	code    Code
	custom  string
	version int
}

func (e *encoder) model() error {
	e.codeIndex = map[operatorCode]int{}
	e.buffer(nil)
	tensors := make([]flatbuffers.UOffsetT, len(e.m.Tensors))
	for i := range e.m.Tensors {
		tensors[i] = e.tensor(&e.m.Tensors[i])
	}
	operators := make([]flatbuffers.UOffsetT, len(e.m.Operators))
	for i := range e.m.Operators {
		var err error
		if operators[i], err = e.operator(&e.m.Operators[i]); err != nil {
			return fmt.Errorf("operator %d (%s): %w", i, e.m.Operators[i].Code, err)
		}
	}
	subgraph := e.subgraph(tensors, operators)
	entries, err := e.metadata()
	if err != nil {
		return err
	}
	codes := e.offsets(e.operatorCodes())
	buffers := e.offsets(e.buffers)
	subgraphs := e.offsets([]flatbuffers.UOffsetT{subgraph})
	description := e.CreateString(e.m.Description)

	e.StartObject(8)
	e.PrependUint32Slot(0, schemaVersion, 0)
	e.PrependUOffsetTSlot(1, codes, 0)
	e.PrependUOffsetTSlot(2, subgraphs, 0)
	e.PrependUOffsetTSlot(3, description, 0)
	e.PrependUOffsetTSlot(4, buffers, 0)
	e.PrependUOffsetTSlot(6, entries, 0)
	e.FinishWithFileIdentifier(e.EndObject(), []byte(identifier))
	return nil
}

func (e *encoder) subgraph(tensors, operators []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	tv, ov := e.offsets(tensors), e.offsets(operators)
	in, out := e.ints(e.m.Inputs), e.ints(e.m.Outputs)
	name := e.CreateString("main")
	e.StartObject(5)
	e.PrependUOffsetTSlot(0, tv, 0)
	e.PrependUOffsetTSlot(1, in, 0)
	e.PrependUOffsetTSlot(2, out, 0)
	e.PrependUOffsetTSlot(3, ov, 0)
	e.PrependUOffsetTSlot(4, name, 0)
	return e.EndObject()
}

// buffer appends a Buffer table and returns its number. The data start at a
// multiple of 16 bytes, as the schema's force_align asks, so that a runtime can
// use them in place.
func (e *encoder) buffer(data []byte) uint32 {
	var v flatbuffers.UOffsetT
	if len(data) > 0 {
		e.Prep(16, len(data))
		v = e.CreateByteVector(data)
	}
	e.StartObject(1)
	e.PrependUOffsetTSlot(0, v, 0)
	e.buffers = append(e.buffers, e.EndObject())
	return uint32(len(e.buffers) - 1)
}

func (e *encoder) tensor(t *Tensor) flatbuffers.UOffsetT {
	var buffer uint32
	if len(t.Data) > 0 {
		buffer = e.buffer(t.Data)
	}
	quant := e.quantization(&t.Quant)
	shape := e.ints(t.Shape)
	name := e.CreateString(t.Name)
	e.StartObject(8)
	e.PrependUOffsetTSlot(0, shape, 0)
	e.PrependByteSlot(1, byte(t.Type), 0)
	e.PrependUint32Slot(2, buffer, 0)
	e.PrependUOffsetTSlot(3, name, 0)
	e.PrependUOffsetTSlot(4, quant, 0)
	return e.EndObject()
}

func (e *encoder) quantization(q *Quantization) flatbuffers.UOffsetT {
	if len(q.Scale) == 0 {
		return 0
	}
	scale := e.float32s(q.Scale)
	e.StartVector(8, len(q.ZeroPoint), 8)
	for i := len(q.ZeroPoint) - 1; i >= 0; i-- {
		e.PrependInt64(q.ZeroPoint[i])
	}
	zero := e.EndVector(len(q.ZeroPoint))
	e.StartObject(7)
	e.PrependUOffsetTSlot(2, scale, 0)
	e.PrependUOffsetTSlot(3, zero, 0)
	e.PrependInt32Slot(6, int32(q.Axis), 0)
	return e.EndObject()
}

func (e *encoder) operator(op *Operator) (flatbuffers.UOffsetT, error) {
	if _, ok := codeNames[op.Code]; !ok {
		return 0, errors.New("it is not one that can be written")
	}
	tag, options, err := e.options(op.Options)
	if err != nil {
		return 0, err
	}
	index := e.code(op)
	in, out := e.ints(op.Inputs), e.ints(op.Outputs)
	e.StartObject(5)
	e.PrependUint32Slot(0, uint32(index), 0)
	e.PrependUOffsetTSlot(1, in, 0)
	e.PrependUOffsetTSlot(2, out, 0)
	e.PrependByteSlot(3, tag, 0)
	e.PrependUOffsetTSlot(4, options, 0)
	return e.EndObject(), nil
}

// code returns the number of the operator's code, which includes the least
// operator version that computes with the operator's types.
func (e *encoder) code(op *Operator) int {
	c := operatorCode{code: op.Code, custom: op.Custom, version: 1}
	if len(op.Inputs) > 0 && op.Inputs[0] >= 0 && op.Inputs[0] < len(e.m.Tensors) && e.m.Tensors[op.Inputs[0]].Type == Int8 {
		c.version = int8Version(op.Code)
	}
	i, ok := e.codeIndex[c]
	if !ok {
		i = len(e.codes)
		e.codeIndex[c] = i
		e.codes = append(e.codes, c)
	}
	return i
}

// int8Version is the operator version that introduced int8 activations:
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/tools/versioning/op_version.cc
func int8Version(c Code) int {
	switch c {
	case Conv2D, DepthwiseConv2D:
		return 3
	case FullyConnected:
		return 4
	case Reshape, HardSwish, Custom:
		return 1
	}
	return 2
}

func (e *encoder) operatorCodes() []flatbuffers.UOffsetT {
	out := make([]flatbuffers.UOffsetT, len(e.codes))
	for i, c := range e.codes {
		var custom flatbuffers.UOffsetT
		if c.custom != "" {
			custom = e.CreateString(c.custom)
		}
		e.StartObject(4)
		// Readers older than schema 3a know this field alone; 127 sends newer
		// ones to field 3.
		e.PrependInt8Slot(0, int8(min(c.code, math.MaxInt8)), 0)
		e.PrependUOffsetTSlot(1, custom, 0)
		e.PrependInt32Slot(2, int32(c.version), 1)
		e.PrependInt32Slot(3, int32(c.code), 0)
		out[i] = e.EndObject()
	}
	return out
}

// options writes one of the ...Options types and returns its union tag.
func (e *encoder) options(options any) (byte, flatbuffers.UOffsetT, error) {
	switch o := options.(type) {
	case nil:
		return tagNone, 0, nil
	case Conv2DOptions:
		e.StartObject(6)
		e.PrependByteSlot(0, byte(o.Padding), 0)
		e.int32s(1, o.StrideW, o.StrideH)
		e.PrependByteSlot(3, byte(o.Activation), 0)
		e.PrependInt32Slot(4, int32(o.DilationW), 1)
		e.PrependInt32Slot(5, int32(o.DilationH), 1)
		return tagConv2D, e.EndObject(), nil
	case DepthwiseConv2DOptions:
		e.StartObject(7)
		e.PrependByteSlot(0, byte(o.Padding), 0)
		e.int32s(1, o.StrideW, o.StrideH, o.DepthMultiplier)
		e.PrependByteSlot(4, byte(o.Activation), 0)
		e.PrependInt32Slot(5, int32(o.DilationW), 1)
		e.PrependInt32Slot(6, int32(o.DilationH), 1)
		return tagDepthwiseConv2D, e.EndObject(), nil
	case Pool2DOptions:
		e.StartObject(6)
		e.PrependByteSlot(0, byte(o.Padding), 0)
		e.int32s(1, o.StrideW, o.StrideH, o.FilterW, o.FilterH)
		e.PrependByteSlot(5, byte(o.Activation), 0)
		return tagPool2D, e.EndObject(), nil
	case FullyConnectedOptions:
		e.StartObject(3)
		e.PrependByteSlot(0, byte(o.Activation), 0)
		e.PrependByteSlot(1, byte(o.WeightsFormat), 0)
		e.PrependBoolSlot(2, o.KeepDims, false)
		return tagFullyConnected, e.EndObject(), nil
	case SoftmaxOptions:
		e.StartObject(1)
		e.PrependFloat32Slot(0, o.Beta, 0)
		return tagSoftmax, e.EndObject(), nil
	case ConcatenationOptions:
		e.StartObject(2)
		e.int32s(0, o.Axis)
		e.PrependByteSlot(1, byte(o.Activation), 0)
		return tagConcatenation, e.EndObject(), nil
	case AddOptions:
		return tagAdd, e.activation(o.Activation), nil
	case SubOptions:
		return tagSub, e.activation(o.Activation), nil
	case MulOptions:
		return tagMul, e.activation(o.Activation), nil
	case ReshapeOptions:
		shape := e.ints(o.NewShape)
		e.StartObject(1)
		e.PrependUOffsetTSlot(0, shape, 0)
		return tagReshape, e.EndObject(), nil
	case ReducerOptions:
		e.StartObject(1)
		e.PrependBoolSlot(0, o.KeepDims, false)
		return tagReducer, e.EndObject(), nil
	}
	return 0, 0, fmt.Errorf("options of type %T cannot be written", options)
}

func (e *encoder) activation(a Activation) flatbuffers.UOffsetT {
	e.StartObject(1)
	e.PrependByteSlot(0, byte(a), 0)
	return e.EndObject()
}

// int32s writes consecutive fields of the table being built.
func (e *encoder) int32s(first int, values ...int) {
	for i, v := range values {
		e.PrependInt32Slot(first+i, int32(v), 0)
	}
}

func (e *encoder) offsets(list []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	e.StartVector(4, len(list), 4)
	for i := len(list) - 1; i >= 0; i-- {
		e.PrependUOffsetT(list[i])
	}
	return e.EndVector(len(list))
}

func (e *encoder) ints(list []int) flatbuffers.UOffsetT {
	e.StartVector(4, len(list), 4)
	for i := len(list) - 1; i >= 0; i-- {
		e.PrependInt32(int32(list[i]))
	}
	return e.EndVector(len(list))
}

func (e *encoder) float32s(list []float32) flatbuffers.UOffsetT {
	e.StartVector(4, len(list), 4)
	for i := len(list) - 1; i >= 0; i-- {
		e.PrependFloat32(list[i])
	}
	return e.EndVector(len(list))
}

// metadata writes the vector of metadata entries, 0 when there is nothing to say.
func (e *encoder) metadata() (flatbuffers.UOffsetT, error) {
	if len(e.m.Labels) == 0 && len(e.m.Canting) == 0 {
		return 0, nil
	}
	standard, err := e.m.standardMetadata()
	if err != nil {
		return 0, err
	}
	entries := []flatbuffers.UOffsetT{e.entry(metadataName, standard)}
	if len(e.m.Canting) > 0 {
		entries = append(entries, e.entry(metadata.Name, e.m.Canting))
	}
	return e.offsets(entries), nil
}

func (e *encoder) entry(name string, data []byte) flatbuffers.UOffsetT {
	buffer := e.buffer(data)
	s := e.CreateString(name)
	e.StartObject(2)
	e.PrependUOffsetTSlot(0, s, 0)
	e.PrependUint32Slot(1, buffer, 0)
	return e.EndObject()
}

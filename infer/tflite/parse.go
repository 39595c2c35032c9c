package tflite

import (
	"errors"
	"fmt"
	"unsafe"

	"canting/infer/metadata"
)

const (
	identifier         = "TFL3"
	schemaVersion      = 3
	metadataIdentifier = "M001"
	// metadataName is the standard metadata's buffer; its schema is that of
	// https://www.tensorflow.org/lite/models/convert/metadata.
	metadataName = "TFLITE_METADATA"
	// axisLabels is AssociatedFileType.TENSOR_AXIS_LABELS.
	axisLabels = 2

	maxFile = 256 << 20
	maxRank = 8
	// slack is what may be allocated beyond twice the file; a part of it is
	// left for the zip reader and for errors.
	slack = 1<<20 - 256<<10
	// What a plan for running the model needs for each tensor and operator: it
	// is charged here, so that both together stay within the bound.
	planTensor, planOperator = 96, 1024
)

// Parse reads a .tflite file: its first subgraph, labels and metadata buffer
// "canting". Constants alias the file. The file is untrusted: every offset,
// length and index is checked before use, and an error names its place. What
// is allocated, for a plan of its operators too, stays below twice the file plus
// 1 MiB.
func Parse(file []byte) (*Model, error) {
	if len(file) > maxFile {
		return nil, fmt.Errorf("the model file has %d bytes, more than the %d that are read", len(file), maxFile)
	}
	p := &parser{decoder: newDecoder(file, 2*int64(len(file))+slack), m: &Model{}}
	if err := p.model(); err != nil {
		return nil, fmt.Errorf("the model file is not a usable .tflite: %w", err)
	}
	return p.m, nil
}

type parser struct {
	*decoder
	root           table
	codes, buffers vector
	m              *Model
}

func (p *parser) model() error {
	p.root = p.decoder.root(identifier)
	if v := p.root.uint32(0, 0); p.err == nil && v != schemaVersion {
		return fmt.Errorf("the schema version is %d, this program reads %d", v, schemaVersion)
	}
	p.codes = p.root.vector(1, 4)
	subgraphs := p.root.vector(2, 4)
	p.m.Description = p.root.string(3)
	p.buffers = p.root.vector(4, 4)
	if p.err != nil {
		return p.err
	}
	if subgraphs.n == 0 {
		return errors.New("it holds no subgraph")
	}
	if err := p.subgraph(subgraphs.table(0)); err != nil {
		return fmt.Errorf("subgraph 0: %w", err)
	}
	return p.metadata()
}

func (p *parser) subgraph(t table) error {
	tensors := t.vector(0, 4)
	p.m.Inputs, p.m.Outputs = t.vector(1, 4).ints(), t.vector(2, 4).ints()
	operators := t.vector(3, 4)
	if p.err != nil {
		return p.err
	}
	if err := p.tensors(tensors); err != nil {
		return err
	}
	if err := p.indices("input", p.m.Inputs, 0); err != nil {
		return err
	}
	if err := p.indices("output", p.m.Outputs, 0); err != nil {
		return err
	}
	return p.operators(operators)
}

func (p *parser) tensors(v vector) error {
	if !p.charge(v.n, int(unsafe.Sizeof(Tensor{}))+planTensor) {
		return fmt.Errorf("%d tensors: %w", v.n, p.err)
	}
	p.m.Tensors = make([]Tensor, v.n)
	for i := range p.m.Tensors {
		if err := p.tensor(v.table(i), &p.m.Tensors[i]); err != nil {
			return fmt.Errorf("tensor %d: %w", i, err)
		}
	}
	return nil
}

func (p *parser) tensor(t table, out *Tensor) error {
	out.Shape = t.vector(0, 4).ints()
	out.Type = Type(t.uint8(1, 0))
	buffer := t.uint32(2, 0)
	out.Name = t.string(3)
	if q, ok := t.child(4); ok {
		if err := p.quantization(q, &out.Quant); err != nil {
			return err
		}
	}
	if p.err != nil {
		return p.err
	}
	elements, err := Elements(out.Shape)
	if err != nil {
		return err
	}
	if out.Data, err = p.buffer(buffer); err != nil {
		return err
	}
	if size := out.Type.Size(); out.Data != nil && size > 0 && len(out.Data) != elements*size {
		return fmt.Errorf("its buffer %d has %d bytes, %v of %s needs %d", buffer, len(out.Data), out.Shape, out.Type, elements*size)
	}
	return p.checkChannels(out)
}

func (p *parser) checkChannels(t *Tensor) error {
	q := &t.Quant
	if len(q.Scale) < 2 {
		return nil
	}
	if q.Axis < 0 || q.Axis >= len(t.Shape) || t.Shape[q.Axis] != len(q.Scale) {
		return fmt.Errorf("%d quantization scales do not match dimension %d of %v", len(q.Scale), q.Axis, t.Shape)
	}
	return nil
}

// Elements is the number of elements of a tensor, whose open dimensions (-1)
// count as 1. It is at most 2^28, so that a product with an element's size
// fits an int on every platform.
func Elements(shape []int) (int, error) {
	if len(shape) > maxRank {
		return 0, fmt.Errorf("it has %d dimensions, more than %d", len(shape), maxRank)
	}
	n := int64(1)
	for _, d := range shape {
		if d < -1 {
			return 0, fmt.Errorf("its shape %v holds a negative dimension", shape)
		}
		if d == -1 {
			d = 1
		}
		// Both factors are below 2^31.
		if n *= int64(d); n > maxFile {
			return 0, fmt.Errorf("its shape %v has more than %d elements", shape, maxFile)
		}
	}
	return int(n), nil
}

func (p *parser) quantization(t table, q *Quantization) error {
	q.Scale, q.ZeroPoint = t.vector(2, 4).float32s(), t.vector(3, 8).int64s()
	q.Axis = int(t.int32(6, 0))
	if p.err != nil {
		return p.err
	}
	if len(q.ZeroPoint) != len(q.Scale) {
		if len(q.ZeroPoint) != 0 {
			return fmt.Errorf("it has %d quantization scales and %d zero points", len(q.Scale), len(q.ZeroPoint))
		}
		// An absent vector means zeros.
		if !p.charge(len(q.Scale), 8) {
			return p.err
		}
		q.ZeroPoint = make([]int64, len(q.Scale))
	}
	if len(q.Scale) == 0 {
		*q = Quantization{}
	}
	return nil
}

// buffer returns the bytes of a buffer, nil when it is empty.
func (p *parser) buffer(i uint32) ([]byte, error) {
	if int64(i) >= int64(p.buffers.n) {
		return nil, fmt.Errorf("its buffer is number %d of %d", i, p.buffers.n)
	}
	t := p.buffers.table(int(i))
	if offset := t.field(1, 8); offset != 0 && p.u32(offset) > 1 {
		return nil, fmt.Errorf("buffer %d lies outside the FlatBuffer, which is not supported: convert the model to less than 2 GB", i)
	}
	data := t.bytes(0)
	if p.err != nil {
		return nil, fmt.Errorf("buffer %d: %w", i, p.err)
	}
	return data, nil
}

// indices checks tensor numbers, of which the least may be -1 for an operand
// that is left out.
func (p *parser) indices(what string, list []int, least int) error {
	for i, t := range list {
		if t < least || t >= len(p.m.Tensors) {
			return fmt.Errorf("%s %d is tensor %d of %d", what, i, t, len(p.m.Tensors))
		}
	}
	return nil
}

func (p *parser) operators(v vector) error {
	// 64 bytes stand for the options.
	if !p.charge(v.n, int(unsafe.Sizeof(Operator{}))+64+planOperator) {
		return fmt.Errorf("%d operators: %w", v.n, p.err)
	}
	p.m.Operators = make([]Operator, v.n)
	for i := range p.m.Operators {
		if err := p.operator(v.table(i), &p.m.Operators[i]); err != nil {
			return fmt.Errorf("operator %d (%s): %w", i, p.m.Operators[i].Code, err)
		}
	}
	return nil
}

func (p *parser) operator(t table, out *Operator) error {
	index := t.uint32(0, 0)
	if p.err != nil {
		return p.err
	}
	if int64(index) >= int64(p.codes.n) {
		return fmt.Errorf("its operator code is number %d of %d", index, p.codes.n)
	}
	code := p.codes.table(int(index))
	// Files before schema 3a hold only the 8-bit deprecated_builtin_code.
	out.Code = Code(max(code.int32(3, 0), int32(int8(code.uint8(0, 0)))))
	out.Custom = code.string(1)
	out.Inputs, out.Outputs = t.vector(1, 4).ints(), t.vector(2, 4).ints()
	p.options(t, out)
	if p.err != nil {
		return p.err
	}
	if err := p.indices("input", out.Inputs, -1); err != nil {
		return err
	}
	return p.indices("output", out.Outputs, 0)
}

func (p *parser) options(op table, out *Operator) {
	tag := op.uint8(3, tagNone)
	t, ok := op.child(4)
	if !ok {
		return
	}
	switch tag {
	case tagConv2D:
		out.Options = Conv2DOptions{
			Padding: Padding(t.uint8(0, 0)), StrideW: int(t.int32(1, 0)), StrideH: int(t.int32(2, 0)),
			Activation: Activation(t.uint8(3, 0)), DilationW: int(t.int32(4, 1)), DilationH: int(t.int32(5, 1)),
		}
	case tagDepthwiseConv2D:
		out.Options = DepthwiseConv2DOptions{
			Padding: Padding(t.uint8(0, 0)), StrideW: int(t.int32(1, 0)), StrideH: int(t.int32(2, 0)),
			DepthMultiplier: int(t.int32(3, 0)), Activation: Activation(t.uint8(4, 0)),
			DilationW: int(t.int32(5, 1)), DilationH: int(t.int32(6, 1)),
		}
	case tagPool2D:
		out.Options = Pool2DOptions{
			Padding: Padding(t.uint8(0, 0)), StrideW: int(t.int32(1, 0)), StrideH: int(t.int32(2, 0)),
			FilterW: int(t.int32(3, 0)), FilterH: int(t.int32(4, 0)), Activation: Activation(t.uint8(5, 0)),
		}
	case tagFullyConnected:
		out.Options = FullyConnectedOptions{
			Activation: Activation(t.uint8(0, 0)), WeightsFormat: int(t.uint8(1, 0)), KeepDims: t.bool(2),
		}
	case tagSoftmax:
		out.Options = SoftmaxOptions{Beta: t.float32(0)}
	case tagConcatenation:
		out.Options = ConcatenationOptions{Axis: int(t.int32(0, 0)), Activation: Activation(t.uint8(1, 0))}
	case tagAdd:
		out.Options = AddOptions{Activation: Activation(t.uint8(0, 0))}
	case tagSub:
		out.Options = SubOptions{Activation: Activation(t.uint8(0, 0))}
	case tagMul:
		out.Options = MulOptions{Activation: Activation(t.uint8(0, 0))}
	case tagReshape:
		out.Options = ReshapeOptions{NewShape: t.vector(0, 4).ints()}
	case tagReducer:
		out.Options = ReducerOptions{KeepDims: t.bool(0)}
	}
}

// metadata looks up the buffers "canting" and TFLITE_METADATA.
func (p *parser) metadata() error {
	entries := p.root.vector(6, 4)
	for i := range entries.n {
		entry := entries.table(i)
		name, buffer := entry.bytes(0), entry.uint32(1, 0)
		if p.err != nil {
			return fmt.Errorf("metadata entry %d: %w", i, p.err)
		}
		if s := string(name); s != metadata.Name && s != metadataName {
			continue
		}
		data, err := p.buffer(buffer)
		if err != nil {
			return fmt.Errorf("metadata entry %d (%s): %w", i, name, err)
		}
		if string(name) == metadata.Name {
			p.m.Canting = data
		} else if err := p.labels(data); err != nil {
			return fmt.Errorf("metadata entry %d (%s): %w", i, name, err)
		}
	}
	return p.err
}

// labels reads the file of axis labels that the standard metadata associates
// with the first output tensor.
func (p *parser) labels(standard []byte) error {
	d := newDecoder(standard, p.budget)
	subgraphs := d.root(metadataIdentifier).vector(3, 4)
	if subgraphs.n == 0 {
		return d.err
	}
	outputs := subgraphs.table(0).vector(3, 4)
	if outputs.n == 0 {
		return d.err
	}
	files := outputs.table(0).vector(6, 4)
	for i := range files.n {
		file := files.table(i)
		name, kind := file.string(0), file.uint8(2, 0)
		if d.err != nil || kind != axisLabels {
			continue
		}
		p.budget = d.budget
		text, err := p.associatedFile(name)
		if err != nil {
			return fmt.Errorf("associated file %q: %w", name, err)
		}
		p.m.Labels, err = p.splitLabels(text)
		return err
	}
	return d.err
}

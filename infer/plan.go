package infer

import (
	"fmt"

	"canting/infer/kernel"
	"canting/infer/kernel/generic"
	"canting/infer/tflite"
)

// Bounds on what a file may ask for. The largest classifiers meant for such
// devices need some 10 MB and 1 GMAC.
const (
	maxArena     = 256 << 20
	maxMACs      = 100e9
	maxOperators = 4096
	// maxConcatenated bounds the inputs of one CONCATENATION.
	maxConcatenated = 64
	// maxWindow bounds kernel sizes, strides and dilations, so that products
	// of two of them fit an int of 32 bits.
	maxWindow = 1 << 14
)

// Step describes one operator of the plan.
type Step struct {
	// Index is the operator's place in the file; steps that convert the
	// model's own input or output have -1.
	Index    int
	Operator string
	// Kernel is the instruction set that it was written for: "generic" where the
	// model's own has nothing better.
	Kernel string
	Shape  string
	MACs   int64
}

// step is an operator and the values it works on.
type step struct {
	Step
	out, a, b int
	// prepare packs the weights. It runs when the whole plan is known to be
	// sound, so that a malformed file costs no memory.
	prepare  func(kernel.Kernels) generic.Operator
	operator generic.Operator
	// A CONV_2D has preparePooled, and a MAX_POOL_2D that may go into one has
	// pool; see fuse.
	preparePooled func(kernel.Kernels, generic.Pool) (generic.Operator, bool)
	pool          *generic.Pool
}

// none is a value that is left out.
const none = -1

// value is a tensor as the plan sees it: 8-bit tensors are int8, those of the
// legacy uint8 scheme are shifted by 128.
type value struct {
	bytes int
	// root is the value whose memory this one shares.
	root     int
	constant []int8
	// The first and the last step that touch a root's memory; see lifetimes.
	first, last int
	offset      int
	written     bool
}

type plan struct {
	steps         []step
	values        []value
	input, output int
	// arena and scratch are in bytes; each thread has its own scratch.
	arena, scratch int
	macs           int64
	// tail is what Heat follows back; nil for a model without one.
	tail *tail
	// features is what the logits are made of; nil where that is not one layer.
	features *features
}

// planner builds a plan operator by operator, checking everything that the
// kernels then take for granted.
type planner struct {
	m    *tflite.Model
	plan plan
	// constants counts the bytes of constants in use; see useConstant.
	constants, constantsLimit int64
	// convolutions are those planned, by the tensor that they write.
	convolutions map[int]*generic.Conv
}

func newPlan(m *tflite.Model, fileSize int, kernels kernel.Kernels) (*plan, error) {
	p := &planner{m: m, constantsLimit: int64(fileSize) + 1<<20, convolutions: map[int]*generic.Conv{}}
	if err := p.build(); err != nil {
		return nil, err
	}
	p.fuse(kernels)
	for i := range p.plan.steps {
		s := &p.plan.steps[i]
		if s.operator == nil {
			s.operator = s.prepare(kernels)
		}
		s.prepare, s.preparePooled = nil, nil
		p.plan.scratch = max(p.plan.scratch, s.operator.Scratch())
	}
	p.plan.tail, p.plan.features = p.findTail(), p.findFeatures()
	// Fusing may have left values without use, and those read after a run are needed longer.
	return &p.plan, p.layOut()
}

func (p *planner) build() error {
	if len(p.m.Inputs) != 1 || len(p.m.Outputs) != 1 {
		return fmt.Errorf("the model has %d inputs and %d outputs, one of each is supported", len(p.m.Inputs), len(p.m.Outputs))
	}
	if n := len(p.m.Operators); n > maxOperators {
		return fmt.Errorf("the model has %d operators, more than %d", n, maxOperators)
	}
	p.plan.values = make([]value, len(p.m.Tensors), len(p.m.Tensors)+2)
	for i := range p.plan.values {
		p.plan.values[i].root = i
	}
	p.plan.steps = make([]step, 0, len(p.m.Operators)+2)
	if err := p.readInput(); err != nil {
		return fmt.Errorf("the model's input (tensor %d): %w", p.m.Inputs[0], err)
	}
	for i := range p.m.Operators {
		op := &p.m.Operators[i]
		if err := p.operator(i, op); err != nil {
			return fmt.Errorf("operator %d (%s): %w", i, operatorName(op), err)
		}
		if len(p.plan.steps) > maxOperators {
			return fmt.Errorf("the model's operators take more than %d steps", maxOperators)
		}
	}
	if err := p.writeOutput(); err != nil {
		return fmt.Errorf("the model's output (tensor %d): %w", p.m.Outputs[0], err)
	}
	return p.layOut()
}

func operatorName(op *tflite.Operator) string {
	if op.Code == tflite.Custom {
		return fmt.Sprintf("CUSTOM %q", op.Custom)
	}
	return op.Code.String()
}

// readInput makes the model's input a value that is there before the first
// step; a uint8 one is shifted into another by a step.
func (p *planner) readInput() error {
	t := p.m.Inputs[0]
	if p.m.Tensors[t].Data != nil {
		return fmt.Errorf("it is a constant")
	}
	if err := p.writes(t); err != nil {
		return err
	}
	if p.m.Tensors[t].Type == tflite.Uint8 {
		p.plan.input = p.addValue(t)
		p.shiftBytes("input", p.plan.input, t)
	} else {
		p.plan.input = t
	}
	return nil
}

func (p *planner) writeOutput() error {
	t := p.m.Outputs[0]
	if !p.plan.values[t].written {
		return fmt.Errorf("no operator writes it")
	}
	if p.m.Tensors[t].Type == tflite.Uint8 {
		p.plan.output = p.addValue(t)
		p.shiftBytes("output", t, p.plan.output)
	} else {
		p.plan.output = t
	}
	return nil
}

// addValue adds a value as large as tensor t.
func (p *planner) addValue(t int) int {
	i := len(p.plan.values)
	p.plan.values = append(p.plan.values, value{bytes: p.plan.values[t].bytes, root: i, written: true})
	return i
}

// shiftBytes adds a step that turns uint8 into int8 or back.
func (p *planner) shiftBytes(what string, from, to int) {
	n := p.plan.values[from].bytes
	p.add(step{
		Step: Step{Index: -1, Operator: what, Shape: fmt.Sprint(n)},
		out:  to, a: from, b: none,
		prepare: func(k kernel.Kernels) generic.Operator {
			l := generic.Lookup{Shape: generic.Shape{H: 1, W: 1, C: n}}
			for i := range l.Table {
				l.Table[i] = int8(i)
			}
			return k.Lookup(l)
		},
	})
}

// add appends a step.
func (p *planner) add(s step) {
	p.plan.steps = append(p.plan.steps, s)
	p.plan.macs += s.MACs
}

// writes marks a tensor as written and checks that it may be.
func (p *planner) writes(t int) error {
	v, tensor := &p.plan.values[t], &p.m.Tensors[t]
	if v.written {
		return fmt.Errorf("tensor %d (%q) is written a second time", t, tensor.Name)
	}
	if tensor.Data != nil {
		return fmt.Errorf("tensor %d (%q) is a constant, it can't be written", t, tensor.Name)
	}
	shape, err := p.shape(t)
	if err != nil {
		return err
	}
	n, err := tflite.Elements(shape)
	if err != nil {
		return fmt.Errorf("tensor %d (%q): %w", t, tensor.Name, err)
	}
	switch tensor.Type {
	case tflite.Int8, tflite.Uint8:
	case tflite.Float32:
		n *= 4
	default:
		return fmt.Errorf("tensor %d (%q) is %s, activations are int8, uint8 or float32", t, tensor.Name, tensor.Type)
	}
	if n > maxArena {
		return fmt.Errorf("tensor %d (%q) has %d bytes, more than %d", t, tensor.Name, n, maxArena)
	}
	v.bytes, v.written = n, true
	return nil
}

// reads checks that a tensor holds something when an operator reads it.
func (p *planner) reads(t int) error {
	if t == none {
		return fmt.Errorf("an input is left out that is needed")
	}
	tensor := &p.m.Tensors[t]
	if p.plan.values[t].written {
		return nil
	}
	if tensor.Data == nil {
		return fmt.Errorf("it reads tensor %d (%q), which no earlier operator writes", t, tensor.Name)
	}
	if tensor.Type != tflite.Int8 && tensor.Type != tflite.Uint8 {
		return fmt.Errorf("its constant operand, tensor %d (%q), is %s instead of int8", t, tensor.Name, tensor.Type)
	}
	data, err := p.useConstant(t)
	if err != nil {
		return err
	}
	p.plan.values[t].constant = signed(data, tensor.Type)
	return nil
}

// useConstant returns a constant's bytes. Constants may be shared, so a small
// file could ask for the same one to be packed again and again: together they
// may not be larger than the file by more than 1 MiB.
func (p *planner) useConstant(t int) ([]byte, error) {
	data := p.m.Tensors[t].Data
	p.constants += int64(len(data))
	if p.constants > p.constantsLimit {
		return nil, fmt.Errorf("operators use the same constants over and over, %d bytes in all", p.constants)
	}
	return data, nil
}

// signed copies 8-bit constants as int8, shifting the legacy uint8.
func signed(data []byte, t tflite.Type) []int8 {
	var flip byte
	if t == tflite.Uint8 {
		flip = 0x80
	}
	out := make([]int8, len(data))
	for i, b := range data {
		out[i] = int8(b ^ flip)
	}
	return out
}

// shape is a tensor's shape with an open batch size (-1) taken as 1.
func (p *planner) shape(t int) ([]int, error) {
	shape := p.m.Tensors[t].Shape
	out := make([]int, len(shape))
	for i, d := range shape {
		if i == 0 && d == -1 {
			d = 1
		}
		if d < 1 {
			return nil, fmt.Errorf("tensor %d (%q) has the shape %v; only the batch size may be open", t, p.m.Tensors[t].Name, shape)
		}
		out[i] = d
	}
	return out, nil
}

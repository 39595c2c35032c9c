package infer

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"canting/infer/kernel/generic"
)

// Session runs a model over its own arena. It is not for concurrent use;
// sessions of one model share its packed weights.
type Session struct {
	model         *Model
	arena         []int8
	input, output []byte
	features      []float32
	team          *team
}

// boundStep is a step with its place in the arena.
type boundStep struct {
	operator  generic.Operator
	out, a, b []int8
	progress
}

// NewSession allocates everything that running needs. A session with several
// threads should be closed when it is done with.
func (m *Model) NewSession() *Session {
	s := &Session{model: m, arena: alignedBytes(m.plan.arena)}
	steps := make([]boundStep, len(m.plan.steps))
	for i := range steps {
		step := &m.plan.steps[i]
		steps[i].operator, steps[i].out, steps[i].a, steps[i].b = step.operator, s.value(step.out), s.value(step.a), s.value(step.b)
	}
	s.input, s.output = bytesOf(s.value(m.plan.input)), bytesOf(s.value(m.plan.output))
	s.team = newTeam(m.threads, m.plan.scratch, steps)
	if f := m.plan.features; f != nil {
		s.features = make([]float32, f.n)
	}
	// The team's goroutines don't refer to the session, so one that is dropped
	// without Close ends them too.
	runtime.AddCleanup(s, (*team).stop, s.team)
	return s
}

// value is where value v lies; nil for none.
func (s *Session) value(v int) []int8 {
	if v == none {
		return nil
	}
	values := s.model.plan.values
	if values[v].constant != nil {
		return values[v].constant
	}
	at := values[values[v].root].offset
	end := at + values[v].bytes
	return s.arena[at:end:end]
}

// alignedBytes allocates n int8 from a multiple of the alignment.
func alignedBytes(n int) []int8 {
	b := make([]int8, n+alignment)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (alignment - 1)
	return b[skip : skip+n : skip+n]
}

// bytesOf is the same memory as bytes.
func bytesOf(v []int8) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// Input is the raw input tensor, to be filled before Run, which leaves it as it is.
func (s *Session) Input() []byte { return s.input }

// Output is the raw output tensor of the last Run.
func (s *Session) Output() []byte { return s.output }

// Run computes the output. It does not allocate. An error means a fault in this
// program: what a file can do wrong is refused by Load.
func (s *Session) Run() error {
	return s.fault(s.team.run(nil))
}

// Profile runs once and adds the time that each step took to times, which has
// an element for each of the model's steps.
func (s *Session) Profile(times []time.Duration) error {
	return s.fault(s.team.run(times))
}

func (s *Session) fault(f *fault) error {
	if f == nil {
		return nil
	}
	step := &s.model.plan.steps[f.step]
	return fmt.Errorf("operator %d (%s %s) failed in the %s kernel: %w", step.Index, step.Operator, step.Shape, s.model.kernel, f.err)
}

// Close ends the session's threads and waits for them.
func (s *Session) Close() { s.team.stop() }

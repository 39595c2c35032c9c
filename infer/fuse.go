package infer

import (
	"slices"

	"canting/infer/kernel"
	"canting/infer/kernel/generic"
	"canting/infer/quant"
)

// fuse joins each convolution with the max pool that is the only one to read
// it, where the kernels have an operator for both: the convolution's rows then
// never leave the cache.
func (p *planner) fuse(kernels kernel.Kernels) {
	for i := range p.plan.steps {
		conv := &p.plan.steps[i]
		if conv.preparePooled == nil {
			continue
		}
		pool := p.onlyReader(i)
		if pool == nil || !poolable(pool.pool) {
			continue
		}
		if operator, ok := conv.preparePooled(kernels, *pool.pool); ok {
			conv.operator = operator
			conv.Operator += "+" + pool.Operator
			conv.Shape += " " + pool.Shape
			conv.out = pool.out
			pool.prepare = nil
		}
	}
	p.plan.steps = slices.DeleteFunc(p.plan.steps, func(s step) bool { return s.prepare == nil })
}

// poolable tells whether a pool is of the kind that kernels join with a
// convolution.
func poolable(p *generic.Pool) bool {
	return p != nil && p.KernelH == 2 && p.KernelW == 2 && p.StrideH == 2 && p.StrideW == 2 &&
		p.PadTop == 0 && p.PadLeft == 0 && p.In.H >= 2*p.Out.H && p.In.W >= 2*p.Out.W &&
		p.Output.Min == quant.Least && p.Output.Max == quant.Most
}

// onlyReader is the step that reads step i's output, when there is one and
// nothing else does, under whatever name.
func (p *planner) onlyReader(i int) *step {
	root := func(v int) int {
		if v == none {
			return none
		}
		return p.plan.values[v].root
	}
	out := p.plan.steps[i].out
	if root(p.plan.output) == root(out) {
		return nil
	}
	var reader *step
	for j := range p.plan.steps {
		s := &p.plan.steps[j]
		if root(s.a) != root(out) && root(s.b) != root(out) {
			continue
		}
		if reader != nil || s.a != out {
			return nil
		}
		reader = s
	}
	return reader
}

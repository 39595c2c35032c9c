package infer

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// alignment is that of every value and scratch buffer: a cache line.
const alignment = 64

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// lifetimes finds for every root which steps touch its memory.
func (p *planner) lifetimes() {
	for i := range p.plan.values {
		p.plan.values[i].first, p.plan.values[i].last = math.MaxInt, -1
	}
	keep := func(v, at int) {
		if v != none && p.plan.values[v].constant == nil {
			root := &p.plan.values[p.plan.values[v].root]
			root.first, root.last = min(root.first, at), max(root.last, at)
		}
	}
	for at, s := range p.plan.steps {
		keep(s.out, at)
		keep(s.a, at)
		keep(s.b, at)
	}
	// The input stays, so that a session may run again without filling it.
	keep(p.plan.input, -1)
	keep(p.plan.input, len(p.plan.steps))
	keep(p.plan.output, len(p.plan.steps))
	for _, v := range p.plan.tail.kept() {
		keep(v, len(p.plan.steps))
	}
	if f := p.plan.features; f != nil {
		keep(f.value, len(p.plan.steps))
	}
}

// layOut gives every value a place in the arena, largest first, each at the
// lowest offset where it overlaps nothing that lives at the same time (Pisarchyk
// and Lee, 2020, "Efficient Memory Management for Deep Neural Net Inference",
// greedy by size).
func (p *planner) layOut() error {
	p.lifetimes()
	p.plan.arena = 0
	var roots []*value
	for i := range p.plan.values {
		if v := &p.plan.values[i]; v.root == i && v.last >= v.first {
			roots = append(roots, v)
		}
	}
	slices.SortStableFunc(roots, func(a, b *value) int { return cmp.Compare(b.bytes, a.bytes) })
	var placed []*value // in order of their offsets
	for _, v := range roots {
		v.offset = 0
		for _, other := range placed {
			if other.last < v.first || v.last < other.first {
				continue
			}
			if v.offset+v.bytes <= other.offset {
				break
			}
			v.offset = max(v.offset, align(other.offset+other.bytes))
		}
		// Both are at most maxArena, so the sum fits an int.
		end := align(v.offset + v.bytes)
		if end > maxArena {
			return fmt.Errorf("its activations need more than %d bytes of memory", maxArena)
		}
		p.plan.arena = max(p.plan.arena, end)
		at, _ := slices.BinarySearchFunc(placed, v.offset, func(o *value, offset int) int { return cmp.Compare(o.offset, offset) })
		placed = slices.Insert(placed, at, v)
	}
	if p.plan.macs > maxMACs {
		return fmt.Errorf("it needs %d multiplications for one input, more than %.0f", p.plan.macs, maxMACs)
	}
	return nil
}

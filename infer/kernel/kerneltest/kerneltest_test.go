package kerneltest

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"canting/infer/kernel/generic"
)

// faulty is plain Go with a fault in its lookups.
type faulty struct {
	generic.Kernels
	fault func(l generic.Lookup, out, in, scratch []int8, from, to int)
}

type faultyLookup struct {
	generic.Operator
	generic.Lookup
	fault func(l generic.Lookup, out, in, scratch []int8, from, to int)
}

func (f faulty) Lookup(l generic.Lookup) generic.Operator {
	return &faultyLookup{f.Kernels.Lookup(l), l, f.fault}
}

func (f *faultyLookup) Run(out, in, b, scratch []int8, from, to int) {
	f.Operator.Run(out, in, b, scratch, from, to)
	f.fault(f.Lookup, out, in, scratch, from, to)
}

// beyond is the element so far from the start of s, inside or not.
func beyond(s []int8, n int) *int8 {
	return (*int8)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), n))
}

var sink int8

func TestFaultsAreFound(t *testing.T) {
	p := newPlaces(t)
	for _, test := range []struct {
		name, want string
		fault      func(l generic.Lookup, out, in, scratch []int8, from, to int)
	}{
		{"none", "", func(generic.Lookup, []int8, []int8, []int8, int, int) {}},
		{"a wrong last element", "plain Go's is", func(l generic.Lookup, out, _, _ []int8, _, to int) {
			if to == l.Shape.H {
				out[len(out)-1]++
			}
		}},
		{"reading past an input", atEnd, func(_ generic.Lookup, _, in, _ []int8, _, _ int) { sink = *beyond(in, len(in)) }},
		{"reading before an input", atStart, func(_ generic.Lookup, _, in, _ []int8, _, _ int) { sink = *beyond(in, -1) }},
		{"writing past the output", atEnd, func(_ generic.Lookup, out, _, _ []int8, _, _ int) { *beyond(out, len(out)) = 1 }},
		{"writing before the output", "beside the output", func(_ generic.Lookup, out, _, _ []int8, _, _ int) {
			if uintptr(unsafe.Pointer(&out[0]))%64 == 1 { // never where memory faults
				*beyond(out, -1) = 1
			}
		}},
		{"writing the input", "input was written", func(_ generic.Lookup, _, in, _ []int8, _, _ int) { in[0]++ }},
		{"computing another's row", "which is of row 0", func(l generic.Lookup, out, in, _ []int8, from, _ int) {
			if from > 0 {
				out[0] = l.Table[uint8(in[0])^0x80]
			}
		}},
		{"a split that matters", "plain Go's is", func(l generic.Lookup, out, _, _ []int8, from, to int) {
			if to-from == 1 && l.Shape.H > 1 {
				out[from*l.Shape.W*l.Shape.C]++
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := faulty{fault: test.fault}
			for seed := range uint64(500) {
				err := p.check(k, draws{rand.New(rand.NewPCG(seed, 0))}.lookup(shape(3, 5, 7)))
				if err != nil && !strings.Contains(err.Error(), test.want) {
					t.Fatalf("found otherwise than by %q: %v", test.want, err)
				}
				if err != nil && test.want == "" {
					t.Fatal(err)
				}
				if err != nil {
					return
				}
			}
			if test.want != "" {
				t.Error("not found")
			}
		})
	}
}

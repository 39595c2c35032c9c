// Package kerneltest holds the kernels of every instruction set to those in
// plain Go, bit for bit.
package kerneltest

import (
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"canting/infer/kernel"
	"canting/infer/kernel/generic"
)

var seedFlag = flag.Uint64("kernelseed", 0, "the seed of kerneltest's random shapes (default the time)")

// longest is one past the longest vector of any processor here, twice.
const longest = 257

// Run holds k to the kernels in plain Go. Buffers lie against memory that
// faults, so that an access of one byte too many does. A failure names the
// shape, the quantization, and the seed that draws them again:
//
//	go test -run NAME/random -kernelseed SEED
//
// -short tries fewer lengths and shapes, for a processor that is emulated.
func Run(t *testing.T, k kernel.Kernels) {
	t.Helper()
	p := newPlaces(t)
	for _, f := range byLength {
		t.Run(f.name, func(t *testing.T) {
			for n := 1; n <= longest; n++ {
				for seed := range uint64(rounds(n)) {
					if err := p.check(k, f.draw(draws{rand.New(rand.NewPCG(seed, uint64(n)))}, n)); err != nil {
						t.Fatalf("length %d, seed %d: %v", n, seed, err)
					}
				}
			}
		})
	}
	t.Run("random", func(t *testing.T) {
		seed, shapes := *seedFlag, 250
		if seed == 0 {
			seed = uint64(time.Now().UnixNano())
		}
		if testing.Short() {
			shapes = 20
		}
		for _, f := range random {
			for i := range uint64(shapes) {
				if err := p.check(k, f.draw(draws{rand.New(rand.NewPCG(seed, i))})); err != nil {
					t.Fatalf("-kernelseed %d, %s number %d: %v", seed, f.name, i, err)
				}
			}
		}
		t.Logf("-kernelseed %d", seed)
	})
}

// rounds is how often length n is tried.
func rounds(n int) int {
	switch {
	case !testing.Short():
		return 2
	case telling(n):
		return 1
	}
	return 0
}

// telling are the lengths around the sizes of vectors and blocks.
func telling(n int) bool {
	switch n % 16 {
	case 15, 0, 1:
		return n <= 65 || n%64 < 2 || n%64 == 63
	}
	return n < 15
}

// Fuzz lets the fuzzer draw the shapes: the first byte chooses the operator, the
// others decide what the random shapes' numbers are.
func Fuzz(f *testing.F, k kernel.Kernels) {
	for i := range random {
		f.Add([]byte{byte(i)})
		f.Add([]byte{byte(i), 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233})
	}
	p := newPlaces(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		family := random[int(b[0])%len(random)]
		if err := p.check(k, family.draw(draws{rand.New(&bytesSource{bytes: b[1:]})})); err != nil {
			t.Fatal(err)
		}
	})
}

// bytesSource gives numbers from bytes, and from a generator when they end.
type bytesSource struct {
	bytes []byte
	after rand.PCG
}

func (s *bytesSource) Uint64() uint64 {
	if len(s.bytes) == 0 {
		return s.after.Uint64()
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	// Small ranges are drawn from the upper bits, both halves of them.
	return uint64(b)<<56 | uint64(b)<<24
}

// A job is one operator with its inputs.
type job struct {
	// about is all that was drawn but for weights and inputs.
	about string
	// operator reports false when the kernels do not join two operators.
	operator func(kernel.Kernels) (generic.Operator, bool)
	// reference computes the output in plain Go when one generic operator
	// does not.
	reference func(out, a, b []int8)
	a, b      []int8
	out       int
}

// only is the operator of kernels that always have one.
func only(o generic.Operator) (generic.Operator, bool) { return o, true }

// expected is the output of plain Go.
func (j *job) expected() []int8 {
	out := make([]int8, j.out)
	if j.reference != nil {
		j.reference(out, j.a, j.b)
		return out
	}
	o, _ := j.operator(generic.Kernels{})
	o.Run(out, j.a, j.b, alignedBytes(o.Scratch()), 0, o.Rows())
	return out
}

// check runs a job in every place and in parts.
func (p *places) check(k kernel.Kernels, j job) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	where := "being prepared"
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		if err != nil {
			err = fmt.Errorf("%s, %s: %w", j.about, where, err)
		}
	}()
	o, ok := j.operator(k)
	if !ok {
		return nil
	}
	want := j.expected()
	// The same job lies in the same places.
	r := rand.New(rand.NewPCG(uint64(j.out), uint64(crc32.ChecksumIEEE(bytesOf(j.a)))))
	for _, where = range []string{atEnd, atStart, anywhere} {
		b := p.buffers(r, where, &j, o.Scratch())
		if where == atEnd {
			o.Run(b.out, b.a, b.b, b.scratch, 0, o.Rows())
		} else {
			b.inParts(r, o)
		}
		if where == anywhere {
			if err := b.onePart(r, o); err != nil {
				return err
			}
		}
		for i := range want {
			if b.out[i] != want[i] {
				return fmt.Errorf("output %d of %d is %d, plain Go's is %d", i, len(want), b.out[i], want[i])
			}
		}
		if err := b.spoilt(&j); err != nil {
			return err
		}
	}
	return nil
}

// inParts computes the output's rows in a random partition, the parts in random
// order, and the scratch never as another part left it.
func (b *buffers) inParts(r *rand.Rand, o generic.Operator) {
	cuts := []int{0}
	for cuts[len(cuts)-1] < o.Rows() {
		from := cuts[len(cuts)-1]
		cuts = append(cuts, from+1+r.IntN(o.Rows()-from))
	}
	for _, i := range r.Perm(len(cuts) - 1) {
		fill(r, b.scratch)
		o.Run(b.out, b.a, b.b, b.scratch, cuts[i], cuts[i+1])
	}
}

// onePart computes some rows again and looks whether the others stay as they
// are: they belong to other threads.
func (b *buffers) onePart(r *rand.Rand, o generic.Operator) error {
	from := r.IntN(o.Rows())
	to := from + 1 + r.IntN(o.Rows()-from)
	row := len(b.out) / o.Rows()
	others := [][]int8{b.out[:from*row], b.out[to*row:]}
	invert(others)
	before := slices.Clone(b.out)
	o.Run(b.out, b.a, b.b, b.scratch, from, to)
	for i, v := range b.out {
		if v != before[i] && (i < from*row || i >= to*row) {
			return fmt.Errorf("computing rows %d to %d wrote output %d, which is of row %d", from, to-1, i, i/row)
		}
	}
	invert(others)
	return nil
}

func invert(parts [][]int8) {
	for _, s := range parts {
		for i, v := range s {
			s[i] = ^v
		}
	}
}

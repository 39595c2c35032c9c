package kerneltest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"unsafe"
)

// Where a job's buffers lie.
const (
	atEnd    = "buffers ending where memory faults"
	atStart  = "buffers starting where memory faults"
	anywhere = "misaligned buffers"
)

// places are the memories of a job's output and inputs.
type places struct{ out, a, b guarded }

// guarded is memory between two pages that fault.
type guarded []int8

// room holds the largest output or input of a job.
const room = 1 << 20

func newPlaces(t testing.TB) *places {
	t.Helper()
	return &places{newGuarded(t), newGuarded(t), newGuarded(t)}
}

func newGuarded(t testing.TB) guarded {
	t.Helper()
	page := syscall.Getpagesize()
	all, err := syscall.Mmap(-1, 0, room+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{all[:page], all[page+room:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return unsafe.Slice((*int8)(unsafe.Pointer(&all[page])), room)
}

// buffers are one run's, with what surrounds the output.
type buffers struct {
	out, a, b, scratch []int8
	around             [2][]int8
}

// margin is how much around an output is watched.
const margin = 256

const canary = 0x55

// buffers places a job's tensors. What is written starts with random bytes.
func (p *places) buffers(r *rand.Rand, where string, j *job, scratch int) *buffers {
	b := &buffers{scratch: alignedBytes(scratch)}
	fill(r, b.scratch)
	at := func(g guarded, n int) int {
		switch where {
		case atEnd:
			return len(g) - n
		case atStart:
			return 0
		}
		return 1 + r.IntN(63)
	}
	place := func(g guarded, n int) []int8 {
		from := at(g, n)
		return g[from : from+n : from+n]
	}
	from := at(p.out, j.out)
	b.out = p.out[from : from+j.out : from+j.out]
	b.around = [2][]int8{p.out[max(from-margin, 0):from], p.out[from+j.out : min(from+j.out+margin, len(p.out))]}
	for _, s := range b.around {
		for i := range s {
			s[i] = canary
		}
	}
	fill(r, b.out)
	b.a = place(p.a, len(j.a))
	copy(b.a, j.a)
	if j.b != nil {
		b.b = place(p.b, len(j.b))
		copy(b.b, j.b)
	}
	return b
}

// spoilt finds what was written that must not be.
func (b *buffers) spoilt(j *job) error {
	for _, s := range b.around {
		for _, v := range s {
			if v != canary {
				return errors.New("memory beside the output was written")
			}
		}
	}
	if !slices.Equal(b.a, j.a) || !slices.Equal(b.b, j.b) {
		return errors.New("an input was written")
	}
	return nil
}

// alignedBytes is scratch as sessions give it: from a multiple of 64 bytes.
func alignedBytes(n int) []int8 {
	b := make([]int8, n+64)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & 63
	return b[skip : skip+n : skip+n]
}

func fill(r *rand.Rand, s []int8) {
	for i := range s {
		if i%8 == 0 {
			word := r.Uint64()
			for j := i; j < min(i+8, len(s)); j++ {
				s[j] = int8(word >> (8 * (j - i)))
			}
		}
	}
}

func bytesOf(s []int8) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

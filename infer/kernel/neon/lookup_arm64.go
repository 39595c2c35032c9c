package neon

import (
	"unsafe"

	"canting/infer/kernel/generic"
)

//go:noescape
func lookupBlocks(dst, src *int8, table *[256]int8, blocks int)

// lookupBlock is how many bytes are looked up at once.
const lookupBlock = 16

type lookup struct {
	shape generic.Shape
	// table is indexed by the byte's bits.
	table [256]int8
}

// Lookup prepares an operator that maps elements one by one.
func (Kernels) Lookup(l generic.Lookup) generic.Operator {
	k := &lookup{shape: l.Shape}
	for i, v := range l.Table {
		k.table[uint8(i)^0x80] = v
	}
	return k
}

func (k *lookup) Rows() int    { return k.shape.H }
func (k *lookup) Scratch() int { return 0 }

func (k *lookup) Run(out, in, _, _ []int8, from, to int) {
	row := k.shape.W * k.shape.C
	out, in = out[from*row:to*row], in[from*row:to*row]
	blocks := len(in) / lookupBlock
	if blocks > 0 {
		lookupBlocks(unsafe.SliceData(out), unsafe.SliceData(in), &k.table, blocks)
	}
	for i := blocks * lookupBlock; i < len(in); i++ {
		out[i] = k.table[uint8(in[i])]
	}
}

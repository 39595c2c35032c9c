package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The FlatBuffers runtime for Go has no verifier and panics on a malformed
// file, so files are read with this bounds-checked reader instead. The layout
// is that of https://flatbuffers.dev/internals: a table starts with the signed
// distance back to its vtable, which lists where in the table each field lies.

// decoder reads a FlatBuffer. The first fault is kept in err; after it every
// method returns zero values, so callers check err once per item they read.
type decoder struct {
	b []byte
	// budget is how many bytes may still be allocated for what is read. Tables
	// may be shared, so a small file can describe a huge model; the budget
	// bounds the memory, and with it the number of tables visited.
	budget int64
	err    error
}

func newDecoder(b []byte, budget int64) *decoder { return &decoder{b: b, budget: budget} }

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// charge takes n*size bytes from the budget and reports whether there were so many.
func (d *decoder) charge(n, size int) bool {
	// n counts things that lie in the file and size is that of a Go type, so
	// the product is far from overflowing 64 bits.
	d.budget -= int64(n) * int64(size)
	if d.budget < 0 {
		d.fail("the file describes more than its own size could honestly hold")
	}
	return d.err == nil
}

// has reports whether n bytes lie at pos, and fails otherwise.
func (d *decoder) has(pos, n int64, what string) bool {
	if d.err != nil {
		return false
	}
	if pos < 0 || n < 0 || pos > int64(len(d.b))-n {
		d.fail("%s at byte %d does not fit into %d bytes", what, pos, len(d.b))
		return false
	}
	return true
}

func (d *decoder) u16(pos int64) uint16 { return binary.LittleEndian.Uint16(d.b[pos:]) }
func (d *decoder) u32(pos int64) uint32 { return binary.LittleEndian.Uint32(d.b[pos:]) }

// root returns the root table of a buffer with the given file identifier.
func (d *decoder) root(identifier string) table {
	if !d.has(0, 8, "the header") {
		return table{d: d}
	}
	if got := string(d.b[4:8]); got != identifier {
		d.fail("the file identifier at byte 4 is %q, expected %q", got, identifier)
		return table{d: d}
	}
	return d.table(int64(d.u32(0)))
}

// table is a checked table: its bytes and its vtable's lie in the buffer. The
// zero vtable size of a failed one makes every field read as absent.
type table struct {
	d                 *decoder
	pos, size         int64
	vtable, fieldsEnd int64
}

func (d *decoder) table(pos int64) table {
	none := table{d: d}
	if !d.has(pos, 4, "a table") {
		return none
	}
	vtable := pos - int64(int32(d.u32(pos)))
	if !d.has(vtable, 4, "the vtable of a table") {
		return none
	}
	vsize, size := int64(d.u16(vtable)), int64(d.u16(vtable+2))
	if vsize < 4 || vsize%2 != 0 || size < 4 {
		d.fail("the vtable at byte %d has the impossible sizes %d and %d", vtable, vsize, size)
		return none
	}
	if !d.has(vtable, vsize, "the vtable of a table") || !d.has(pos, size, "a table") {
		return none
	}
	return table{d: d, pos: pos, size: size, vtable: vtable, fieldsEnd: vtable + vsize}
}

// field returns where the n bytes of field id lie, or 0 when it is absent.
func (t table) field(id int, n int64) int64 {
	slot := t.vtable + 4 + 2*int64(id)
	if t.d.err != nil || slot+2 > t.fieldsEnd {
		return 0
	}
	offset := int64(t.d.u16(slot))
	if offset == 0 {
		return 0
	}
	if offset < 4 || offset+n > t.size {
		t.d.fail("field %d of the table at byte %d lies outside it", id, t.pos)
		return 0
	}
	return t.pos + offset
}

func (t table) uint8(id int, absent uint8) uint8 {
	if p := t.field(id, 1); p != 0 {
		return t.d.b[p]
	}
	return absent
}

func (t table) bool(id int) bool { return t.uint8(id, 0) != 0 }

func (t table) uint32(id int, absent uint32) uint32 {
	if p := t.field(id, 4); p != 0 {
		return t.d.u32(p)
	}
	return absent
}

func (t table) int32(id int, absent int32) int32 { return int32(t.uint32(id, uint32(absent))) }

func (t table) float32(id int) float32 { return math.Float32frombits(t.uint32(id, 0)) }

// child returns the table that field id refers to.
func (t table) child(id int) (table, bool) {
	p := t.field(id, 4)
	if p == 0 {
		return table{d: t.d}, false
	}
	return t.d.table(p + int64(t.d.u32(p))), t.d.err == nil
}

// vector is a checked vector: its elements lie in the buffer.
type vector struct {
	d   *decoder
	pos int64
	n   int
}

// vector returns the vector of field id, empty when it is absent.
func (t table) vector(id int, elementSize int64) vector {
	none := vector{d: t.d}
	p := t.field(id, 4)
	if p == 0 {
		return none
	}
	p += int64(t.d.u32(p))
	if !t.d.has(p, 4, "a vector") {
		return none
	}
	n := int64(t.d.u32(p))
	if !t.d.has(p+4, n*elementSize, fmt.Sprintf("a vector of %d elements", n)) {
		return none
	}
	return vector{d: t.d, pos: p + 4, n: int(n)}
}

// bytes returns the byte vector of field id, aliasing the buffer; nil when empty.
func (t table) bytes(id int) []byte {
	v := t.vector(id, 1)
	if v.n == 0 {
		return nil
	}
	end := v.pos + int64(v.n)
	return t.d.b[v.pos:end:end]
}

func (t table) string(id int) string {
	b := t.bytes(id)
	if !t.d.charge(len(b), 1) {
		return ""
	}
	return string(b)
}

// table returns element i of a vector of tables.
func (v vector) table(i int) table {
	p := v.pos + 4*int64(i)
	return v.d.table(p + int64(v.d.u32(p)))
}

func (v vector) int32(i int) int32 { return int32(v.d.u32(v.pos + 4*int64(i))) }

// ints copies a vector of int32; nil when empty.
func (v vector) ints() []int {
	if v.n == 0 || !v.d.charge(v.n, 8) {
		return nil
	}
	out := make([]int, v.n)
	for i := range out {
		out[i] = int(v.int32(i))
	}
	return out
}

// float32s copies a vector of float32; nil when empty.
func (v vector) float32s() []float32 {
	if v.n == 0 || !v.d.charge(v.n, 4) {
		return nil
	}
	out := make([]float32, v.n)
	for i := range out {
		out[i] = math.Float32frombits(v.d.u32(v.pos + 4*int64(i)))
	}
	return out
}

// int64s copies a vector of int64; nil when empty.
func (v vector) int64s() []int64 {
	if v.n == 0 || !v.d.charge(v.n, 8) {
		return nil
	}
	out := make([]int64, v.n)
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(v.d.b[v.pos+8*int64(i):]))
	}
	return out
}

package main

import (
	"fmt"
	"slices"
	"testing"
)

// The loop over turns holds the one over steps; only the latter is an inner
// loop, and so is the one behind both.
const assembly = `
// func f(n)
TEXT ·f(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R0
// outer:
	WORD $0xd2800141 // mov x1, #0xa
// inner:
	WORD $0x4f86e008 // sdot v8.4s, v0.16b, v6.4b[0]
	WORD $0x4f86e009 // sdot v9.4s, v0.16b, v6.4b[0]
	WORD $0xf1000421 // subs x1, x1, #0x1
	WORD $0x54ffffa1 // b.ne f+0x8
	WORD $0xf1000400 // subs x0, x0, #0x1
	WORD $0x54ffff41 // b.ne f+0x4
// last:
	WORD $0x0e21c004 // smull v4.8h, v0.8b, v1.8b
	WORD $0x0e2180a4 // smlal v4.8h, v5.8b, v1.8b
	WORD $0x0e2180c4 // smlal v4.8h, v6.8b, v1.8b
	WORD $0x0e2180e4 // smlal v4.8h, v7.8b, v1.8b
	WORD $0xf1000400 // subs x0, x0, #0x1
	WORD $0xb5ffff60 // cbnz x0, f+0x20
	RET
`

func TestInnerLoops(t *testing.T) {
	var got []string
	for _, l := range innerLoops(assembly) {
		got = append(got, fmt.Sprintf("%s: %d instructions, %d products", l.function, len(l.body), l.products))
	}
	want := []string{"f: 4 instructions, 32 products", "f: 6 instructions, 32 products"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestClasses(t *testing.T) {
	for _, c := range []struct {
		mnemonic string
		simd     bool
		class    string
	}{
		{"sdot", true, "dot product"},
		{"smlal2", true, "multiply"},
		{"sadalp", true, "widen, add pairs"},
		{"fmul", true, "other vector"},
		{"add", true, "other vector"},
		{"add", false, "scalar"},
		{"mul", false, "scalar"},
		{"ld1r", false, "load"},
		{"stp", false, "store"},
		{"b.ne", false, "scalar"},
	} {
		if got := classes[classOf(c.mnemonic, c.simd)].name; got != c.class {
			t.Errorf("%s (vector: %t) is counted as %q, want %q", c.mnemonic, c.simd, got, c.class)
		}
	}
}

package main

import "strings"

// class is a kind of instructions; each instruction belongs to the first class
// that holds it.
type class struct {
	name  string
	holds func(mnemonic string, simd bool) bool
}

var classes = []class{
	{"dot product", vector("sdot", "udot")},
	{"multiply", vector("smull", "smlal", "smlsl", "umull", "umlal", "umlsl", "mul", "mla", "mls")},
	{"widen, add pairs", vector("sadalp", "uadalp", "saddlp", "uaddlp", "addp", "sshll", "ushll", "sxtl", "uxtl", "saddw", "uaddw", "ssubw", "usubw", "saddl", "uaddl", "ssubl", "usubl")},
	{"other vector", func(_ string, simd bool) bool { return simd }},
	{"load", func(m string, _ bool) bool { return strings.HasPrefix(m, "ld") }},
	{"store", func(m string, _ bool) bool { return strings.HasPrefix(m, "st") }},
	{"scalar", func(string, bool) bool { return true }},
}

// vector holds vector instructions by their mnemonics, and the forms of those
// that work on the upper halves.
func vector(mnemonics ...string) func(string, bool) bool {
	known := map[string]bool{}
	for _, m := range mnemonics {
		known[m], known[m+"2"] = true, true
	}
	return func(m string, simd bool) bool { return simd && known[m] }
}

func classOf(mnemonic string, simd bool) int {
	i := 0
	for !classes[i].holds(mnemonic, simd) {
		i++
	}
	return i
}

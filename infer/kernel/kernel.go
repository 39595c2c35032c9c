// Package kernel chooses the kernels of the processor at hand.
package kernel

import (
	"fmt"
	"os"
	"strings"

	"canting/infer/kernel/generic"
)

// Variable is the environment variable that forces a kernel by its name.
const Variable = "CANTING_KERNEL"

// Kernels makes the operators of one instruction set. Every set gives the same
// bits as generic's.
type Kernels interface {
	Conv2D(generic.Conv) generic.Operator
	// Conv2DMaxPool is Conv2D with a 2x2 max pool of stride 2, without padding
	// or a narrower range of its own, behind it. It reports false when the set
	// has nothing better than the two one after the other. The operator's rows
	// are the pool's.
	Conv2DMaxPool(generic.Conv, generic.Pool) (generic.Operator, bool)
	DepthwiseConv2D(generic.Conv) generic.Operator
	MaxPool2D(generic.Pool) generic.Operator
	AveragePool2D(generic.Pool) generic.Operator
	Mean(generic.Mean) generic.Operator
	Add(generic.Add) generic.Operator
	Mul(generic.Mul) generic.Operator
	Broadcast(generic.Broadcast) generic.Operator
	Insert(generic.Insert) generic.Operator
	Lookup(generic.Lookup) generic.Operator
	Pad(generic.Pad) generic.Operator
	Softmax(generic.Softmax) generic.Operator
	Quantize(generic.Real) generic.Operator
	Dequantize(generic.Real) generic.Operator
}

// Set is the kernels of one instruction set.
type Set struct {
	Name    string
	Kernels Kernels
}

// candidate is a set in this program and whether this processor runs it.
type candidate struct {
	Set
	runs bool
}

// Select returns the named set, or with "" the best one that the processor
// runs. CANTING_KERNEL, when set, goes before the name.
func Select(name string) (Set, error) {
	if forced := os.Getenv(Variable); forced != "" {
		name = forced
	}
	for _, c := range candidates() {
		switch {
		case name == "" && c.runs:
			return c.Set, nil
		case name == c.Name && !c.runs:
			return Set{}, fmt.Errorf("kernel %q was asked for, but this processor lacks its instructions; it runs %s", name, strings.Join(Available(), ", "))
		case name == c.Name:
			return c.Set, nil
		}
	}
	return Set{}, fmt.Errorf("there is no kernel %q for this architecture; this processor runs %s", name, strings.Join(Available(), ", "))
}

// Available names the sets that this processor runs, the best one first.
func Available() []string {
	var names []string
	for _, c := range candidates() {
		if c.runs {
			names = append(names, c.Name)
		}
	}
	return names
}

// Names are those of this architecture's sets, the best one first, whether or
// not this processor runs them.
func Names() []string {
	var names []string
	for _, c := range candidates() {
		names = append(names, c.Name)
	}
	return names
}

// candidates are this architecture's sets, the best one first.
func candidates() []candidate {
	return append(architecture(), candidate{Set{"generic", generic.Kernels{}}, true})
}

package kernel

import (
	"golang.org/x/sys/cpu"

	"canting/infer/kernel/dotprod"
	"canting/infer/kernel/neon"
)

// architecture is the sets in assembly, the best one first.
func architecture() []candidate {
	return []candidate{
		{Set{"dotprod", dotprod.Kernels{}}, cpu.ARM64.HasASIMDDP},
		{Set{"neon", neon.Kernels{}}, true},
	}
}

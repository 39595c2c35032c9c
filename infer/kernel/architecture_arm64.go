package kernel

import "canting/infer/kernel/neon"

// architecture is the sets in assembly, the best one first.
func architecture() []candidate {
	return []candidate{{Set{"neon", neon.Kernels{}}, true}}
}

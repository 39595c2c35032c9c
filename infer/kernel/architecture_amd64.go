package kernel

import (
	"canting/infer/kernel/avx2"
	"canting/infer/kernel/vnni"
)

// architecture is the sets in assembly, the best one first.
func architecture() []candidate {
	return []candidate{
		{Set{"vnni", vnni.Kernels{}}, vnni.Supported()},
		{Set{"avx2", avx2.Kernels{}}, avx2.Supported()},
	}
}

// Package vnni has the kernels for processors with AVX-512 VNNI. VPDPBUSD
// multiplies uint8 by int8, so activations are laid out shifted by 128 and the
// bias takes that back.
package vnni

//go:build amd64

//lint:file-ignore U1000 The assembly uses the types by their fields.

package avx2

import (
	"unsafe"

	"canting/infer/kernel/tiles"
)

// The assembly knows these types' fields by these names.
type (
	tile        tiles.Tile
	line        tiles.Line
	expansion   tiles.Expansion
	contraction tiles.Contraction
)

//go:noescape
func convolve6x2(t *tiles.Tile)

//go:noescape
func convolve4x2(t *tiles.Tile)

//go:noescape
func convolve1x2(t *tiles.Tile)

//go:noescape
func convolve8x1(t *tiles.Tile)

//go:noescape
func convolve4x1(t *tiles.Tile)

//go:noescape
func convolve1x1(t *tiles.Tile)

//go:noescape
func pooled1x2(t *tiles.Tile)

//go:noescape
func pooled1x1(t *tiles.Tile)

//go:noescape
func depthwise(l *tiles.Line)

//go:noescape
func depthwise3x3(l *tiles.Line)

//go:noescape
func layOut(dst unsafe.Pointer, src *int8, n int)

//go:noescape
func fill(dst unsafe.Pointer, v int8, n int)

//go:noescape
func layOutPixels(dst unsafe.Pointer, src *int8, count, n, to, from int)

//go:noescape
func addVectors(out, a, b *int8, n int, s *sumOf)

//go:noescape
func flipVectors(out, in *int8, n int)

//go:noescape
func maxVectors(out *int8, w *window, least, most int8)

//go:noescape
func sumVectors(sums *int32, w *window)

//go:noescape
func multiply6(t *tiles.Tile)

//go:noescape
func multiply4(t *tiles.Tile)

//go:noescape
func multiply1(t *tiles.Tile)

//go:noescape
func expand(e *tiles.Expansion)

//go:noescape
func contract(c *tiles.Contraction)

//go:noescape
func contractPooled(c *tiles.Contraction)

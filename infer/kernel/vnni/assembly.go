//go:build amd64

//lint:file-ignore U1000 The assembly uses the types by their fields.

package vnni

import (
	"unsafe"

	"canting/infer/kernel/tiles"
)

// The assembly knows these types' fields by these names.
type (
	tile tiles.Tile
	line tiles.Line
)

//go:noescape
func convolve12x2(t *tiles.Tile)

//go:noescape
func convolve8x2(t *tiles.Tile)

//go:noescape
func convolve4x2(t *tiles.Tile)

//go:noescape
func convolve1x2(t *tiles.Tile)

//go:noescape
func convolve12x1(t *tiles.Tile)

//go:noescape
func convolve8x1(t *tiles.Tile)

//go:noescape
func convolve4x1(t *tiles.Tile)

//go:noescape
func convolve1x1(t *tiles.Tile)

//go:noescape
func pooled3x2(t *tiles.Tile)

//go:noescape
func pooled1x2(t *tiles.Tile)

//go:noescape
func pooled3x1(t *tiles.Tile)

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
func wideConvolve12x2(t *tiles.Tile)

//go:noescape
func wideConvolve8x2(t *tiles.Tile)

//go:noescape
func wideConvolve4x2(t *tiles.Tile)

//go:noescape
func wideConvolve1x2(t *tiles.Tile)

//go:noescape
func wideConvolve12x1(t *tiles.Tile)

//go:noescape
func wideConvolve8x1(t *tiles.Tile)

//go:noescape
func wideConvolve4x1(t *tiles.Tile)

//go:noescape
func wideConvolve1x1(t *tiles.Tile)

//go:noescape
func widePooled3x2(t *tiles.Tile)

//go:noescape
func widePooled1x2(t *tiles.Tile)

//go:noescape
func widePooled3x1(t *tiles.Tile)

//go:noescape
func widePooled1x1(t *tiles.Tile)

//go:noescape
func layOutWide(dst unsafe.Pointer, src *int8, n int)

//go:noescape
func fillWide(dst unsafe.Pointer, v int8, n int)

//go:noescape
func layOutPixelsWide(dst unsafe.Pointer, src *int8, count, n, to, from int)

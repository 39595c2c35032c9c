package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"canting/infer"
)

// darkest is the opacity of the shade where nothing spoke for the label.
const darkest = 0.75

// shade is a heat map as a PNG to be stretched over its picture, one pixel for
// each cell. It darkens what did not speak for the label: unlike a tint it leaves
// the colours of the cloth alone and is seen by the colour-blind.
func shade(h infer.Heat) ([]byte, error) {
	m := image.NewNRGBA(image.Rect(0, 0, h.Columns, h.Rows))
	for i, v := range h.Values {
		m.SetNRGBA(i%h.Columns, i/h.Columns, color.NRGBA{A: uint8(255*darkest*(1-v) + 0.5)})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("drawing a heat map: %w", err)
	}
	return b.Bytes(), nil
}

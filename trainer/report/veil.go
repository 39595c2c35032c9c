package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"canting/infer"
)

// palest is the opacity of the veil where nothing spoke for the label.
const palest = 0.7

// veil is a heat map as a PNG to be stretched over its picture, one pixel for each
// cell. It bleaches what did not speak for the label to the page's white: unlike a
// tint it leaves the colours of the rest alone and is seen by the colour-blind.
func veil(h infer.Heat) ([]byte, error) {
	m := image.NewNRGBA(image.Rect(0, 0, h.Columns, h.Rows))
	for i, v := range h.Values {
		m.SetNRGBA(i%h.Columns, i/h.Columns, color.NRGBA{255, 255, 255, uint8(255*palest*(1-v) + 0.5)})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("drawing a heat map: %w", err)
	}
	return b.Bytes(), nil
}

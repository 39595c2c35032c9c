package capture

import "image"

// drawn is a picture with fine and coarse detail in all three channels, the
// same on every machine: integer arithmetic only.
func drawn(width, height int) Frame {
	f := Frame{Width: width, Height: height, BGR: make([]byte, 0, width*height*3)}
	noise := uint32(1)
	for y := range height {
		for x := range width {
			noise = noise*1664525 + 1013904223 // Numerical Recipes' generator
			f.BGR = append(f.BGR,
				byte(x*255/width),
				byte((x*x+y*y)>>4),
				byte(y*200/height)+byte(noise>>27),
			)
		}
	}
	return f
}

// pixel returns blue, green, red.
func (f Frame) pixel(p image.Point) [3]byte {
	return [3]byte(f.BGR[(p.Y*f.Width+p.X)*3:])
}

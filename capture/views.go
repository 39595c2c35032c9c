package capture

import "image"

// View is one of the crops of a picture that a burst classifies beside the
// guide box, so that the answer hangs less on how near a visitor holds the cloth
// (test-time augmentation). What lies outside of the guide box is not the
// visitor's cloth, and no view shows it.
type View struct {
	// Cut is the part of the guide box's side that is left out, evenly on all
	// sides, in [0, 1).
	Cut float64
}

// Views are the crops in the order in which they are to be used. The first is
// the guide box itself. RATIONALE.md says why there are no others.
var Views = []View{{}, {Cut: 0.2}}

// within is the square of box, itself a square, that v looks at.
func (v View) within(box image.Rectangle) image.Rectangle {
	return box.Inset(int(v.Cut * float64(box.Dx()) / 2))
}

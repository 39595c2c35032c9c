package capture

import "image"

// View is one of the crops of a picture that a burst classifies beside the
// guide box, so that what the model answers hangs less on where a visitor
// happens to hold the cloth (test-time augmentation). A view never leaves the
// guide box: what lies outside of it is not the visitor's cloth.
type View struct {
	// Cut is the part of the guide box's side that is left out, in [0, 1).
	Cut float64
	// X and Y say where in the guide box the crop lies, in [0, 1]: 0 is the
	// left and the top, 1 the right and the bottom. Where Cut is 0 they say
	// nothing.
	X, Y float64
	// Mirror exchanges left and right.
	Mirror bool
}

// Views are the crops in the order in which they are to be used. The first is
// the guide box itself.
var Views = []View{
	{},
	{Mirror: true},
	{Cut: 0.125, X: 0.5, Y: 0.5},
	{Cut: 0.125, X: 0.5, Y: 0.5, Mirror: true},
	{Cut: 0.125, X: 0, Y: 0},
	{Cut: 0.125, X: 1, Y: 1},
	{Cut: 0.125, X: 1, Y: 0},
	{Cut: 0.125, X: 0, Y: 1},
}

// within is the square of box, itself a square, that v looks at.
func (v View) within(box image.Rectangle) image.Rectangle {
	left := int(v.Cut * float64(box.Dx()))
	corner := box.Min.Add(image.Pt(int(v.X*float64(left)), int(v.Y*float64(left))))
	side := box.Dx() - left
	return image.Rectangle{corner, corner.Add(image.Pt(side, side))}
}

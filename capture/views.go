package capture

import "image"

// View is one of the crops of a picture that a burst classifies beside the
// guide box, so that the answer hangs less on how near a visitor holds the cloth
// (test-time augmentation). What lies outside of the guide box is not the
// visitor's cloth, and no view shows it. The zero value is the guide box itself.
type View struct {
	// Cut is the part of the guide box's side that is left out, in [0, 1).
	Cut float64
	// Right and Down are where the rest lies: 0 in the middle, -1 at the box's left
	// and upper edge, 1 at the right and lower one.
	Right, Down int
}

// views are the crops in the order in which they are to be used: what a press with
// little time leaves out stands last. RATIONALE.md says why there are no others.
var views = []View{
	{},
	{Cut: 0.2},
	{Cut: 0.5, Right: -1, Down: -1},
	{Cut: 0.5, Right: 1, Down: 1},
	{Cut: 0.5},
	{Cut: 0.5, Right: 1, Down: -1},
	{Cut: 0.5, Right: -1, Down: 1},
}

// Views are the crops that a press looks at, the guide box first.
func (p *Preprocessor) Views() []View {
	if p.params.Corners {
		return views
	}
	return views[:2]
}

// within is the square of box, itself a square, that v looks at.
func (v View) within(box image.Rectangle) image.Rectangle {
	margin := int(v.Cut * float64(box.Dx()) / 2)
	return box.Inset(margin).Add(image.Pt(margin*v.Right, margin*v.Down))
}

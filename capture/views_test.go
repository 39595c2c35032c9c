package capture

import (
	"bytes"
	"image"
	"testing"

	"canting/infer/metadata"
)

func TestViewsStayInTheGuideBox(t *testing.T) {
	if views[0] != (View{}) {
		t.Errorf("the first view is %+v, not the guide box", views[0])
	}
	for _, size := range []image.Point{{640, 480}, {480, 640}, {61, 50}, {1, 1}} {
		guide := GuideBox(size.X, size.Y, 0.9)
		if box := (View{}).within(guide); box != guide {
			t.Errorf("the first view of %v is %v, the guide box %v", size, box, guide)
		}
		for _, v := range views {
			if box := v.within(guide); !box.In(guide) || box.Empty() || box.Dx() != box.Dy() {
				t.Errorf("view %+v of %v is %v, not a square in %v", v, size, box, guide)
			}
		}
	}
	box := image.Rect(10, 20, 110, 120)
	for v, want := range map[View]image.Rectangle{
		{0.5, -1, -1}: image.Rect(10, 20, 60, 70), {0.5, 0, 0}: image.Rect(35, 45, 85, 95),
		{0.5, 1, -1}: image.Rect(60, 20, 110, 70), {0.5, -1, 1}: image.Rect(10, 70, 60, 120), {0.5, 1, 1}: image.Rect(60, 70, 110, 120),
	} {
		if got := v.within(box); got != want {
			t.Errorf("view %+v of %v is %v, want %v", v, box, got, want)
		}
	}
}

// Every view is another tensor, the first the one that Run makes.
func TestRunView(t *testing.T) {
	const side = 32
	p := preprocessor(t, metadata.Preprocessing{Crop: 0.9, GreyWorld: true, Corners: true, Std: [3]float64{1, 1, 1}}, InputSpec{side, side, "uint8", 1, 0})
	f := drawn(320, 240)
	want := make([]byte, side*side*3)
	if err := p.Run(f, want); err != nil {
		t.Fatal(err)
	}
	var tensors [][]byte
	for _, v := range p.Views() {
		got := make([]byte, len(want))
		if err := p.RunView(f, v, got); err != nil {
			t.Fatal(err)
		}
		for i, other := range tensors {
			if bytes.Equal(got, other) {
				t.Errorf("views %+v and %+v give the same tensor", v, views[i])
			}
		}
		tensors = append(tensors, got)
	}
	if !bytes.Equal(tensors[0], want) {
		t.Error("the first view is not what Run gives")
	}
}

// TestCornersAreForModelsThatAskForThem: others were not trained on so small a part.
func TestCornersAreForModelsThatAskForThem(t *testing.T) {
	for corners, want := range map[bool]int{false: 2, true: 7} {
		p := preprocessor(t, metadata.Preprocessing{Crop: 1, Corners: corners, Std: [3]float64{1, 1, 1}}, InputSpec{8, 8, "uint8", 1, 0})
		if got := len(p.Views()); got != want {
			t.Errorf("with corners %v there are %d views, want %d", corners, got, want)
		}
	}
}

package capture

import (
	"bytes"
	"image"
	"testing"

	"canting/infer/metadata"
)

func TestViewsStayInTheGuideBox(t *testing.T) {
	if Views[0] != (View{}) {
		t.Errorf("the first view is %+v, not the guide box", Views[0])
	}
	for _, size := range []image.Point{{640, 480}, {480, 640}, {61, 50}, {1, 1}} {
		guide := GuideBox(size.X, size.Y, 0.9)
		if box := Views[0].within(guide); box != guide {
			t.Errorf("the first view of %v is %v, the guide box %v", size, box, guide)
		}
		for _, v := range Views {
			if box := v.within(guide); !box.In(guide) || box.Empty() || box.Dx() != box.Dy() {
				t.Errorf("view %+v of %v is %v, not a square in %v", v, size, box, guide)
			}
		}
	}
	if got, want := (View{Cut: 0.5}).within(image.Rect(10, 20, 110, 120)), image.Rect(35, 45, 85, 95); got != want {
		t.Errorf("the middle half is %v, want %v", got, want)
	}
}

// Every view is another tensor, the first the one that Run makes.
func TestRunView(t *testing.T) {
	const side = 32
	p := preprocessor(t, metadata.Preprocessing{Crop: 0.9, GreyWorld: true, Std: [3]float64{1, 1, 1}}, InputSpec{side, side, "uint8", 1, 0})
	f := drawn(320, 240)
	want := make([]byte, side*side*3)
	if err := p.Run(f, want); err != nil {
		t.Fatal(err)
	}
	var tensors [][]byte
	for _, v := range Views {
		got := make([]byte, len(want))
		if err := p.RunView(f, v, got); err != nil {
			t.Fatal(err)
		}
		for i, other := range tensors {
			if bytes.Equal(got, other) {
				t.Errorf("views %+v and %+v give the same tensor", v, Views[i])
			}
		}
		tensors = append(tensors, got)
	}
	if !bytes.Equal(tensors[0], want) {
		t.Error("the first view is not what Run gives")
	}
}

package backbone

import (
	"slices"

	"canting/infer/tflite"
)

// sameWindow refuses a convolution whose padding is not "same" in effect, which
// is what layers have. A PAD before it counts as its padding: that is how Keras
// writes a stride of 2.
func (g *graph) sameWindow(i int, in []int, kernel, strideH, strideW int, p tflite.Padding) error {
	if strideH != strideW || strideH < 1 {
		return g.refuse(i, "has the strides %d and %d; only equal ones are supported", strideH, strideW)
	}
	pads, err := g.padsBefore(i)
	if err != nil {
		return err
	}
	if p == tflite.Same && pads == nil {
		return nil
	}
	if pads == nil {
		pads = make([]int, 8)
	}
	want := []int{0, 0}
	for _, side := range in[:2] {
		outputs := (side + strideH - 1) / strideH
		all := max((outputs-1)*strideH+kernel-side, 0)
		want = append(want, all/2, all-all/2)
	}
	if want = append(want, 0, 0); p != tflite.Valid || !slices.Equal(pads, want) {
		return g.refuse(i, "has the paddings %v on pictures %v; only those of \"same\", %v, are supported", pads, in, want)
	}
	return nil
}

// padsBefore are the paddings, before and after each of four dimensions, that a
// PAD gives an operator's input, nil where none does.
func (g *graph) padsBefore(i int) ([]int, error) {
	w := g.writer[g.Operators[i].Inputs[0]]
	if w == none || g.Operators[w].Code != tflite.Pad {
		return nil, nil
	}
	return g.integers(w, 1)
}

// padded refuses a PAD that is not a convolution's.
func (g *graph) padded(i int) error {
	readers := g.readers[g.Operators[i].Outputs[0]]
	if len(readers) == 1 {
		switch g.Operators[readers[0]].Code {
		case tflite.Conv2D, tflite.DepthwiseConv2D:
			return nil
		}
	}
	return g.refuse(i, "pads what no convolution reads, which is not supported")
}

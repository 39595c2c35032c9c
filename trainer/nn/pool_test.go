package nn

import "testing"

// TestPoolTakesTheFirstLargest of each 2x2 pixels, for as many channels as make
// whole vectors and a rest, and leads the gradient back to it alone.
func TestPoolTakesTheFirstLargest(t *testing.T) {
	const batch, h, w, channels = 2, 5, 6, 37
	x := zeros(batch, h, w, channels)
	rng := testRand()
	for i := range floats(x) {
		floats(x)[i] = float32(rng.IntN(3) - 1) // many are equal
	}
	p := NewMaxPool([]int{h, w, channels})
	y := p.Forward(x, true)
	dy := zeros(y.Shape()...)
	want := make([]float32, len(floats(x)))
	for i := range floats(dy) {
		floats(dy)[i] = float32(i + 1)
		c, column, row, picture := i%channels, i/channels%(w/2), i/channels/(w/2)%(h/2), i/channels/(w/2)/(h/2)
		at := func(dy, dx int) int { return ((picture*h+2*row+dy)*w+2*column+dx)*channels + c }
		best := at(0, 0)
		for _, j := range []int{at(0, 1), at(1, 0), at(1, 1)} {
			if floats(x)[j] > floats(x)[best] {
				best = j
			}
		}
		if got := floats(y)[i]; got != floats(x)[best] {
			t.Fatalf("output %d is %v, want %v", i, got, floats(x)[best])
		}
		want[best] = float32(i + 1)
	}
	for i, got := range floats(p.Backward(dy)) {
		if got != want[i] {
			t.Fatalf("gradient %d is %v, want %v", i, got, want[i])
		}
	}
}

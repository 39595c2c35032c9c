package quant

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"canting/infer/tflite"
)

// The arithmetic pinned: each line is a tie, a limit, or a step past one.
func TestRequantize(t *testing.T) {
	for _, c := range []struct {
		sum                    int32
		scale                  float32
		zero, least, most, out int32
	}{
		// Ties go to even, on both sides of zero.
		{1, 0.5, 0, -128, 127, 0},
		{3, 0.5, 0, -128, 127, 2},
		{5, 0.5, 0, -128, 127, 2},
		{-1, 0.5, 0, -128, 127, 0},
		{-3, 0.5, 0, -128, 127, -2},
		{-5, 0.5, 0, -128, 127, -2},
		// The zero point is added after rounding, so it does not move ties.
		{1, 0.5, 1, -128, 127, 1},
		{3, 0.5, 1, -128, 127, 3},
		{-3, 0.5, -7, -128, 127, -9},
		// One unit in the last place to either side of a tie.
		{1, math.Float32frombits(0x3effffff), 0, -128, 127, 0},
		{1, math.Float32frombits(0x3f000001), 0, -128, 127, 1},
		// Saturation, and the largest value short of it.
		{127, 1, 0, -128, 127, 127},
		{128, 1, 0, -128, 127, 127},
		{-128, 1, 0, -128, 127, -128},
		{-129, 1, 0, -128, 127, -128},
		{math.MaxInt32, 1, 0, -128, 127, 127},
		{math.MinInt32, 1, 0, -128, 127, -128},
		{math.MaxInt32, math.MaxFloat32, 0, -128, 127, 127}, // infinity
		{math.MinInt32, math.MaxFloat32, 127, -128, 127, -128},
		// 127.5 ties up to 128 and 126.5 down to 126.
		{255, 0.5, 0, -128, 127, 127},
		{253, 0.5, 0, -128, 127, 126},
		// Zero points at the ends.
		{0, 1, -128, -128, 127, -128},
		{255, 1, -128, -128, 127, 127},
		{256, 1, -128, -128, 127, 127},
		{0, 1, 127, -128, 127, 127},
		{-255, 1, 127, -128, 127, -128},
		{-256, 1, 127, -128, 127, -128},
		// The range of a fused activation.
		{-10, 1, -3, -3, 50, -3},
		{1000, 1, -3, -3, 50, 50},
		{53, 1, -3, -3, 50, 50},
		{52, 1, -3, -3, 50, 49},
		// A sum of more than 24 bits is itself rounded to even first:
		// 16777217 becomes 16777216 and so 1 times 2^-24 exactly.
		{16777217, 1.0 / (1 << 24), 0, -128, 127, 1},
		{16777219, 0.5 / (1 << 22), 0, -128, 127, 2},
		// Nothing times anything, and scales that vanish.
		{0, math.MaxFloat32, 5, -128, 127, 5},
		{math.MaxInt32, math.SmallestNonzeroFloat32, 5, -128, 127, 5},
		{math.MaxInt32, 0, 5, -128, 127, 5},
	} {
		o := NewOutput(c.zero, c.least, c.most)
		if got := o.Requantize(c.sum, c.scale); int32(got) != c.out {
			t.Errorf("%d times %v with zero point %d in [%d, %d] is %d, want %d", c.sum, c.scale, c.zero, c.least, c.most, got, c.out)
		}
	}
}

// An independent definition: the product rounded to float32, then math's
// rounding in float64, which is exact.
func TestRequantizeAgainstItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		sum, scale := int32(r.Uint32())>>r.IntN(32), float32(math.Exp2(r.Float64()*30-25))
		zero := int32(r.IntN(256) - 128)
		o := NewOutput(zero, Least, Most)
		want := math.RoundToEven(float64(float32(float64(float32(sum))*float64(scale)))) + float64(zero)
		want = min(max(want, Least), Most)
		if got := o.Requantize(sum, scale); float64(got) != want {
			t.Fatalf("%d times %v with zero point %d is %d, want %v", sum, scale, zero, got, want)
		}
	}
}

func TestQuantize(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		x, scale  float32
		zero, out int32
	}{
		{0, 1, 0, 0},
		{0.5, 1, 0, 0},
		{1.5, 1, 0, 2},
		{-0.5, 1, 0, 0},
		{-1.5, 1, 0, -2},
		{1, 0.5, -128, -126},
		{1e30, 1, 0, 127},
		{-1e30, 1, 0, -128},
		{inf, 1, 3, 127},
		{-inf, 1, 3, -128},
		{nan, 1, 3, 3},
		{1, math.SmallestNonzeroFloat32, 0, 127},
	} {
		if got := Quantize(c.x, c.scale, c.zero); int32(got) != c.out {
			t.Errorf("%v at scale %v, zero point %d is %d, want %d", c.x, c.scale, c.zero, got, c.out)
		}
	}
	for q := Least; q <= Most; q++ {
		if got := Quantize(Dequantize(int8(q), 0.0235, -7), 0.0235, -7); int(got) != q {
			t.Errorf("%d came back as %d", q, got)
		}
	}
}

func TestActivationRange(t *testing.T) {
	for _, c := range []struct {
		a                 tflite.Activation
		scale             float32
		zero, least, most int32
	}{
		{tflite.ActNone, 0.1, 3, -128, 127},
		{tflite.ActRelu, 0.1, 3, 3, 127},
		{tflite.ActRelu6, 0.1, 3, 3, 63},
		{tflite.ActRelu6, 6.0 / 255, -128, -128, 127},
		{tflite.ActRelu6, 0.001, -128, -128, 127},
		{tflite.ActRelu1, 0.1, 3, -7, 13},
	} {
		least, most, err := ActivationRange(c.a, c.scale, c.zero)
		if err != nil || least != c.least || most != c.most {
			t.Errorf("%v at scale %v, zero point %d leaves [%d, %d], want [%d, %d] (%v)", c.a, c.scale, c.zero, least, most, c.least, c.most, err)
		}
	}
	if _, _, err := ActivationRange(4, 1, 0); err == nil {
		t.Error("TANH was accepted")
	}
}

func TestDivideHalfAway(t *testing.T) {
	for _, c := range [][3]int32{{1, 2, 1}, {-1, 2, -1}, {3, 2, 2}, {-3, 2, -2}, {4, 3, 1}, {-4, 3, -1}, {5, 3, 2}, {-5, 3, -2}, {0, 7, 0}, {254, 2, 127}, {-256, 2, -128}} {
		if got := DivideHalfAway(c[0], c[1]); got != c[2] {
			t.Errorf("%d/%d is %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestSum(t *testing.T) {
	out := NewOutput(0, Least, Most)
	s, err := NewSum(1, 0, 1, 0, 2, out)
	if err != nil {
		t.Fatal(err)
	}
	// (a + b)/2: ties go up.
	for _, c := range [][3]int8{{1, 0, 1}, {-1, 0, 0}, {-3, 0, -1}, {3, 0, 2}, {127, 127, 127}, {-128, -128, -128}} {
		if got := s.Of(c[0], c[1]); got != c[2] {
			t.Errorf("(%d + %d)/2 is %d, want %d", c[0], c[1], got, c[2])
		}
	}
	// The ends of the supported ratios, and past them.
	for _, c := range []struct {
		scale float32
		fine  bool
	}{{1.0 / 1024, true}, {255.9, true}, {256, false}, {1.0 / 1025, false}, {float32(math.NaN()), false}, {float32(math.Inf(1)), false}} {
		s, err := NewSum(c.scale, -128, c.scale, 127, 1, out)
		if (err == nil) != c.fine {
			t.Errorf("a ratio of %v: %v", c.scale, err)
		}
		if c.fine {
			checkSum(t, s, c.scale)
		}
	}
}

// checkSum compares with real arithmetic, from which fixed point may differ by
// one step at most.
func checkSum(t *testing.T, s Sum, scale float32) {
	t.Helper()
	for a := Least; a <= Most; a++ {
		for _, b := range []int{Least, -1, 0, 126, Most} {
			real := float64(scale) * float64(a+128+b-127)
			want := min(max(math.Round(real), Least), Most)
			if got := s.Of(int8(a), int8(b)); math.Abs(float64(got)-want) > 1 {
				t.Fatalf("ratio %v: %d + %d is %d, about %v is right", scale, a, b, got, want)
			}
		}
	}
}

func TestMultiplier(t *testing.T) {
	for _, c := range []struct {
		x       float64
		v, want int32
	}{
		{0.5, 1, 1},
		{0.5, -1, 0},
		{0.5, 3, 2},
		{0.5, -3, -1},
		{1, 255, 255},
		{1, -255, -255},
		// Two roundings: 2 * 0.79 is rounded to 2 before it is divided by 4.
		{0.1975, 2, 1},
		{0.1975, 1, 0},
		{128, 255, 32640},
		{1e-30, 255, 0},
		{1e30, 0, 0},
		// A fraction that rounds up to 1.
		{math.Nextafter(1, 0), 255, 255},
	} {
		if got := NewMultiplier(c.x).Times(c.v); got != c.want {
			t.Errorf("%d times %v is %d, want %d", c.v, c.x, got, c.want)
		}
	}
}

func TestSoftmax(t *testing.T) {
	s := NewSoftmax(0.1, 1, 1.0/256, -128)
	out := make([]int8, 3)
	for _, c := range []struct{ in, want [3]int8 }{
		{[3]int8{5, 5, 5}, [3]int8{-43, -43, -43}},           // 85.33 each
		{[3]int8{-128, -128, 127}, [3]int8{-128, -128, 127}}, // 256 saturates
		{[3]int8{127, 126, 125}, [3]int8{-34, -43, -51}},     // 93.99, 85.05 and 76.95
	} {
		s.Run(out, c.in[:])
		if [3]int8(out) != c.want {
			t.Errorf("the softmax of %v is %v, want %v", c.in, out, c.want)
		}
	}
	for x := 0.0; x > -800; x -= 0.37 {
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-15*want+1e-304 {
			t.Errorf("e^%v is %v, want %v", x, got, want)
		}
	}
}

// One number over many results: it is the same on every architecture, or the
// arithmetic is not the same there.
func TestBitsAreTheSameEverywhere(t *testing.T) {
	h := fnv.New64a()
	r := rand.New(rand.NewPCG(3, 4))
	in, out := make([]int8, 10), make([]int8, 10)
	for range 20_000 {
		o := NewOutput(int32(r.IntN(256)-128), Least, Most)
		scale := float32(r.Float64()) / 1000
		softmax := NewSoftmax(scale*200, 1, 1.0/256, -128)
		for i := range in {
			in[i] = o.Requantize(int32(r.Uint32())>>12, scale)
		}
		softmax.Run(out, in)
		for i := range in {
			h.Write([]byte{byte(in[i]), byte(out[i]), byte(Quantize(float32(r.Float64()-0.5), scale, 0))})
		}
	}
	const want = 0x5842fd31141d4f2
	if got := h.Sum64(); got != want {
		t.Errorf("the results' hash is %#x, want %#x", got, uint64(want))
	}
}

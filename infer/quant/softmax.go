package quant

import "math"

// Softmax computes in float32 over a table of exponentials, as LiteRT's softmax
// of 8-bit tensors does.
type Softmax struct {
	// table[255-d] is exp(-d*scale*beta), d being the distance from the
	// largest input.
	table     [256]float32
	outScale  float32
	zeroPoint int32
}

// NewSoftmax prepares the softmax of inputs times beta.
func NewSoftmax(scale, beta, outScale float32, outZero int32) *Softmax {
	s := &Softmax{outScale: outScale, zeroPoint: outZero}
	step := float32(-scale * beta)
	for d := range s.table {
		s.table[255-d] = float32(exp(float64(float32(step * float32(d)))))
	}
	return s
}

// Run writes the softmax of one vector; out and in have the same length, at
// least 1.
func (s *Softmax) Run(out, in []int8) {
	largest := in[0]
	for _, v := range in {
		largest = max(largest, v)
	}
	shift := 255 - int(largest)
	var sum float32
	for _, v := range in {
		sum += s.table[int(v)+shift]
	}
	inverse := 1 / float32(sum*s.outScale)
	for i, v := range in {
		p := float32(s.table[int(v)+shift] * inverse)
		// p is not negative; the outputs' range keeps it far below 2^31.
		q := int32(min(p+0.5, 1<<16)) + s.zeroPoint
		out[i] = int8(min(max(q, Least), Most))
	}
}

// exp is e^x for x <= 0. math.Exp is written in assembly for some architectures
// and differs between them in the last bit; here every product is rounded
// before it is added, so that it can't.
func exp(x float64) float64 {
	if x < -700 {
		return 0
	}
	// x = k*ln 2 + r with |r| <= ln(2)/2; ln 2 is split so that k times its
	// upper part is exact (Cody and Waite, 1980).
	const (
		ln2High = 6.93147180369123816490e-01
		ln2Low  = 1.90821492927058770002e-10
	)
	k := math.RoundToEven(x / math.Ln2)
	r := float64(x-float64(k*ln2High)) - float64(k*ln2Low)
	// Taylor's series by Horner: |r|^14/14! < 10^-17.
	sum := 1.0
	for n := 13.0; n >= 1; n-- {
		sum = 1 + float64(float64(sum*r)/n)
	}
	return math.Ldexp(sum, int(k))
}

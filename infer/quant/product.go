package quant

import "fmt"

// Product multiplies two int8 tensors and requantizes the exact product in
// float32, as XNNPACK's qs8-vmul does.
type Product struct {
	AZero, BZero int32
	Scale        float32
	Output       Output
}

// NewProduct prepares a * b. The product's scale over the output's must lie in
// [2^-16, 2^8), as in XNNPACK.
func NewProduct(aScale float32, aZero int32, bScale float32, bZero int32, outScale float32, out Output) (Product, error) {
	scale := float32(aScale*bScale) / outScale
	if !(scale >= 1.0/65536 && scale < 256) {
		return Product{}, fmt.Errorf("the product of its scales %v and %v is too far from the output's %v", aScale, bScale, outScale)
	}
	return Product{AZero: aZero, BZero: bZero, Scale: scale, Output: out}, nil
}

// Of is the quantized product of two elements.
func (p *Product) Of(a, b int8) int8 {
	return p.Output.Requantize((int32(a)-p.AZero)*(int32(b)-p.BZero), p.Scale)
}

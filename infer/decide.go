package infer

import (
	"encoding/binary"
	"math"

	"canting/infer/metadata"
)

// Classification is the answer for one picture.
type Classification struct {
	Label      string
	Confidence float32
	// Familiarity is Model.Familiarity. Unknown is set when it is below the
	// model's threshold; Label is then the likeliest one all the same.
	Familiarity float64
	Unknown     bool
	// Scores are the probabilities, in the order of the labels.
	Scores []float32
}

// Probabilities turns a raw output tensor into probabilities, one for each
// label. The metadata's temperature T is applied: to logits as softmax(logits/T),
// to the output of a SOFTMAX as the softmax of their logarithms over T. With
// T = 1 the latter are the dequantized outputs themselves, as other tools show
// them, whose sum may differ from 1 by rounding. Every probability is a number
// from 0 to 1, whatever scale and temperature the file has.
func (m *Model) Probabilities(dst []float32, output []byte) {
	m.dequantize(dst, output)
	least, most := m.bounds()
	for i, v := range dst {
		dst[i] = min(max(v, least), most)
	}
	t := m.canting.Temperature
	if m.softmax && t == 1 {
		return
	}
	largest := math.Inf(-1)
	for _, v := range dst {
		largest = max(largest, m.logit(v))
	}
	var sum float64
	for i, v := range dst {
		e := math.Exp((m.logit(v) - largest) / t)
		dst[i] = float32(e)
		sum += e
	}
	for i := range dst {
		dst[i] = float32(float64(dst[i]) / sum)
	}
}

// Logits turns a raw output tensor into logits, one for each label, up to a
// constant that they share: what Probabilities divides by the temperature.
func (m *Model) Logits(dst []float32, output []byte) {
	m.dequantize(dst, output)
	least, most := m.bounds()
	for i, v := range dst {
		dst[i] = float32(m.logit(min(max(v, least), most)))
	}
}

// logit is an output as a logit, up to a constant shared by all of them.
func (m *Model) logit(v float32) float64 {
	if m.softmax {
		return math.Log(max(float64(v), metadata.LeastProbability))
	}
	return float64(v)
}

// bounds are what outputs may be: an extreme scale of their tensor takes them
// beyond.
func (m *Model) bounds() (least, most float32) {
	if m.softmax {
		return 0, 1
	}
	return -math.MaxFloat32, math.MaxFloat32
}

func (m *Model) dequantize(dst []float32, output []byte) {
	zero := float32(m.output.ZeroPoint)
	for i := range dst {
		switch m.output.Type {
		case "int8":
			dst[i] = (float32(int8(output[i])) - zero) * m.output.Scale
		case "uint8":
			dst[i] = (float32(output[i]) - zero) * m.output.Scale
		default:
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(output[4*i:]))
		}
	}
}

// Pool makes mean, the pooled probabilities of n-1 views, those of n. Those of one view
// are its own; those of several are the normalised geometric mean, which is what the
// mean of their logits gives (a logarithmic opinion pool: Genest and Zidek, 1986,
// "Combining Probability Distributions").
func (m *Model) Pool(mean, probabilities []float32, n int) {
	if n == 1 {
		copy(mean, probabilities)
		return
	}
	least := 1e-30
	if m.softmax {
		least = metadata.LeastProbability
	}
	sum, share := 0.0, 1/float64(n)
	for i, p := range probabilities {
		pooled := math.Exp((1-share)*math.Log(max(float64(mean[i]), least)) + share*math.Log(max(float64(p), least)))
		mean[i] = float32(pooled)
		sum += pooled
	}
	for i := range mean {
		mean[i] = float32(float64(mean[i]) / sum)
	}
}

// Decide names the likeliest label, or says that the picture shows none of them.
// probabilities and evidence are one Run's, or those of several, pooled and on average; Scores shares
// no memory with probabilities.
func (m *Model) Decide(probabilities []float32, evidence float32) Classification {
	best := 0
	for i, p := range probabilities {
		if p > probabilities[best] {
			best = i
		}
	}
	familiarity := m.Familiarity(probabilities[best], evidence)
	return Classification{
		Label: m.labels[best], Confidence: probabilities[best],
		Familiarity: familiarity, Unknown: familiarity < m.canting.Threshold,
		Scores: append([]float32(nil), probabilities...),
	}
}

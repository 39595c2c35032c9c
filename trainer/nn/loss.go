package nn

import (
	"math"

	"gorgonia.org/tensor"
)

// Softmax turns a row of logits into probabilities.
func Softmax(logits []float32) []float64 {
	top := logits[0]
	for _, v := range logits {
		top = max(top, v)
	}
	p, sum := make([]float64, len(logits)), 0.0
	for i, v := range logits {
		p[i] = math.Exp(float64(v - top))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// CrossEntropy is the mean softmax cross-entropy of a batch of logits of shape
// (batch, classes) and its gradient. smoothing, in [0, 1), spreads that share
// of the target evenly over the classes (Szegedy et al., 2016, section 7).
func CrossEntropy(logits *tensor.Dense, labels []int, smoothing float64) (loss float64, grad *tensor.Dense) {
	n, classes := logits.Shape()[0], logits.Shape()[1]
	grad = zeros(n, classes)
	x, g := floats(logits), floats(grad)
	for i, label := range labels {
		row := x[i*classes : (i+1)*classes]
		for c, p := range Softmax(row) {
			target := smoothing / float64(classes)
			if c == label {
				target += 1 - smoothing
			}
			loss -= target * math.Log(max(p, 1e-30))
			g[i*classes+c] = float32((p - target) / float64(n))
		}
	}
	return loss / float64(n), grad
}

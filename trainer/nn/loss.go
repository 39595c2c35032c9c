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

// Targets is what a batch's logits are held to, of shape (batch, classes): all
// of a row for its label, but for the share smoothing, in [0, 1), which is spread
// evenly over the classes (Szegedy et al., 2016, section 7). A label below 0 asks
// for all classes alike.
func Targets(labels []int, classes int, smoothing float64) *tensor.Dense {
	targets := zeros(len(labels), classes)
	t := floats(targets)
	for i, label := range labels {
		spread := smoothing
		if label < 0 {
			spread = 1
		}
		for c := range classes {
			t[i*classes+c] = float32(spread / float64(classes))
		}
		if label >= 0 {
			t[i*classes+label] += float32(1 - smoothing)
		}
	}
	return targets
}

// CrossEntropy is the mean softmax cross-entropy of a batch of logits with its
// targets, whose rows sum to 1, both of shape (batch, classes), and its gradient.
func CrossEntropy(logits, targets *tensor.Dense) (loss float64, grad *tensor.Dense) {
	n, classes := logits.Shape()[0], logits.Shape()[1]
	grad = zeros(n, classes)
	x, t, g := floats(logits), floats(targets), floats(grad)
	for i := 0; i < len(x); i += classes {
		for c, p := range Softmax(x[i : i+classes]) {
			target := float64(t[i+c])
			loss -= target * math.Log(max(p, 1e-30))
			g[i+c] = float32((p - target) / float64(n))
		}
	}
	return loss / float64(n), grad
}

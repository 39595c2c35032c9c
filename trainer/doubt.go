package trainer

import (
	"fmt"
	"math"
	"slices"

	"canting/infer/metadata"
	"canting/trainer/nn"

	"gonum.org/v1/gonum/optimize"
)

// sighting is how an int8 model answers a visitor's press with a picture that it was
// not trained on.
type sighting struct {
	label    int
	logits   []float32 // the views' mean of infer.Model.Logits
	evidence float32   // the views' mean of metadata.Doubt's Evidence
}

// trust is how far a model's answers may be believed, as pictures held out of the
// training tell.
type trust struct {
	temperature float64
	// bias makes the familiarity of what is to be named at least trustedFrom.
	bias float64
	// least is the probability from which on a model without features trusts its
	// answer.
	least float64
}

const trustedFrom = 0.5

// newTrust learns from sightings of known cloths. accept is the share of them that are
// to be named.
func newTrust(known []sighting, accept float64) (trust, error) {
	if len(known) == 0 {
		return trust{}, fmt.Errorf("there are no pictures of motifs to learn doubt from")
	}
	t := trust{}
	var err error
	if t.temperature, err = temperature(known); err != nil {
		return trust{}, err
	}
	evidence, probability := make([]float64, len(known)), make([]float64, len(known))
	for i, s := range known {
		evidence[i], probability[i] = float64(s.evidence), slices.Max(s.probabilities(t.temperature))
	}
	t.bias, t.least = -exceeded(evidence, accept), exceeded(probability, accept)
	return t, nil
}

// exceeded is the largest value that a share of them all has at least.
func exceeded(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	const rounding = 1e-9 // (1-0.9)*80 is below 8
	return sorted[min(int((1-share)*float64(len(sorted))+rounding), len(sorted)-1)]
}

func (s sighting) probabilities(temperature float64) []float64 {
	scaled := make([]float32, len(s.logits))
	for i, z := range s.logits {
		scaled[i] = float32(float64(z) / temperature)
	}
	return nn.Softmax(scaled)
}

// temperature is the one at which the known pictures' labels are likeliest: Guo et
// al., 2017, section 4.2.
func temperature(known []sighting) (float64, error) {
	loss := func(x []float64) float64 {
		sum := 0.0
		for _, s := range known {
			sum -= math.Log(max(s.probabilities(bounded(x[0]))[s.label], 1e-30))
		}
		return sum
	}
	found, err := optimize.Minimize(optimize.Problem{Func: loss}, []float64{0}, nil, &optimize.NelderMead{})
	if err != nil {
		return 0, fmt.Errorf("fit the temperature: %w", err)
	}
	return bounded(found.X[0]), nil
}

// bounded is the temperature of a logarithm, 1/20 to 20: where all the pictures are
// named right, no temperature is low enough.
func bounded(logarithm float64) float64 {
	most := math.Log(20)
	return math.Exp(min(max(logarithm, -most), most))
}

// into writes what the trust says into a model's metadata; doubt is nil for a model
// whose confidence is all that there is to go by.
func (t trust) into(card *metadata.Canting, doubt *metadata.Doubt) {
	card.Temperature, card.Threshold = t.temperature, t.least
	if doubt != nil {
		card.Doubt, card.Threshold = doubt, trustedFrom
		for label := range doubt.Offsets {
			doubt.Offsets[label] += float32(t.bias)
		}
	}
}

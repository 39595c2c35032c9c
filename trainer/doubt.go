package trainer

import (
	"fmt"
	"math"
	"slices"

	"canting/infer/metadata"
	"canting/trainer/dataset"
	"canting/trainer/nn"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
)

// sighting is how an int8 model answers a picture that it was not trained on.
type sighting struct {
	label    int       // dataset.NoMotif of what shows none of the motifs
	logits   []float32 // infer.Model.Logits
	distance float32   // metadata.Doubt's Nearest
}

// trust is how far a model's answers may be believed, as pictures held out of the
// training tell. Its weights make the familiarity of what is to be named at least
// trustedFrom.
type trust struct {
	temperature                float64
	bias, distance, confidence float64
	// least is the probability from which on a model without features trusts its
	// answer.
	least float64
}

const trustedFrom = 0.5

// newTrust learns from sightings of known cloths and of others. accept is the
// share of the known cloths that are to be named.
func newTrust(seen []sighting, accept float64) (trust, error) {
	known, others := apart(seen)
	if len(known) == 0 || len(others) == 0 {
		return trust{}, fmt.Errorf("there are %d pictures of motifs and %d of other things to learn doubt from", len(known), len(others))
	}
	t := trust{}
	var err error
	if t.temperature, err = temperature(known); err != nil {
		return trust{}, err
	}
	if err := t.weigh(known, others); err != nil {
		return trust{}, err
	}
	evidence, probability := make([]float64, len(known)), make([]float64, len(known))
	for i, s := range known {
		evidence[i], probability[i] = t.evidence(s), s.probability(t.temperature)
	}
	t.bias, t.least = -exceeded(evidence, accept), exceeded(probability, accept)
	return t, nil
}

// exceeded is the largest value that a share of them all has at least.
func exceeded(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int((1-share)*float64(len(sorted))), len(sorted)-1)]
}

func apart(seen []sighting) (known, others []sighting) {
	for _, s := range seen {
		if s.label == dataset.NoMotif {
			others = append(others, s)
		} else {
			known = append(known, s)
		}
	}
	return known, others
}

// probability is the likeliest label's, at a temperature.
func (s sighting) probability(temperature float64) float64 {
	return slices.Max(s.probabilities(temperature))
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

// evidence speaks for a picture's being a known one.
func (t trust) evidence(s sighting) float64 {
	return t.distance*float64(s.distance) + t.confidence*logarithm(s.probability(t.temperature))
}

func logarithm(probability float64) float64 {
	return math.Log(max(probability, metadata.LeastProbability))
}

// weigh finds how much distance and confidence should count: the logistic
// regression that tells known pictures from others, both kinds counting the same.
// Distance may only speak against a picture and confidence for it. Each counts in
// deviations among the known, and a prior holds the weights where the two kinds are
// apart altogether.
func (t *trust) weigh(known, others []sighting) error {
	const prior = 0.01
	far, unsure := t.deviations(known)
	weights := func(x []float64) trust {
		return trust{temperature: t.temperature, distance: -x[0] * x[0] / far, confidence: x[1] * x[1] / unsure}
	}
	loss := func(x []float64) float64 {
		w, sum := weights(x), prior*(math.Pow(x[0], 4)+math.Pow(x[1], 4))
		for _, s := range known {
			sum += softplus(-w.evidence(s)-x[2]) / float64(len(known))
		}
		for _, s := range others {
			sum += softplus(w.evidence(s)+x[2]) / float64(len(others))
		}
		return sum
	}
	found, err := optimize.Minimize(optimize.Problem{Func: loss}, []float64{1, 1, 0}, nil, &optimize.NelderMead{})
	if err != nil {
		return fmt.Errorf("weigh distance and confidence: %w", err)
	}
	*t = weights(found.X)
	return nil
}

// softplus is log(1 + exp(x)) for any x.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func (t trust) deviations(known []sighting) (distance, confidence float64) {
	distances, logarithms := make([]float64, len(known)), make([]float64, len(known))
	for i, s := range known {
		distances[i], logarithms[i] = float64(s.distance), logarithm(s.probability(t.temperature))
	}
	const least = 1e-3 // of pictures that are all alike
	return max(stat.PopStdDev(distances, nil), least), max(stat.PopStdDev(logarithms, nil), least)
}

// into writes what the trust says into a model's metadata; space is nil for a model
// whose confidence is all that there is to go by.
func (t trust) into(card *metadata.Canting, space *metadata.Doubt) {
	card.Temperature, card.Threshold = t.temperature, t.least
	if space != nil {
		card.Doubt, card.Threshold = space, trustedFrom
		space.Bias, space.Distance, space.Confidence = t.bias, t.distance, t.confidence
	}
}

package trainer

import (
	"fmt"
	"math"
	"slices"

	"canting/infer/metadata"
	"canting/trainer/nn"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// sighting is how an int8 model answers a visitor's press with a picture that it was
// not trained on.
type sighting struct {
	label  int
	logits []float32 // the views' mean of infer.Model.Logits
	// against is, of each view, metadata.Doubt's evidence against each kind of none;
	// empty without a doubt.
	against [][]float32
}

// evidence is the views' mean of the least evidence, less each kind's shift.
func (s sighting) evidence(shifts []float64) float64 {
	sum := 0.0
	for _, view := range s.against {
		least := math.Inf(1)
		for kind, v := range view {
			least = min(least, float64(v)-shifts[kind])
		}
		sum += least
	}
	return sum / float64(len(s.against))
}

// trust is how far a model's answers may be believed, as pictures held out of the
// training tell.
type trust struct {
	temperature float64
	// shifts make the evidence against each kind of none alike: the same share of what
	// is known has less than none. The first kind's is 0. Then bias makes the
	// familiarity of what is to be named at least trustedFrom.
	shifts []float64
	bias   float64
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
	var probability []float64
	for _, s := range known {
		probability = append(probability, slices.Max(s.probabilities(t.temperature)))
	}
	t.least = exceeded(probability, accept)
	if len(known[0].against) > 0 {
		t.weigh(known, accept)
	}
	return t, nil
}

// weigh finds what the evidence is to be. Each kind of none is granted as many of the
// refusals: of one threshold for all, a kind that is like the motifs would take all.
func (t *trust) weigh(known []sighting, accept float64) {
	kinds := len(known[0].against[0])
	granted := 1 - (1-accept)/float64(kinds)
	for kind := range kinds {
		var evidence []float64
		for _, s := range known {
			sum := 0.0
			for _, view := range s.against {
				sum += float64(view[kind])
			}
			evidence = append(evidence, sum/float64(len(s.against)))
		}
		t.shifts = append(t.shifts, exceeded(evidence, granted))
	}
	floats.AddConst(-t.shifts[0], t.shifts)
	var evidence []float64
	for _, s := range known {
		evidence = append(evidence, s.evidence(t.shifts))
	}
	t.bias = -exceeded(evidence, accept)
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
		for label := range doubt.Labels() {
			doubt.Offsets[label] += float32(t.bias)
		}
		for kind := range doubt.Others {
			doubt.Offsets[doubt.Labels()+kind] += float32(t.shifts[kind+1])
		}
	}
}

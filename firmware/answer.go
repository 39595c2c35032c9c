package firmware

import (
	"cmp"
	"slices"
	"time"

	"canting/capture"
	"canting/configs"
)

// topScores is how many labels the page shows: the answer and two runners-up.
const topScores = 3

// adviceUnknown is the advice where the picture is good and its motif is none
// that the model would name. The others are capture's flaws.
const adviceUnknown = "unknown"

// flaws of a picture, none first.
var flaws = []capture.Flaw{"", capture.Dark, capture.Bright, capture.Blurred, capture.Far, capture.Empty}

// opinion is what one or more frames are taken for.
type opinion struct {
	// advice says why nothing is named, "" where the label is.
	advice string
	// label is the index of the named label in probabilities, which are nil
	// where the picture has a flaw.
	label         int
	probabilities []float32
}

// reads tells whether o reads as other on the page.
func (o opinion) reads(other opinion) bool {
	return o.advice == other.advice && (o.advice != "" || o.label == other.label)
}

// score is a label's probability.
type score struct {
	Label       string       `json:"label"`
	Name        configs.Text `json:"name"`
	Probability float32      `json:"probability"`
}

// answer is what the kiosk says of a picture.
type answer struct {
	// Label and Name are empty, and Scores are too, where Unknown is set: a
	// guess must not be told.
	Label string       `json:"label"`
	Name  configs.Text `json:"name"`
	// Confidence is the likeliest label's probability, told or not; 0 where
	// the picture was not judged.
	Confidence float32 `json:"confidence"`
	Unknown    bool    `json:"unknown"`
	// Advice says why: a capture.Flaw of the picture, or adviceUnknown; ""
	// where a motif is named.
	Advice string `json:"advice"`
	// Scores are the best labels, best first, at most topScores.
	Scores []score `json:"scores"`
	Model  string  `json:"model"` // the digest of the model that answers
	Frame  uint64  `json:"frame"` // the number of the newest frame that counts; of a verdict, of the one in its picture
}

// verdict is the answer to one press of the shutter.
type verdict struct {
	ID uint64 `json:"id"`
	answer
	Story   configs.Text `json:"story"`
	Frames  int          `json:"frames"`    // that were averaged
	Dropped int          `json:"dropped"`   // that were left out: blurred or otherwise flawed
	Views   int          `json:"views"`     // crops of each frame that were averaged
	Pressed time.Time    `json:"pressed"`   //
	TookMS  float64      `json:"took_ms"`   // from the press to the verdict
	Stages  stages       `json:"stages_ms"` // what the time went into
	Until   time.Time    `json:"until"`     // on the screen
	Picture string       `json:"picture"`   // where the sharpest frame is served, as a JPEG
	// Heat is where in the picture's guide box the label's score came from,
	// null where nothing is named or the model does not allow it.
	Heat *heat `json:"heat"`
}

// heat covers the guide box with rows x columns values of 0 to 1, row by row
// from the top left.
type heat struct {
	Rows    int       `json:"rows"`
	Columns int       `json:"columns"`
	Values  []float32 `json:"values"`
}

func newAnswer(c *classifier, motifs *configs.Motifs, frame uint64, found opinion) answer {
	a := answer{Unknown: found.advice != "", Advice: found.advice, Scores: []score{}, Model: c.model.Digest(), Frame: frame}
	if found.probabilities != nil {
		a.Confidence = found.probabilities[found.label]
	}
	if a.Unknown {
		return a
	}
	name := func(label string) configs.Text {
		motif, _ := motifs.Find(label)
		return motif.Name
	}
	a.Label = c.labels[found.label]
	a.Name = name(a.Label)
	order := make([]int, len(c.labels))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(found.probabilities[b], found.probabilities[a])
	})
	for _, i := range order[:min(topScores, len(order))] {
		a.Scores = append(a.Scores, score{Label: c.labels[i], Name: name(c.labels[i]), Probability: found.probabilities[i]})
	}
	return a
}

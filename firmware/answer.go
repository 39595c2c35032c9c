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

// score is a label's probability.
type score struct {
	Label       string       `json:"label"`
	Name        configs.Text `json:"name"`
	Probability float32      `json:"probability"`
}

// answer is what the kiosk thinks of a picture.
type answer struct {
	Label      string       `json:"label"`
	Name       configs.Text `json:"name"`
	Confidence float32      `json:"confidence"`
	// Unknown says that the confidence is below the model's threshold: the
	// label is then a guess that must not be told as an answer.
	Unknown bool `json:"unknown"`
	// Scores are the best labels, best first, at most topScores.
	Scores []score `json:"scores"`
	Model  string  `json:"model"` // the digest of the model that answers
	Frame  uint64  `json:"frame"` // the number of the newest frame that counts
}

// verdict is the answer to one press of the shutter.
type verdict struct {
	ID uint64 `json:"id"`
	answer
	Story   configs.Text `json:"story"`
	Frames  int          `json:"frames"` // classified and averaged
	Pressed time.Time    `json:"pressed"`
	TookMS  float64      `json:"took_ms"` // from the press to the verdict
	Until   time.Time    `json:"until"`   // on the screen
	Picture string       `json:"picture"` // where the frame is served, as a JPEG
}

func newAnswer(c *classifier, motifs *configs.Motifs, newest capture.Frame, probabilities []float32) answer {
	decided := c.model.Decide(probabilities)
	order := make([]int, len(c.labels))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probabilities[b], probabilities[a]) })
	a := answer{Label: decided.Label, Confidence: decided.Confidence, Unknown: decided.Unknown, Model: c.model.Digest(), Frame: newest.Seq}
	motif, _ := motifs.Find(a.Label)
	a.Name = motif.Name
	for _, i := range order[:min(topScores, len(order))] {
		motif, _ := motifs.Find(c.labels[i])
		a.Scores = append(a.Scores, score{Label: c.labels[i], Name: motif.Name, Probability: probabilities[i]})
	}
	return a
}

package command

import (
	"strings"
	"testing"

	"canting/trainer"
	"canting/trainer/report"
)

func TestDoubtIsPrintedByMotifAndKind(t *testing.T) {
	of := func(motif string, left, drawn float64) trainer.LeftOut {
		return trainer.LeftOut{Motif: motif, Right: 4, Known: report.Naming{Named: 9, Unknown: 1}, Others: []trainer.Other{
			{Name: motif, Named: report.Naming{Named: 1, Unknown: 3}, Accepted: [4]float64{left, left / 2}},
			{Name: "plain", Named: report.Naming{Unknown: 10}},
			{Name: "drawn", Named: report.Naming{Named: 2, Unknown: 8}, Accepted: [4]float64{drawn, 0, 0, 0.02}},
		}}
	}
	var b strings.Builder
	printDoubt(&b, []trainer.LeftOut{of("kawung", 0.5, 0.1), of("parang", 0.25, 0.2)})
	const want = `| left out | right of the known | known named | the motif left out | plain | drawn | all that is no cloth |
|---|---|---|---|---|---|---|
| kawung | 4 of 10 | 95 % (90 %) | 50.0 % (25.0 %) | 0.0 % (0.0 %) | 10.0 % (20.0 %) | 5.0 % (10.0 %) |
| parang | 4 of 10 | 95 % (90 %) | 25.0 % (25.0 %) | 0.0 % (0.0 %) | 20.0 % (20.0 %) | 10.0 % (10.0 %) |
| all | 8 of 20 | 95 % (90 %) | 37.5 % (25.0 %) | 0.0 % (0.0 %) | 15.0 % (20.0 %) | 7.5 % (10.0 %) |

| known named | 95 % | 90 % | 80 % | 70 % |
|---|---|---|---|---|
| motifs left out | 37.5 % | 18.8 % | 0.0 % | 0.0 % |
| all that is no cloth | 7.5 % | 0.0 % | 0.0 % | 1.0 % |
`
	if b.String() != want {
		t.Errorf("printed is\n%s", b.String())
	}
}

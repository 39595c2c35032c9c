package configs

import (
	"strings"
	"testing"
)

func TestEmbeddedMotifsTellThePapersFour(t *testing.T) {
	m := DefaultMotifs()
	for _, label := range []string{"rumah_gadang", "rangkiang", "kabau_padati", "burung_hong"} {
		motif, known := m.Find(label)
		if !known {
			t.Errorf("no motif %s", label)
		}
		for _, story := range []string{motif.Story.ID, motif.Story.EN, motif.Story.Min} {
			if n := strings.Count(story, ". ") + 1; n < 2 || n > 3 || !strings.HasSuffix(story, ".") {
				t.Errorf("%s: a story has %d sentences, want 2 or 3: %s", label, n, story)
			}
		}
	}
}

func TestFindNamesAnUnknownLabelByItself(t *testing.T) {
	motif, known := DefaultMotifs().Find("Parang_Rusak")
	if known || motif.Label != "Parang_Rusak" || motif.Name.EN != "Parang Rusak" || motif.Story.EN != "" {
		t.Errorf("Find = %+v, %v", motif, known)
	}
}

const kawung = `
  - label: Kawung
    name: {id: Kawung, en: Kawung, min: Kawuang}
    story: {id: a., en: b., min: c.}
`

func TestLoadMotifsKeepsTheCaseOfLabels(t *testing.T) {
	m, err := LoadMotifs(write(t, "motifs:"+kawung))
	if err != nil {
		t.Fatal(err)
	}
	if motif, known := m.Find("Kawung"); !known || motif.Name.Min != "Kawuang" {
		t.Errorf("Find = %+v, %v", motif, known)
	}
}

func TestMotifMistakesNameTheirKeyAndLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"twice":            {"motifs:" + kawung + kawung, `:6: motifs[1].label "Kawung" is already the label of motifs[0]`},
		"language missing": {"motifs:\n  - label: a\n    name: {id: a, en: a, min: a}\n    story:\n      id: a\n      en: b\n", `:4: motifs[0].story.min is missing`},
		"label missing":    {"motifs:\n  - name: {id: a, en: a, min: a}\n    story: {id: a, en: a, min: a}\n", `:2: motifs[0] needs a label`},
		"unknown language": {"motifs:\n  - label: a\n    name: {id: a, en: a, min: a, jv: a}\n", `motifs[0].name.jv is not a setting`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := LoadMotifs(write(t, c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

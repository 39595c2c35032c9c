package configs

import (
	_ "embed"
	"fmt"
	"strings"
)

// Languages are the page's: Indonesian, English, Minangkabau.
var Languages = []string{"id", "en", "min"}

// Text is a text in each of Languages. It is text, never markup.
type Text struct {
	ID  string `mapstructure:"id" json:"id"`
	EN  string `mapstructure:"en" json:"en"`
	Min string `mapstructure:"min" json:"min"`
}

// Motif is what the page says of a motif.
type Motif struct {
	// Label is the model's own: the name of the training folder. It is a
	// value and not a key because viper lower-cases keys.
	Label string `mapstructure:"label"`
	Name  Text   `mapstructure:"name"`
	Story Text   `mapstructure:"story"`
}

// Motifs are the motifs of one file.
type Motifs struct {
	List []Motif `mapstructure:"motifs"`
}

//go:embed motifs.yaml
var motifsYAML []byte

// DefaultMotifs are the embedded names and stories.
func DefaultMotifs() *Motifs {
	var m Motifs
	if err := load("motifs.yaml", motifsYAML, &m); err != nil {
		panic("the embedded motifs.yaml is wrong: " + err.Error())
	}
	return &m
}

// LoadMotifs reads a curator's own file.
func LoadMotifs(path string) (*Motifs, error) {
	var m Motifs
	if err := loadFile(path, &m); err != nil {
		return nil, err
	}
	return &m, nil
}

// Find is the motif of a model's label. A label that the file does not know
// is named by itself and has no story.
func (m *Motifs) Find(label string) (motif Motif, known bool) {
	for _, motif := range m.List {
		if motif.Label == label {
			return motif, true
		}
	}
	name := strings.ReplaceAll(label, "_", " ")
	return Motif{Label: label, Name: Text{ID: name, EN: name, Min: name}}, false
}

// Validate reports motifs without a label, name or story, and labels that
// stand twice.
func (m *Motifs) Validate() error {
	var p problems
	first := map[string]int{}
	for i, motif := range m.List {
		key := fmt.Sprintf("motifs[%d]", i)
		if before, twice := first[motif.Label]; twice {
			p.add(key+".label", "%q is already the label of motifs[%d]", motif.Label, before)
		}
		first[motif.Label] = i
		if motif.Label == "" {
			p.add(key, "needs a label: the name of the motif's training folder")
		}
		motif.Name.validate(&p, key+".name")
		motif.Story.validate(&p, key+".story")
	}
	return p.err()
}

func (t Text) validate(p *problems, key string) {
	for i, text := range []string{t.ID, t.EN, t.Min} {
		if strings.TrimSpace(text) == "" {
			p.add(key+"."+Languages[i], "is missing: write it in all of %s", strings.Join(Languages, ", "))
		}
	}
}

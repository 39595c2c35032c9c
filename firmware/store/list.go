package store

import (
	"fmt"
	"slices"
	"strings"
)

// Slot describes an installed model.
type Slot struct {
	Digest   string `json:"sha256"`
	Bytes    int    `json:"bytes"` // 0 when it cannot be read
	Signed   bool   `json:"signed"`
	Version  uint64 `json:"version"` // 0 when not signed
	Current  bool   `json:"current"`
	Previous bool   `json:"previous"`
	// Proved says that it has served for a minute; Cut is how many times in a
	// row the kiosk went down within its first minute.
	Proved bool `json:"proved"`
	Cut    int  `json:"cut"`
	// Wrong is why the slot would not serve, empty when it would.
	Wrong string `json:"wrong,omitempty"`
}

// Slots lists what is installed, in the order of the digests, each read and
// checked.
func (s *Store) Slots() ([]Slot, error) {
	digests, err := s.digests()
	if err != nil {
		return nil, err
	}
	current, previous, err := s.active()
	if err != nil {
		return nil, err
	}
	trials, err := s.trials()
	if err != nil {
		return nil, err
	}
	slots := []Slot{}
	for _, digest := range digests {
		trial := find(trials, digest)
		slot := Slot{Digest: digest, Current: digest == current, Previous: digest == previous, Proved: trial.proved, Cut: trial.cut}
		m, err := s.Read(digest)
		slot.Bytes, slot.Signed, slot.Version = len(m.File), m.Signed, m.Version
		if err != nil {
			slot.Wrong = err.Error()
		}
		slots = append(slots, slot)
	}
	return slots, nil
}

// Find returns the digest of the one slot whose name begins so.
func (s *Store) Find(name string) (digest string, err error) {
	digests, err := s.digests()
	if err != nil {
		return "", err
	}
	var found []string
	for _, digest := range digests {
		if name != "" && strings.HasPrefix(digest, name) {
			found = append(found, digest)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", Refuse(Unread, "no installed model is named %q: canting models list shows them", name)
	}
	return "", fmt.Errorf("%q begins the names of %d installed models: write more of it", name, len(found))
}

func (s *Store) digests() ([]string, error) {
	names, err := s.disk.Names()
	if err != nil {
		return nil, fmt.Errorf("list the models: %w", err)
	}
	var digests []string
	for _, name := range names {
		if digest, ok := strings.CutSuffix(name, modelSuffix); ok && digestForm.MatchString(digest) {
			digests = append(digests, digest)
		}
	}
	slices.Sort(digests)
	return digests, nil
}

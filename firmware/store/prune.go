package store

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Newest is how many models stay besides those that are needed, counted from
// the one installed last.
const Newest = 5

const (
	// installedFile lists the slots in the order of their installation, the
	// oldest first. A slot that it does not name counts as older.
	installedFile     = "installed"
	maxInstalledBytes = 1 << 16
)

// installed reads the order of the slots that are there.
func (s *Store) installed() ([]string, error) {
	digests, err := s.digests()
	if err != nil {
		return nil, err
	}
	text, err := s.disk.Read(installedFile, maxInstalledBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && ReasonOf(err) != TooLarge {
		return nil, fmt.Errorf("read the order of the models: %w", err)
	}
	order := strings.Fields(string(text))
	slices.SortStableFunc(digests, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	return digests, nil
}

// settle notes that a slot was installed last, and removes the slots that
// nobody needs: not current, not previous, not among the Newest, and of a name
// that does not begin with keep.
func (s *Store) settle(digest, keep string) error {
	order, err := s.installed()
	if err != nil {
		return err
	}
	order = append(slices.DeleteFunc(order, func(d string) bool { return d == digest }), digest)
	if err := s.replace(installedFile, []byte(strings.Join(order, "\n")+"\n")); err != nil {
		return err
	}
	current, previous, err := s.active()
	if err != nil {
		return err
	}
	for _, d := range order[:max(len(order)-Newest, 0)] {
		if d == current || d == previous || keep != "" && strings.HasPrefix(d, keep) {
			continue
		}
		if err := s.remove(d); err != nil {
			return fmt.Errorf("remove the old model %.12s: %w", d, err)
		}
	}
	return nil
}

// remove takes the model away before its signature, for good: a slot without
// its signature must never be seen.
func (s *Store) remove(digest string) error {
	if err := s.disk.Remove(digest + modelSuffix); err != nil {
		return err
	}
	if err := s.disk.Sync(); err != nil {
		return err
	}
	if err := s.disk.Remove(digest + signatureSuffix); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return s.disk.Sync()
}

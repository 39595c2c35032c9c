package picture

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// shelf keeps decoded pictures in a file, so that ten thousand photographs need
// no more memory than ten. The file has no name and goes with the last Picture
// that knows it.
type shelf struct {
	file *os.File
	end  atomic.Int64
}

// newShelf makes a shelf in $TMPDIR or, without one, in /var/tmp: /tmp is memory
// on many systems.
func newShelf() (*shelf, error) {
	dir := os.Getenv("TMPDIR")
	if dir == "" {
		dir = "/var/tmp"
	}
	file, err := os.CreateTemp(dir, "canting-pictures-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for decoded pictures (TMPDIR says where): %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		file.Close()
		return nil, fmt.Errorf("make a file for decoded pictures: %w", err)
	}
	return &shelf{file: file}, nil
}

var errShelf = errors.New("keep a decoded picture (TMPDIR says where, and needs room)")

// put keeps b and returns where; its error is an errShelf.
func (s *shelf) put(b []byte) (at int64, err error) {
	at = s.end.Add(int64(len(b))) - int64(len(b))
	if _, err := s.file.WriteAt(b, at); err != nil {
		return 0, fmt.Errorf("%w: %w", errShelf, err)
	}
	return at, nil
}

// get returns the size bytes at a place.
func (s *shelf) get(at int64, size int) ([]byte, error) {
	b := make([]byte, size)
	if _, err := s.file.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("read a decoded picture again: %w", err)
	}
	return b, nil
}

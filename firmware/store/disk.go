package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// disk is a folder as the store uses it: no call but the Syncs promises that
// anything outlasts a power cut.
type disk interface {
	Names() ([]string, error)
	// Read returns a whole file of at most limit bytes. The error wraps
	// fs.ErrNotExist for a file that is not there.
	Read(name string, limit int64) ([]byte, error)
	Create(name string) (file, error) // must not exist
	Rename(from, to string) error     // replaces what is at to
	Remove(name string) error
	Sync() error // the folder's entries
	// Lock waits until no other process and no other caller holds it.
	Lock() (unlock func() error, err error)
	Close() error
}

type file interface {
	io.WriteCloser
	Sync() error
}

const (
	lockFile = "lock"
	// patience is how long a change waits for another process's: each takes
	// as long as writing one model.
	patience = 10 * time.Second
)

// folder is a disk on the operating system's.
type folder struct {
	root *os.Root // nil for one that is not there: it reads as empty
}

func openFolder(path string) (folder, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return folder{}, fmt.Errorf("make the folder of models: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return folder{}, fmt.Errorf("open the folder of models: %w", err)
	}
	return folder{root}, nil
}

func (f folder) Close() error {
	if f.root == nil {
		return nil
	}
	return f.root.Close()
}

func (f folder) Names() ([]string, error) {
	if f.root == nil {
		return nil, nil
	}
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

func (f folder) Read(name string, limit int64) ([]byte, error) {
	if f.root == nil {
		return nil, fs.ErrNotExist
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAtMost(file, limit)
}

// readAtMost reads one byte more than it returns, so that a file that grows
// meanwhile is bounded too.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, tooLarge(int64(len(b)), limit)
	}
	return b, err
}

func (f folder) Create(name string) (file, error) {
	return f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

func (f folder) Rename(from, to string) error { return f.root.Rename(from, to) }

func (f folder) Remove(name string) error { return f.root.Remove(name) }

func (f folder) Sync() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Lock uses flock(2), which ends with the process that holds it, however that
// ends.
func (f folder) Lock() (unlock func() error, err error) {
	if f.root == nil {
		return nil, errors.New("there is no folder of models")
	}
	file, err := f.root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || time.Since(began) > patience {
			return nil, errors.Join(fmt.Errorf("another process is changing the models: %w", err), file.Close())
		}
	}
}

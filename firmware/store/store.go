// Package store keeps the kiosk's models in one folder, so that a power cut at
// any moment leaves the old or the new one, whole:
//
//	SHA256.tflite          a slot: a model, named by its content
//	SHA256.tflite.minisig  its signature
//	current                two lines: the slot that serves, and the one before it
//	floor                  the least version that may be installed
//	trials                 how the models' first minutes went
//	installed              the slots in the order of their installation
//	lock                   held while something changes
//
// Every file is written beside its place, synced, and renamed into it, and the
// folder synced after that. current and previous share a file so that one
// rename moves both.
package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// ActiveFile changes whenever another model is to serve.
	ActiveFile      = "current"
	floorFile       = "floor"
	modelSuffix     = ".tflite"
	signatureSuffix = ".tflite.minisig"
	pendingSuffix   = ".pending"

	maxSignature = 16 << 10 // minisign's own limit is 8 KiB a line
	maxSmall     = 256      // bytes of current and floor
)

var (
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// ErrNone says that no model was ever activated.
	ErrNone       = errors.New("no model has been activated")
	errNoPrevious = Refuse(Unread, "there is no previous model to go back to")
)

// Store is an open folder of models. Several processes may have the same one
// open; a Store may be used by several goroutines.
type Store struct {
	disk   disk
	policy Policy
	boot   string // of the machine, as thisBoot
}

// Open opens the folder, makes it if there is none, and clears away what an
// interrupted change left.
func Open(path string, policy Policy) (*Store, error) {
	disk, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	s, err := open(disk, policy)
	if err != nil {
		return nil, fmt.Errorf("the folder of models %s: %w", path, errors.Join(err, disk.Close()))
	}
	return s, nil
}

// View opens the folder to read it: it makes nothing and clears nothing away. A
// folder that is not there holds no models.
func View(path string, policy Policy) (*Store, error) {
	root, err := os.OpenRoot(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the folder of models: %w", err)
	}
	return &Store{folder{root}, policy, thisBoot()}, nil
}

func open(disk disk, policy Policy) (*Store, error) {
	s := &Store{disk, policy, thisBoot()}
	return s, s.alone(s.clear)
}

// Close lets go of the folder.
func (s *Store) Close() error { return s.disk.Close() }

// alone calls change while no other process changes the folder.
func (s *Store) alone(change func() error) error {
	unlock, err := s.disk.Lock()
	if err != nil {
		return err
	}
	return errors.Join(change(), unlock())
}

// clear removes what was not renamed into its place, and signatures whose
// model never came.
func (s *Store) clear() error {
	names, err := s.disk.Names()
	if err != nil {
		return err
	}
	removed := false
	for _, name := range names {
		digest, orphan := strings.CutSuffix(name, signatureSuffix)
		orphan = orphan && !slices.Contains(names, digest+modelSuffix)
		if strings.HasSuffix(name, pendingSuffix) || orphan {
			if err := s.disk.Remove(name); err != nil {
				return err
			}
			removed = true
		}
	}
	if removed {
		return s.disk.Sync()
	}
	return nil
}

// replace makes name hold data, durably, or leaves it as it was.
func (s *Store) replace(name string, data []byte) error {
	pending := name + pendingSuffix
	if err := s.write(pending, data); err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, s.disk.Remove(pending)))
	}
	if err := s.disk.Rename(pending, name); err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, s.disk.Remove(pending)))
	}
	if err := s.disk.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (s *Store) write(name string, data []byte) error {
	f, err := s.disk.Create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// Install keeps a model and returns it as approved; what serves stays.
// Installing what is there already mends it. Old slots are removed: all but the
// current, the previous, the Newest, and those whose names begin with keep.
func (s *Store) Install(file, signature []byte, keep string) (Model, error) {
	m, err := s.Approve(file, signature)
	if err != nil {
		return Model{}, err
	}
	return m, s.alone(func() error {
		// The signature goes first: a slot without its signature must never be
		// seen, a signature without its slot is cleared away.
		if m.Signed {
			if err := s.replace(m.Digest+signatureSuffix, signature); err != nil {
				return err
			}
		}
		if there, err := s.disk.Read(m.Digest+modelSuffix, s.policy.maxBytes); err != nil || !bytes.Equal(there, file) {
			if err := s.replace(m.Digest+modelSuffix, file); err != nil {
				return err
			}
		}
		return s.settle(m.Digest, keep)
	})
}

// Approve checks a file from outside: against the policy and the floor of
// versions.
func (s *Store) Approve(file, signature []byte) (Model, error) {
	m, err := s.policy.Approve(file, signature)
	if err != nil {
		return Model{}, err
	}
	return m, s.aboveFloor(m)
}

func (s *Store) aboveFloor(m Model) error {
	floor, err := s.floor()
	if err != nil {
		return err
	}
	if m.Signed && m.Version < floor {
		return Refuse(Older, "the model is version %d, and version %d has served already: sign it anew with a higher version, or use rollback", m.Version, floor)
	}
	return nil
}

// floor is 0 before the first Confirm. A damaged file counts as none: the
// kiosk must start.
func (s *Store) floor() (uint64, error) {
	text, err := s.disk.Read(floorFile, maxSmall)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the floor of versions: %w", err)
	}
	floor, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, nil
	}
	return floor, nil
}

// Read returns a slot's model if its content is what its name says and the
// policy approves of it. The floor does not count: what has been let in may
// serve again.
func (s *Store) Read(digest string) (Model, error) {
	file, err := s.disk.Read(digest+modelSuffix, s.policy.maxBytes)
	if err != nil {
		return Model{}, fmt.Errorf("read the slot %.12s: %w", digest, err)
	}
	signature, err := s.disk.Read(digest+signatureSuffix, maxSignature)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Model{}, fmt.Errorf("read the signature of the slot %.12s: %w", digest, err)
	}
	m, err := s.policy.Approve(file, signature)
	if err != nil {
		return Model{}, err
	}
	if m.Digest != digest {
		return Model{}, Refuse(Altered, "the slot %.12s is damaged: its content has the SHA-256 %.12s; install it again", digest, m.Digest)
	}
	return m, nil
}

// active reads which slots serve; both are empty before the first Activate. A
// damaged file counts as none.
func (s *Store) active() (current, previous string, err error) {
	text, err := s.disk.Read(ActiveFile, maxSmall)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read which model serves: %w", err)
	}
	lines := append(strings.Split(string(text), "\n"), "", "")
	for _, line := range lines[:2] {
		if line != "" && !digestForm.MatchString(line) {
			return "", "", nil
		}
	}
	return lines[0], lines[1], nil
}

func (s *Store) activate(current, previous string) error {
	return s.replace(ActiveFile, []byte(current+"\n"+previous+"\n"))
}

// Serving returns the current model or, if it is damaged or no longer
// approved, the previous one. wrong is why the current one was passed over.
// The error is ErrNone before the first Activate.
func (s *Store) Serving() (m Model, wrong, err error) {
	current, previous, err := s.active()
	if err != nil {
		return Model{}, nil, err
	}
	if current == "" {
		return Model{}, nil, ErrNone
	}
	if m, err = s.Read(current); err == nil {
		return m, nil, nil
	}
	if previous != "" {
		if m, second := s.Read(previous); second == nil {
			return m, err, nil
		}
	}
	return Model{}, err, fmt.Errorf("neither the current nor the previous model can be used: %w", err)
}

// Activate makes an installed model the current one, and the one that was
// current the previous. Trials of it that were cut off before are forgotten.
func (s *Store) Activate(digest string) (m Model, err error) {
	err = s.alone(func() error {
		if m, err = s.Read(digest); err != nil {
			return err
		}
		if err := s.aboveFloor(m); err != nil {
			return err
		}
		current, previous, err := s.active()
		if err != nil || current == digest {
			return err
		}
		if _, damaged := s.Read(current); current != "" && damaged == nil {
			previous = current
		}
		trials, err := s.trials()
		if err != nil {
			return err
		}
		if find(trials, digest).cut > 0 {
			if err := s.record(trials, trial{digest: digest}); err != nil {
				return err
			}
		}
		return s.activate(digest, previous)
	})
	return m, err
}

// Rollback makes the previous model the current one and the other way round.
func (s *Store) Rollback() (m Model, err error) {
	err = s.alone(func() error {
		current, previous, err := s.active()
		if err != nil {
			return err
		}
		if previous == "" {
			return errNoPrevious
		}
		if m, err = s.Read(previous); err != nil {
			return fmt.Errorf("the previous model cannot be used: %w", err)
		}
		return s.activate(previous, current)
	})
	return m, err
}

// Confirm raises the floor to the version of a model that has proved itself.
// It is the last step of a swap: until then an older model is still let in.
func (s *Store) Confirm(m Model) error {
	return s.alone(func() error {
		floor, err := s.floor()
		if err != nil || !m.Signed || m.Version <= floor {
			return err
		}
		return s.replace(floorFile, []byte(strconv.FormatUint(m.Version, 10)+"\n"))
	})
}

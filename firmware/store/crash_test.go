package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"
)

// crashDisk is a disk that remembers what was synced. At its cut-th operation
// the power fails; after tells what the disk may then hold.
type crashDisk struct {
	operations, cut int // cut 0: never
	entries         map[string]*inode
	durable         map[string]*inode
	pending         []func(map[string]*inode) // changes of entries that no Sync made durable
}

type inode struct{ data, durable []byte }

var errCut = errors.New("the power failed")

func newCrashDisk(content map[string][]byte) *crashDisk {
	d := &crashDisk{entries: map[string]*inode{}}
	for name, data := range content {
		d.entries[name] = &inode{data, data}
	}
	d.durable = maps.Clone(d.entries)
	return d
}

// step counts an operation and fails from the cut on.
func (d *crashDisk) step() error {
	d.operations++
	if d.cut > 0 && d.operations >= d.cut {
		return errCut
	}
	return nil
}

func (d *crashDisk) change(f func(map[string]*inode)) error {
	if err := d.step(); err != nil {
		return err
	}
	f(d.entries)
	d.pending = append(d.pending, f)
	return nil
}

func (d *crashDisk) Names() ([]string, error) { return slices.Collect(maps.Keys(d.entries)), nil }

func (d *crashDisk) Read(name string, _ int64) ([]byte, error) {
	if n, ok := d.entries[name]; ok {
		return n.data, nil
	}
	return nil, fs.ErrNotExist
}

func (d *crashDisk) Create(name string) (file, error) {
	if _, ok := d.entries[name]; ok {
		return nil, fs.ErrExist
	}
	n := &inode{}
	return &crashFile{d, n}, d.change(func(m map[string]*inode) { m[name] = n })
}

func (d *crashDisk) Rename(from, to string) error {
	n, ok := d.entries[from]
	if !ok {
		return fs.ErrNotExist
	}
	return d.change(func(m map[string]*inode) {
		m[to] = n
		delete(m, from)
	})
}

func (d *crashDisk) Remove(name string) error {
	if _, ok := d.entries[name]; !ok {
		return fs.ErrNotExist
	}
	return d.change(func(m map[string]*inode) { delete(m, name) })
}

func (d *crashDisk) Sync() error {
	if err := d.step(); err != nil {
		return err
	}
	d.durable, d.pending = maps.Clone(d.entries), nil
	return nil
}

func (d *crashDisk) Lock() (func() error, error) { return func() error { return nil }, nil }
func (d *crashDisk) Close() error                { return nil }

type crashFile struct {
	disk *crashDisk
	n    *inode
}

func (f *crashFile) Write(b []byte) (int, error) {
	// A cut during the write leaves a part of it.
	half := len(b) / 2
	f.n.data = append(f.n.data, b[:half]...)
	if err := f.disk.step(); err != nil {
		return half, err
	}
	f.n.data = append(f.n.data, b[half:]...)
	return len(b), nil
}

func (f *crashFile) Sync() error {
	if err := f.disk.step(); err != nil {
		return err
	}
	f.n.durable = bytes.Clone(f.n.data)
	return nil
}

func (f *crashFile) Close() error { return nil }

// after lists what the disk may hold once the power is back: any choice of the
// entries' unsynced changes, in their order, and of each file what was synced,
// what was written, or as many zeros.
func (d *crashDisk) after() (outcomes []map[string][]byte) {
	contents := []func(*inode) []byte{
		func(n *inode) []byte { return n.durable },
		func(n *inode) []byte { return n.data },
		func(n *inode) []byte {
			if bytes.Equal(n.data, n.durable) {
				return n.durable
			}
			return make([]byte, len(n.data))
		},
	}
	for kept := range 1 << len(d.pending) {
		entries := maps.Clone(d.durable)
		for i, change := range d.pending {
			if kept>>i&1 == 1 {
				change(entries)
			}
		}
		for _, content := range contents {
			held := map[string][]byte{}
			for name, n := range entries {
				held[name] = content(n)
			}
			outcomes = append(outcomes, held)
		}
	}
	return outcomes
}

// At every operation of every change, with everything that an unsynced disk
// may have kept or lost, the store opens with the model from before the change
// or the one from after it, and the change can be made again.
func TestPowerCutsAtEveryOperation(t *testing.T) {
	ours := newSigner(t)
	p := testPolicy(t, false, ours.public)
	var files, signatures [][]byte
	for i := range 3 {
		files = append(files, fmt.Appendf(nil, "the bytes of model %d", i))
		signatures = append(signatures, ours.sign(t, files[i], fmt.Sprintf("version:%d", i+1)))
	}
	// Two models installed, the second current.
	start := newCrashDisk(nil)
	var models []Model
	s := must[*Store](t)(open(start, p))
	for i := range 2 {
		m := must[Model](t)(s.Install(files[i], signatures[i], ""))
		must[Model](t)(s.Activate(m.Digest))
		models = append(models, m)
	}
	third := must[Model](t)(p.Approve(files[2], signatures[2]))
	before := start.after()[0]
	// As many more that the next install removes one.
	full := newCrashDisk(before)
	s = must[*Store](t)(open(full, p))
	for i := range Newest {
		file := fmt.Appendf(nil, "the bytes of another model %d", i)
		must[Model](t)(s.Install(file, ours.sign(t, file, "version:2"), ""))
	}

	changes := map[string]struct {
		run func(*Store) error
		new Model // what serves after it
	}{
		"install and remove the oldest": {func(s *Store) error { _, err := s.Install(files[2], signatures[2], ""); return err }, models[1]},
		"begin a trial":                 {func(s *Store) error { return s.BeginTrial(models[1].Digest) }, models[1]},
		"begin a trial and prove": {func(s *Store) error {
			err := s.BeginTrial(models[1].Digest)
			if err == nil {
				err = s.EndTrial(models[1].Digest, true)
			}
			return err
		}, models[1]},
		"begin a trial and stop": {func(s *Store) error {
			err := s.BeginTrial(models[1].Digest)
			if err == nil {
				err = s.EndTrial(models[1].Digest, false)
			}
			return err
		}, models[1]},
		"give up": {func(s *Store) error { _, err := s.GiveUp(models[1].Digest); return err }, models[0]},
		"install": {func(s *Store) error { _, err := s.Install(files[2], signatures[2], ""); return err }, models[1]},
		"install and activate": {func(s *Store) error {
			m, err := s.Install(files[2], signatures[2], "")
			if err == nil {
				_, err = s.Activate(m.Digest)
			}
			return err
		}, third},
		"install, activate, confirm": {func(s *Store) error {
			m, err := s.Install(files[2], signatures[2], "")
			if err == nil {
				_, err = s.Activate(m.Digest)
			}
			if err == nil {
				err = s.Confirm(m)
			}
			return err
		}, third},
		"activate the previous": {func(s *Store) error { _, err := s.Activate(models[0].Digest); return err }, models[0]},
		"install again":         {func(s *Store) error { _, err := s.Install(files[1], signatures[1], ""); return err }, models[1]},
		"confirm":               {func(s *Store) error { return s.Confirm(models[1]) }, models[1]},
	}
	points, outcomes := 0, 0
	check := func(name string, cut int, change func(*Store) error, old, new Model, held map[string][]byte) {
		t.Helper()
		outcomes++
		s, err := open(newCrashDisk(held), p)
		if err != nil {
			t.Fatalf("%s cut at %d: does not open: %v", name, cut, err)
		}
		m, wrong, err := s.Serving()
		if err != nil || wrong != nil || m.Digest != old.Digest && m.Digest != new.Digest || !m.Signed {
			t.Errorf("%s cut at %d: %q serves, %v, %v; the disk holds %q", name, cut, m.File, wrong, err, held)
		}
		slots := must[[]Slot](t)(s.Slots())
		for _, slot := range slots {
			if slot.Wrong != "" {
				t.Errorf("%s cut at %d: the slot %.12s is wrong: %s", name, cut, slot.Digest, slot.Wrong)
			}
		}
		if slot := slots[slices.IndexFunc(slots, func(slot Slot) bool { return slot.Current })]; slot.Cut > 1 {
			t.Errorf("%s cut at %d: one power cut counts as %d", name, cut, slot.Cut)
		}
		if change == nil {
			return
		}
		if err := change(s); err != nil {
			t.Errorf("%s cut at %d: cannot be made again: %v", name, cut, err)
		}
		if m, wrong, err := s.Serving(); err != nil || wrong != nil || m.Digest != new.Digest {
			t.Errorf("%s cut at %d and made again: %q serves, %v, %v", name, cut, m.File, wrong, err)
		}
		if slots := must[[]Slot](t)(s.Slots()); len(slots) > Newest+2 {
			t.Errorf("%s cut at %d and made again: there are %d slots", name, cut, len(slots))
		}
	}
	for name, change := range changes {
		before := before
		if name == "install and remove the oldest" {
			before = full.after()[0]
		}
		whole := newCrashDisk(before)
		if err := change.run(must[*Store](t)(open(whole, p))); err != nil {
			t.Fatalf("%s without a cut: %v", name, err)
		}
		for cut := 1; cut <= whole.operations+1; cut++ {
			points++
			d := newCrashDisk(before)
			d.cut = cut
			s, err := open(d, p)
			if err == nil {
				err = change.run(s)
			}
			if wantErr := cut <= whole.operations; (err != nil) != wantErr {
				t.Fatalf("%s cut at %d of %d: %v", name, cut, whole.operations, err)
			}
			for _, held := range d.after() {
				check(name, cut, change.run, models[1], change.new, held)
			}
		}
	}
	// Rollback cannot be repeated blindly: its second time leads back.
	rollback := func(s *Store) error { _, err := s.Rollback(); return err }
	whole := newCrashDisk(before)
	if err := rollback(must[*Store](t)(open(whole, p))); err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut <= whole.operations+1; cut++ {
		points++
		d := newCrashDisk(before)
		d.cut = cut
		if s, err := open(d, p); err == nil {
			err = rollback(s)
			if (err != nil) != (cut <= whole.operations) {
				t.Fatalf("rollback cut at %d of %d: %v", cut, whole.operations, err)
			}
		}
		for _, held := range d.after() {
			check("rollback", cut, nil, models[1], models[0], held)
		}
	}
	t.Logf("%d cuts, %d states of the disk after them", points, outcomes)
	if points < 120 || outcomes < 600 {
		t.Error("too few cuts were tried to mean anything")
	}
}

// The crashing disk finds a store that forgets to sync: with Syncs of files or
// of the folder ignored, some cut leaves something else than the old or the new.
func TestCrashDiskCatchesMissingSyncs(t *testing.T) {
	p := testPolicy(t, true)
	for name, forgetful := range map[string]func(*crashDisk) disk{
		"folder": func(d *crashDisk) disk { return unsyncedFolder{d} },
		"files":  func(d *crashDisk) disk { return unsyncedFiles{d} },
	} {
		start := newCrashDisk(nil)
		s := must[*Store](t)(open(start, p))
		old := must[Model](t)(s.Install([]byte("the old model"), nil, ""))
		must[Model](t)(s.Activate(old.Digest))
		before := start.after()[0]
		bad := 0
		for cut := 1; cut < 20; cut++ {
			d := newCrashDisk(before)
			d.cut = cut
			s, err := open(forgetful(d), p)
			if err != nil {
				continue
			}
			m, err := s.Install([]byte("the new model"), nil, "")
			if err == nil {
				_, err = s.Activate(m.Digest)
			}
			for _, held := range d.after() {
				s := must[*Store](t)(open(newCrashDisk(held), p))
				serving, wrong, servingErr := s.Serving()
				lost := err == nil && serving.Digest != m.Digest
				if wrong != nil || servingErr != nil || lost {
					bad++
				}
			}
		}
		if bad == 0 {
			t.Errorf("without syncing the %s nothing goes wrong", name)
		}
	}
}

type unsyncedFolder struct{ *crashDisk }

func (unsyncedFolder) Sync() error { return nil }

type unsyncedFiles struct{ *crashDisk }

func (d unsyncedFiles) Create(name string) (file, error) {
	f, err := d.crashDisk.Create(name)
	return unsyncedFile{f}, err
}

type unsyncedFile struct{ file }

func (unsyncedFile) Sync() error { return nil }

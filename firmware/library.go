package firmware

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"canting/configs"
	"canting/firmware/demo"
	"canting/firmware/store"
)

// origin is where a model came from and what vouches for it.
type origin struct {
	store.Model
	// Source is demonstration, file, slot (named by the configuration) or
	// active (chosen by `canting models activate`).
	Source string
}

const (
	sourceDemo   = "demonstration"
	sourceFile   = "file"
	sourceSlot   = "slot"
	sourceActive = "active"
)

// same tells whether the same is known of two models of the same bytes.
func (o origin) same(other origin) bool {
	return o.Source == other.Source && o.Signed == other.Signed && o.Version == other.Version
}

// library finds the models of one configuration.
type library struct {
	config *configs.Kiosk
	policy store.Policy
	store  *store.Store // nil when the configuration keeps no models
}

// openLibrary opens the models to change or serve them, and makes their folder.
func openLibrary(config *configs.Kiosk) (*library, error) {
	return newLibrary(config, store.Open)
}

// viewLibrary opens the models to look at them, and makes nothing.
func viewLibrary(config *configs.Kiosk) (*library, error) {
	return newLibrary(config, store.View)
}

func newLibrary(config *configs.Kiosk, open func(string, store.Policy) (*store.Store, error)) (*library, error) {
	policy, err := store.NewPolicy(config.Models.Keys, config.Models.AllowUnsigned, int64(config.Models.MaxFileMiB)<<20)
	if err != nil {
		return nil, fmt.Errorf("models.keys: %w", err)
	}
	l := &library{config: config, policy: policy}
	if config.Models.Store != "" {
		l.store, err = open(config.Models.Store, policy)
	}
	return l, err
}

func (l *library) close() error {
	if l.store == nil {
		return nil
	}
	return l.store.Close()
}

// find reads, once, the model that the configuration asks for, and checks its
// signature and version. wrong is why another one than asked for is returned.
func (l *library) find() (o origin, wrong, err error) {
	if name, ok := l.config.ModelSlot(); ok {
		o, err := l.slot(name)
		return o, nil, err
	}
	if l.config.Model != "" {
		o, err := l.open(l.config.Model)
		return o, nil, err
	}
	if l.store == nil {
		return demonstration(), nil, nil
	}
	m, wrong, err := l.store.Serving()
	if errors.Is(err, store.ErrNone) {
		return demonstration(), nil, nil
	}
	return origin{m, sourceActive}, wrong, err
}

// named is a file's model or, if there is no such file, an installed one.
func (l *library) named(name string) (origin, error) {
	if _, err := os.Stat(name); err == nil || l.store == nil {
		return l.open(name)
	}
	return l.slot(name)
}

func (l *library) slot(name string) (origin, error) {
	digest, err := l.store.Find(name)
	if err != nil {
		return origin{}, err
	}
	m, err := l.store.Read(digest)
	return origin{m, sourceSlot}, err
}

// demonstration is part of the program and needs no signature.
func demonstration() origin {
	file := demo.Model()
	sum := sha256.Sum256(file)
	return origin{store.Model{Digest: hex.EncodeToString(sum[:]), File: file}, sourceDemo}
}

// open reads a model's file and the signature beside it.
func (l *library) open(path string) (origin, error) {
	file, signature, err := readModel(path, int64(l.config.Models.MaxFileMiB)<<20)
	if err != nil {
		return origin{}, err
	}
	return l.admit(file, signature)
}

// admit checks a file from outside and its signature.
func (l *library) admit(file, signature []byte) (origin, error) {
	approve := l.policy.Approve
	if l.store != nil {
		approve = l.store.Approve // knows the floor of versions
	}
	m, err := approve(file, signature)
	if store.ReasonOf(err) == store.Altered && parses(file) != nil {
		return origin{}, store.Refuse(store.Truncated, "the model is cut short or damaged: %w", err)
	}
	return origin{m, sourceFile}, err
}

const (
	// maxModelBytes bounds a model that no configuration bounds.
	maxModelBytes     = 64 << 20
	maxSignatureBytes = 16 << 10
	signatureSuffix   = ".minisig"
)

// readModel reads a model's file of at most limit bytes, and its signature if
// there is one. The error is a store.Refusal.
func readModel(path string, limit int64) (file, signature []byte, err error) {
	if file, err = readAtMost(path, limit); err != nil {
		return nil, nil, store.Refuse(reasonToRead(err), "read the model: %w", err)
	}
	signature, err = readAtMost(path+signatureSuffix, maxSignatureBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, store.Refuse(store.Unread, "read the model's signature: %w", err)
	}
	return file, signature, nil
}

var errTooLarge = errors.New("is too large")

func reasonToRead(err error) store.Reason {
	if errors.Is(err, errTooLarge) {
		return store.TooLarge
	}
	return store.Unread
}

func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("%s %w: more than the %d bytes allowed", path, errTooLarge, limit)
	}
	return b, err
}

// prepare builds a classifier of a model and repeats its golden pairs. The
// error is a store.Refusal.
func (l *library) prepare(o origin) (*classifier, error) {
	model, err := loadModel(o.File, l.config.Live.Threads)
	if err != nil {
		return nil, err
	}
	// The arena is allocated with the session below; the packed weights are
	// about as large as the file.
	if needs, allowed := int64(len(o.File))+int64(model.ArenaBytes()), int64(l.config.Models.MemoryMiB)<<20; needs > allowed {
		return nil, store.Refuse(tooHungry, "the model needs %d KiB of memory, more than the %d allowed by models.memory_mib", needs>>10, allowed>>10)
	}
	c, err := classifierOf(model)
	if err != nil {
		return nil, err
	}
	o.File = nil // its bytes are packed now
	c.origin = o
	if err := c.checkGoldens(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// beginTrial notes that a model is about to run for the first time since it was
// asked for. The error is a store.Refusal of a model that took the kiosk down
// with it; that the note could not be written keeps no model from serving.
func (l *library) beginTrial(o origin) error {
	if l.store == nil || o.Source == sourceDemo {
		return nil
	}
	err := l.store.BeginTrial(o.Digest)
	if store.ReasonOf(err) == store.Crashed {
		return err
	}
	if err != nil {
		slog.Warn("a crash in the model's first minute would go unnoticed", "sha256", o.Digest, "error", err)
	}
	return nil
}

// endTrial notes that a model's trial is over.
func (l *library) endTrial(o origin, proved bool) {
	if l.store == nil || o.Source == sourceDemo {
		return
	}
	if err := l.store.EndTrial(o.Digest, proved); err != nil {
		slog.Warn("the end of the model's first minute was not noted", "sha256", o.Digest, "error", err)
	}
}

// prepareOnTrial builds a classifier whose trial has begun.
func (l *library) prepareOnTrial(o origin) (*classifier, error) {
	if err := l.beginTrial(o); err != nil {
		return nil, err
	}
	c, err := l.prepare(o)
	if err != nil {
		l.endTrial(o, false)
	}
	return c, err
}

// first is the classifier to start with. When the one asked for is refused,
// which wrong then tells, it is the store's: first the current, then the
// previous model. A model that took the kiosk down with it serves again only
// where there is no other.
func (l *library) first() (c *classifier, wrong, err error) {
	o, wrong, err := l.find()
	if err == nil {
		if c, err = l.prepareOnTrial(o); err == nil {
			return c, wrong, nil
		}
	}
	if l.store == nil {
		return nil, nil, err
	}
	wrong = err
	crashed := store.ReasonOf(wrong) == store.Crashed
	m, again := l.inPlaceOf(o, crashed)
	if again == nil {
		if c, again = l.prepareOnTrial(origin{m, sourceActive}); again == nil {
			return c, wrong, nil
		}
	}
	if crashed {
		if c, again = l.prepare(o); again == nil {
			return c, wrong, nil
		}
	}
	return nil, nil, wrong
}

// inPlaceOf is the store's model to serve when o was refused.
func (l *library) inPlaceOf(o origin, crashed bool) (store.Model, error) {
	if l.config.Model == "" && crashed {
		return l.store.GiveUp(o.Digest)
	}
	m, _, err := l.store.Serving()
	if err == nil && l.config.Model == "" {
		m, err = l.store.Rollback()
	}
	return m, err
}

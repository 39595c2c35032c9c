package firmware

import (
	"context"
	"errors"
	"fmt"

	"canting/firmware/store"
)

// shelf is a place of models that a curator changes: this machine's folder, or
// a kiosk's over the network. The errors are store.Refusals where a model was
// refused.
type shelf interface {
	list(ctx context.Context) ([]store.Slot, error)
	install(ctx context.Context, file, signature []byte) (modelReport, error)
	activate(ctx context.Context, slot string) (modelReport, error)
	rollBack(ctx context.Context) (modelReport, error)
	close() error
}

// modelReport is what a command says about a model.
type modelReport struct {
	Did      string   `json:"did"` // verified, installed, activated, rolled back
	SHA256   string   `json:"sha256"`
	Signed   bool     `json:"signed"`
	Version  uint64   `json:"version"` // 0 when not signed
	Labels   []string `json:"labels"`
	Goldens  int      `json:"goldens"` // pairs that were repeated byte for byte
	Warnings []string `json:"warnings"`
}

// refusedReport is the JSON of a model that was refused.
type refusedReport struct {
	Refused store.Reason `json:"refused"`
	Error   string       `json:"error"`
}

// slotList is the JSON of the installed models.
type slotList struct {
	Slots []store.Slot `json:"slots"`
}

var errNoStore = errors.New("the configuration names no folder of models: set models.store in it")

func (l *library) list(context.Context) ([]store.Slot, error) {
	if l.store == nil {
		return nil, errNoStore
	}
	return l.store.Slots()
}

// install checks a model as the kiosk does before it serves, and keeps it.
func (l *library) install(_ context.Context, file, signature []byte) (modelReport, error) {
	if l.store == nil {
		return modelReport{}, errNoStore
	}
	o, err := l.admit(file, signature)
	if err != nil {
		return modelReport{}, err
	}
	r, err := l.examine("installed", o)
	if err != nil {
		return modelReport{}, err
	}
	named, ok := l.config.ModelSlot()
	if !ok {
		named = ""
	}
	_, err = l.store.Install(o.File, o.Signature, named)
	return r, err
}

// activate lets an installed model serve. A running kiosk sees it by itself.
func (l *library) activate(_ context.Context, slot string) (modelReport, error) {
	if l.store == nil {
		return modelReport{}, errNoStore
	}
	o, err := l.slot(slot)
	if err != nil {
		return modelReport{}, err
	}
	r, err := l.examine("activated", o)
	if err != nil {
		return modelReport{}, err
	}
	_, err = l.store.Activate(o.Digest)
	return l.warnIfNamed(r), err
}

// rollBack lets the previous model serve again.
func (l *library) rollBack(context.Context) (modelReport, error) {
	if l.store == nil {
		return modelReport{}, errNoStore
	}
	m, err := l.store.Rollback()
	if err != nil {
		return modelReport{}, err
	}
	r, err := l.examine("rolled back to", origin{m, sourceActive})
	return l.warnIfNamed(r), err
}

// examine prepares a model as the kiosk would and describes it.
func (l *library) examine(did string, o origin) (modelReport, error) {
	c, err := l.prepare(o)
	if err != nil {
		return modelReport{}, err
	}
	defer c.close()
	r := modelReport{
		Did: did, SHA256: o.Digest, Signed: o.Signed, Version: o.Version,
		Labels: c.labels, Goldens: len(c.model.Metadata().Golden), Warnings: []string{},
	}
	motifs, err := loadMotifs(l.config.Motifs)
	if err != nil {
		return modelReport{}, err
	}
	for _, label := range untold(c, motifs) {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the motif %q has no name and story: add it to the motifs file", label))
	}
	if !c.model.HasMetadata() {
		r.Warnings = append(r.Warnings, assumed)
	}
	return r, nil
}

// warnIfNamed says when the configuration's own choice goes before the store's.
func (l *library) warnIfNamed(r modelReport) modelReport {
	if l.config.Model != "" {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the configuration's own model: %s goes before it; set model: \"\"", l.config.Model))
	}
	return r
}

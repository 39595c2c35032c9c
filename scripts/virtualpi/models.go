package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// signed is a model file with its minisign signature beside it.
type signed struct {
	path   string
	digest string
}

// models are the models that are installed on the virtual Pi, and the key that
// they are signed with.
type models struct {
	folder, key string // the curator's folder and public key
	first       signed
	second      signed
}

// recipe trains, in seconds, a model that has everything but accuracy.
const recipe = `name: A model for installs
seed: 1
input: {size: 32, crop: 1, grey_world: false}
network:
  - {conv: 8, kernel: 3, norm: true, pool: true}
  - {mean: true}
augment: {crop: 0.9, rotate90: false, mirror: true, rotate: 5, brightness: 0.1, contrast: 0.1, colour: 0}
training: {batch: 8, epochs: 1, optimizer: adam, learning_rate: 0.003, schedule: cosine, weight_decay: 0, label_smoothing: 0, balance: true, test_share: 0.2}
quantization: {calibration: 8}
decision: {folds: 0, threshold: 0}
`

// version is that of every model that is to serve: the floor must not rise
// between two of them.
const version = 1

// makeModels makes a key and two small models.
func makeModels(ctx context.Context, programs, folder string) (*models, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	m := &models{folder: folder}
	if _, err := command(ctx, "minisign", "-G", "-W", "-f", "-p", m.file("key.pub"), "-s", m.file("key")); err != nil {
		return nil, err
	}
	public, err := os.ReadFile(m.file("key.pub"))
	if err != nil {
		return nil, err
	}
	_, m.key, _ = strings.Cut(strings.TrimSpace(string(public)), "\n")
	trainer := filepath.Join(programs, "canting-trainer")
	if err := os.WriteFile(m.file("recipe.yaml"), []byte(recipe), 0o644); err != nil {
		return nil, err
	}
	if _, err := command(ctx, trainer, "draw", "--seed", "70", "--count", "rumah_gadang=6,rangkiang=6,kabau_padati=6,burung_hong=6", "--out", m.file("cloths")); err != nil {
		return nil, err
	}
	for seed, s := range []*signed{1: &m.first, 2: &m.second} {
		if s == nil {
			continue
		}
		out := m.file(fmt.Sprint("trained-", seed))
		if _, err := command(ctx, trainer, "train", "--config", m.file("recipe.yaml"), "--seed", fmt.Sprint(seed), "--data", m.file("cloths"), "--out", out); err != nil {
			return nil, err
		}
		if *s, err = m.sign(ctx, filepath.Join(out, "model.tflite"), fmt.Sprintf("model-%d.tflite", seed), version); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *models) file(name string) string { return filepath.Join(m.folder, name) }

// sign copies a model into the curator's folder under a name and signs it.
func (m *models) sign(ctx context.Context, from, name string, version int) (signed, error) {
	content, err := os.ReadFile(from)
	if err != nil {
		return signed{}, err
	}
	return m.signBytes(ctx, content, name, version)
}

func (m *models) signBytes(ctx context.Context, content []byte, name string, version int) (signed, error) {
	path := m.file(name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return signed{}, err
	}
	_, err := command(ctx, "minisign", "-S", "-s", m.file("key"), "-m", path, "-t", fmt.Sprint("version:", version))
	sum := sha256.Sum256(content)
	return signed{path, hex.EncodeToString(sum[:])}, err
}

// send puts a model and its signature, if it has one, into the guest's /host.
func (s signed) send(m *machine) error {
	if err := m.send(s.path); err != nil {
		return err
	}
	if err := m.send(s.path + ".minisig"); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// wrongAnswers spoils a model's golden output and nothing else.
func wrongAnswers(model []byte) ([]byte, error) {
	mark := []byte(`"output":"`)
	at := bytes.LastIndex(model, mark)
	if at < 0 {
		return nil, errors.New("the model has no golden outputs to spoil")
	}
	spoilt := bytes.Clone(model)
	first := &spoilt[at+len(mark)]
	if *first == 'A' {
		*first = 'B'
	} else {
		*first = 'A'
	}
	return spoilt, nil
}

// bad is a model that must be refused, and why.
type bad struct {
	signed
	reason string
}

// badModels are made from the second model.
func (m *models) badModels(ctx context.Context) ([]bad, error) {
	good, err := os.ReadFile(m.second.path)
	if err != nil {
		return nil, err
	}
	signature, err := os.ReadFile(m.second.path + ".minisig")
	if err != nil {
		return nil, err
	}
	spoilt, err := wrongAnswers(good)
	if err != nil {
		return nil, err
	}
	var all []bad
	for _, b := range []struct {
		reason             string
		content, signature []byte
	}{
		{"truncated", good[:len(good)/2], signature},
		{"altered", spoilt, signature},
		{"unsigned", good, nil},
	} {
		path := m.file(b.reason + ".tflite")
		if err := os.WriteFile(path, b.content, 0o644); err != nil {
			return nil, err
		}
		if b.signature != nil {
			if err := os.WriteFile(path+".minisig", b.signature, 0o644); err != nil {
				return nil, err
			}
		}
		all = append(all, bad{signed{path: path}, b.reason})
	}
	s, err := m.signBytes(ctx, spoilt, "golden.tflite", version)
	return append(all, bad{s, "golden"}), err
}

const cantingModels = "runuser -u canting -- canting models --config /etc/canting/kiosk.yaml --json "

// swapModels installs and activates two models, has bad ones refused, and goes
// back.
func swapModels(ctx context.Context, b *bench) (string, error) {
	m := b.machine
	for _, s := range []signed{b.models.first, b.models.second} {
		if err := installAndActivate(ctx, m, s); err != nil {
			return "", err
		}
	}
	bads, err := b.models.badModels(ctx)
	if err != nil {
		return "", err
	}
	var reasons []string
	for _, wrong := range bads {
		if err := refused(ctx, m, wrong); err != nil {
			return "", err
		}
		reasons = append(reasons, wrong.reason)
	}
	if _, err := m.run(ctx, cantingModels+"rollback"); err != nil {
		return "", err
	}
	_, took, err := m.kiosk.await(ctx, "the model before", func(s state) bool { return s.Model.SHA256 == b.models.first.digest && s.Answer != nil })
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("two models with their golden pairs repeated; refused: %s; rolled back in %.1f s", strings.Join(reasons, ", "), took.Seconds()), nil
}

// refused has a model refused, for its reason.
func refused(ctx context.Context, m *machine, wrong bad) error {
	if err := wrong.send(m); err != nil {
		return err
	}
	out, err := m.run(ctx, cantingModels+"install /host/"+filepath.Base(wrong.path))
	var failed *guestError
	if !errors.As(err, &failed) {
		return fmt.Errorf("a model that is %s was not refused: %s %w", wrong.reason, out, err)
	}
	var said struct {
		Refused string `json:"refused"`
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Refused != wrong.reason {
		return fmt.Errorf("a model that is %s was refused as %q: %s", wrong.reason, said.Refused, failed.stderr)
	}
	return nil
}

// installAndActivate does so with a signed model and waits until it serves.
func installAndActivate(ctx context.Context, m *machine, s signed) error {
	if err := s.send(m); err != nil {
		return err
	}
	out, err := m.run(ctx, cantingModels+"install /host/"+filepath.Base(s.path)+" && "+cantingModels+"activate "+s.digest[:12])
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(out))
	for _, did := range []string{"installed", "activated"} {
		var said struct {
			Did     string `json:"did"`
			Goldens int    `json:"goldens"`
		}
		if err := decoder.Decode(&said); err != nil || said.Did != did || said.Goldens == 0 {
			return fmt.Errorf("the model was not %s with its golden pairs: %s", did, out)
		}
	}
	_, _, err = m.kiosk.await(ctx, "the activated model", func(now state) bool { return now.Model.SHA256 == s.digest && now.Answer != nil })
	return err
}

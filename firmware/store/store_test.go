package store

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jedisct1/go-minisign"
)

const testLimit = 1 << 20

// signer is a new key pair of minisign's.
type signer struct {
	private minisign.PrivateKey
	public  string
}

func newSigner(t testing.TB) signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := signer{private: minisign.PrivateKey{SignatureAlgorithm: [2]byte{'E', 'd'}, ChecksumAlgorithm: [2]byte{'B', '2'}}}
	copy(s.private.SecretKey[:], private)
	rand.Read(s.private.KeyId[:])
	s.public = base64.StdEncoding.EncodeToString(slices.Concat([]byte("Ed"), s.private.KeyId[:], public))
	return s
}

func (s signer) sign(t testing.TB, file []byte, comment string) []byte {
	t.Helper()
	signature, err := s.private.Sign(file, minisign.SignOptions{TrustedComment: comment, Hashed: true})
	if err != nil {
		t.Fatal(err)
	}
	return signature.Encode()
}

func testPolicy(t testing.TB, allowUnsigned bool, keys ...string) Policy {
	t.Helper()
	p, err := NewPolicy(keys, allowUnsigned, testLimit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func openTest(t testing.TB, path string, p Policy) *Store {
	t.Helper()
	s, err := Open(path, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// What minisign itself signed is believed, with its version.
func TestMinisignsOwnSignature(t *testing.T) {
	read := func(name string) []byte { return must[[]byte](t)(os.ReadFile(filepath.Join("testdata", name))) }
	key := strings.Split(string(read("key.pub")), "\n")[1]
	p := testPolicy(t, false, key)
	note, signature := read("note.txt"), read("note.txt.minisig")
	m := must[Model](t)(p.Approve(note, signature))
	if !m.Signed || m.Version != 7 {
		t.Errorf("approved as %+v", m)
	}
	if _, err := p.Approve(note, bytes.ReplaceAll(signature, []byte("\n"), []byte("\r\n"))); err != nil {
		t.Errorf("with Windows line ends: %v", err)
	}
	if _, err := p.Approve(note, bytes.Replace(signature, []byte("version:7"), []byte("version:8"), 1)); ReasonOf(err) != Altered {
		t.Errorf("with its version changed: %v", err)
	}
}

func TestApproveRefusesWithAReason(t *testing.T) {
	ours, theirs := newSigner(t), newSigner(t)
	file := []byte("a model")
	good := ours.sign(t, file, "version:3")
	for name, c := range map[string]struct {
		file, signature []byte
		allowUnsigned   bool
		want            Reason // empty: approved
	}{
		"signed":                      {file, good, false, ""},
		"altered":                     {[]byte("b model"), good, false, Altered},
		"altered, unsigned allowed":   {[]byte("b model"), good, true, Altered},
		"truncated":                   {file[:3], good, false, Altered},
		"signature cut":               {file, good[:40], false, Altered},
		"signature cut, unsigned too": {file, good[:40], true, Altered},
		"wrong key":                   {file, theirs.sign(t, file, "version:3"), false, WrongKey},
		"stranger, unsigned allowed":  {file, theirs.sign(t, file, "version:3"), true, ""},
		"no version":                  {file, ours.sign(t, file, "timestamp:1"), false, NoVersion},
		"version is a word":           {file, ours.sign(t, file, "version:new"), false, NoVersion},
		"unsigned":                    {file, nil, false, Unsigned},
		"unsigned allowed":            {file, nil, true, ""},
		"too large":                   {make([]byte, testLimit+1), nil, true, TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := testPolicy(t, c.allowUnsigned, ours.public).Approve(c.file, c.signature)
			if c.want == "" {
				if wantSigned := bytes.Equal(c.signature, good); err != nil || m.Signed != wantSigned || wantSigned && m.Version != 3 {
					t.Errorf("got %+v, %v", m, err)
				}
				return
			}
			if err == nil || ReasonOf(err) != c.want || len(m.File) != 0 {
				t.Errorf("got %+v, %q, %v; want %q", m, ReasonOf(err), err, c.want)
			}
		})
	}
	if _, err := NewPolicy([]string{"RWQ"}, false, 1); err == nil {
		t.Error("half a key was taken")
	}
}

func TestInstallActivateRollback(t *testing.T) {
	ours := newSigner(t)
	path := t.TempDir()
	s := openTest(t, path, testPolicy(t, false, ours.public))
	if _, _, err := s.Serving(); !errors.Is(err, ErrNone) {
		t.Errorf("an empty store serves: %v", err)
	}
	if _, err := s.Rollback(); err == nil {
		t.Error("an empty store rolled back")
	}
	var models []Model
	for version := range 3 {
		file := fmt.Appendf(nil, "model %d", version)
		models = append(models, must[Model](t)(s.Install(file, ours.sign(t, file, fmt.Sprintf("version:%d", version)), "")))
	}
	if _, _, err := s.Serving(); !errors.Is(err, ErrNone) {
		t.Errorf("installing alone made a model serve: %v", err)
	}
	serves := func(what string, want Model) {
		t.Helper()
		// As another process sees it, after a restart.
		m, wrong, err := openTest(t, path, s.policy).Serving()
		if err != nil || wrong != nil || m.Digest != want.Digest || !bytes.Equal(m.File, want.File) || m.Version != want.Version {
			t.Errorf("%s: %q serves (%v, %v), want %q", what, m.File, wrong, err, want.File)
		}
	}
	must[Model](t)(s.Activate(models[0].Digest))
	serves("the first", models[0])
	must[Model](t)(s.Activate(models[1].Digest))
	must[Model](t)(s.Activate(models[1].Digest)) // once more is no change
	serves("the second", models[1])
	must[Model](t)(s.Rollback())
	serves("after rollback", models[0])
	must[Model](t)(s.Rollback())
	serves("after rollback's rollback", models[1])

	if err := s.Confirm(models[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Activate(models[0].Digest); ReasonOf(err) != Older {
		t.Errorf("below the floor: %v", err)
	}
	if _, err := s.Install(models[0].File, models[0].Signature, ""); ReasonOf(err) != Older {
		t.Errorf("below the floor: %v", err)
	}
	must[Model](t)(s.Rollback())
	serves("a rollback below the floor", models[0])
	if err := s.Confirm(models[0]); err != nil {
		t.Fatal(err)
	}
	if floor := must[uint64](t)(s.floor()); floor != 1 {
		t.Errorf("the floor fell to %d", floor)
	}

	slots := must[[]Slot](t)(s.Slots())
	if len(slots) != 3 {
		t.Fatalf("slots %+v", slots)
	}
	for _, slot := range slots {
		if slot.Wrong != "" || !slot.Signed || slot.Current != (slot.Digest == models[0].Digest) || slot.Previous != (slot.Digest == models[1].Digest) {
			t.Errorf("slot %+v", slot)
		}
	}
	if found := must[string](t)(s.Find(models[2].Digest[:8])); found != models[2].Digest {
		t.Errorf("found %s", found)
	}
	for _, name := range []string{"", "xyz", strings.Repeat("0", 64), "../" + models[2].Digest} {
		if _, err := s.Find(name); err == nil {
			t.Errorf("%q was found", name)
		}
	}
}

// A slot that the disk has damaged is passed over, and installing mends it.
func TestDamagedSlotIsNeverServed(t *testing.T) {
	for _, signed := range []bool{true, false} {
		ours := newSigner(t)
		path := t.TempDir()
		s := openTest(t, path, testPolicy(t, !signed, ours.public))
		var models []Model
		for i := range 3 {
			file := fmt.Appendf(nil, "model %d", i)
			var signature []byte
			if signed {
				signature = ours.sign(t, file, "version:1")
			}
			models = append(models, must[Model](t)(s.Install(file, signature, "")))
		}
		must[Model](t)(s.Activate(models[0].Digest))
		must[Model](t)(s.Activate(models[1].Digest))
		for _, damage := range [][]byte{nil, []byte("mod"), []byte("model 1 and more"), []byte("model 2")} {
			if err := os.WriteFile(filepath.Join(path, models[1].Digest+modelSuffix), damage, 0o600); err != nil {
				t.Fatal(err)
			}
			m, wrong, err := s.Serving()
			if err != nil || wrong == nil || m.Digest != models[0].Digest {
				t.Errorf("signed %v, damaged to %q: %q serves, %v, %v", signed, damage, m.File, wrong, err)
			}
			if _, err := s.Activate(models[1].Digest); err == nil {
				t.Error("a damaged slot was activated")
			}
			must[Model](t)(s.Install(models[1].File, models[1].Signature, ""))
			if m, wrong, err := s.Serving(); err != nil || wrong != nil || m.Digest != models[1].Digest {
				t.Errorf("installed again: %q serves, %v, %v", m.File, wrong, err)
			}
		}
		// The damaged one is not what a rollback should lead to.
		if err := os.Remove(filepath.Join(path, models[1].Digest+modelSuffix)); err != nil {
			t.Fatal(err)
		}
		must[Model](t)(s.Activate(models[2].Digest))
		if m := must[Model](t)(s.Rollback()); m.Digest != models[0].Digest {
			t.Errorf("rolled back to %q", m.File)
		}
		for _, text := range []string{"", "\n", "x\n", strings.Repeat("z", 64), strings.Repeat("a", 1000)} {
			if err := os.WriteFile(filepath.Join(path, ActiveFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if m, _, err := s.Serving(); err == nil {
				t.Errorf("with %q as current, %q serves", text, m.File)
			}
		}
	}
}

// View reads what is there, or that nothing is, and leaves the folder as it was.
func TestViewChangesNothing(t *testing.T) {
	ours := newSigner(t)
	policy := testPolicy(t, true, ours.public)
	absent := filepath.Join(t.TempDir(), "absent")
	v := must[*Store](t)(View(absent, policy))
	if slots := must[[]Slot](t)(v.Slots()); len(slots) != 0 {
		t.Errorf("a folder that is not there holds %+v", slots)
	}
	if _, _, err := v.Serving(); !errors.Is(err, ErrNone) {
		t.Errorf("it serves: %v", err)
	}
	if _, err := v.Install([]byte("model"), nil, ""); err == nil {
		t.Error("a model was installed into a folder that is not there")
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(absent); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}

	path := t.TempDir()
	m := must[Model](t)(openTest(t, path, policy).Install([]byte("model"), nil, ""))
	half := filepath.Join(path, "half"+pendingSuffix)
	if err := errors.Join(os.Remove(filepath.Join(path, lockFile)), os.WriteFile(half, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	v = must[*Store](t)(View(path, policy))
	defer v.Close()
	if slots := must[[]Slot](t)(v.Slots()); len(slots) != 1 || slots[0].Digest != m.Digest {
		t.Errorf("it holds %+v", slots)
	}
	if _, err := os.Stat(filepath.Join(path, lockFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made the lock: %v", err)
	}
	if _, err := os.Stat(half); err != nil {
		t.Errorf("looking cleared something away: %v", err)
	}
}

// Two processes, here two stores, never change a folder at once.
func TestChangesExcludeEachOther(t *testing.T) {
	path := t.TempDir()
	p := testPolicy(t, true)
	const each = 20
	var wait sync.WaitGroup
	for i := range 4 {
		s := openTest(t, path, p)
		wait.Go(func() {
			for j := range each {
				m, err := s.Install(fmt.Appendf(nil, "model %d", (i+j)%5), nil, "")
				if err == nil {
					_, err = s.Activate(m.Digest)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	s := openTest(t, path, p)
	if m, wrong, err := s.Serving(); err != nil || wrong != nil {
		t.Errorf("%q serves: %v, %v", m.File, wrong, err)
	}
	if slots := must[[]Slot](t)(s.Slots()); len(slots) != 5 {
		t.Errorf("%d slots", len(slots))
	}
}

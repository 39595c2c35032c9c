package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/jedisct1/go-minisign"
)

// Policy says which files are taken for models.
type Policy struct {
	keys          []minisign.PublicKey
	allowUnsigned bool
	maxBytes      int64
}

// NewPolicy takes minisign's public keys, each the second line of a .pub file.
func NewPolicy(keys []string, allowUnsigned bool, maxBytes int64) (Policy, error) {
	p := Policy{allowUnsigned: allowUnsigned, maxBytes: maxBytes}
	for _, text := range keys {
		key, err := minisign.NewPublicKey(text)
		if err != nil {
			return Policy{}, fmt.Errorf("%q is no public key of minisign: %w", text, err)
		}
		p.keys = append(p.keys, key)
	}
	return p, nil
}

// Model is a file that a policy approves of.
type Model struct {
	Digest    string // SHA-256 of File, hexadecimal
	File      []byte
	Signature []byte // minisign's, empty when there is none
	// Signed says that one of the policy's keys signed the file; Version is
	// then the signature's, and 0 otherwise.
	Signed  bool
	Version uint64
}

// Approve checks a file against the policy. signature is the content of its
// .minisig, empty when there is none. The error is a Refusal.
func (p Policy) Approve(file, signature []byte) (Model, error) {
	sum := sha256.Sum256(file)
	m := Model{Digest: hex.EncodeToString(sum[:]), File: file, Signature: signature}
	if int64(len(file)) > p.maxBytes {
		return Model{}, tooLarge(int64(len(file)), p.maxBytes)
	}
	version, err := p.verify(file, signature)
	switch {
	case err == nil:
		m.Signed, m.Version = true, version
	case p.allowUnsigned && (ReasonOf(err) == Unsigned || ReasonOf(err) == WrongKey):
		// Unsigned files are taken, so a stranger's signature says no less.
	default:
		return Model{}, err
	}
	return m, nil
}

func tooLarge(has, allowed int64) error {
	return Refuse(TooLarge, "the model has %d bytes, more than the %d allowed by models.max_file_mib", has, allowed)
}

func (p Policy) verify(file, signature []byte) (version uint64, err error) {
	if len(signature) == 0 {
		return 0, Refuse(Unsigned, "the model has no signature: sign it with minisign, or set models.allow_unsigned")
	}
	s, err := minisign.DecodeSignature(string(signature))
	if err != nil {
		return 0, Refuse(Altered, "the model's signature cannot be read: %w", err)
	}
	for _, key := range p.keys {
		if key.KeyId != s.KeyId {
			continue
		}
		if _, err := key.Verify(file, s); err != nil {
			return 0, Refuse(Altered, "the model or its signature was changed after signing: %w", err)
		}
		return versionOf(s.TrustedComment)
	}
	return 0, Refuse(WrongKey, "the model is signed with the key %X, which is not among models.keys", reversed(s.KeyId))
}

// reversed is a key's number as minisign prints it: little-endian.
func reversed(id [8]byte) (printed [8]byte) {
	for i, b := range id {
		printed[len(id)-1-i] = b
	}
	return printed
}

// versionOf finds the field version:N of a trusted comment.
func versionOf(comment string) (uint64, error) {
	for _, field := range strings.Fields(comment) {
		if text, ok := strings.CutPrefix(field, "version:"); ok {
			if version, err := strconv.ParseUint(text, 10, 64); err == nil {
				return version, nil
			}
		}
	}
	return 0, Refuse(NoVersion, "the signature's trusted comment names no version: sign with minisign -S -t version:1 -m model.tflite, counting up")
}

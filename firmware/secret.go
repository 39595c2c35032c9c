package firmware

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"golang.org/x/time/rate"
)

const (
	minSecret = 16   // bytes
	maxSecret = 4096 // bytes
)

// readSecret reads a file that only its owner, or its group at most for
// reading, may open. Nothing of its content is ever in an error.
func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the curator's secret: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the curator's secret: %w", err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o037 != 0 {
		return nil, fmt.Errorf("the curator's secret %s has the mode %v, and others may not read it: chmod 600 %s", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("read the curator's secret: %w", err)
	}
	secret := bytes.TrimSpace(text)
	if len(secret) < minSecret || len(text) > maxSecret {
		return nil, fmt.Errorf("the curator's secret %s has %d bytes, it must have from %d to %d", path, len(secret), minSecret, maxSecret)
	}
	return secret, nil
}

// doorkeeper lets in who knows the curator's secret.
type doorkeeper struct {
	mu sync.Mutex
	// wrong bounds how often a secret may be guessed. While guesses are held
	// off so is the right one, or the guesser would know it by the difference.
	wrong *rate.Limiter
}

const (
	guessRate  = 1 // a second
	guessBurst = 5
)

func newDoorkeeper() *doorkeeper { return &doorkeeper{wrong: rate.NewLimiter(guessRate, guessBurst)} }

// admit returns nil for a request that carries the secret, and else the answer
// to it. The file is read anew, so that a new secret counts at once.
func (d *doorkeeper) admit(secretFile string, r *http.Request) *denial {
	if secretFile == "" {
		return &denial{http.StatusForbidden, "off", "the curator's actions are off: put a secret into a file and name it as curator.secret_file in the kiosk's configuration"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wrong.Tokens() < 1 {
		return &denial{http.StatusTooManyRequests, "too_many", "too many wrong secrets: wait a second and try again"}
	}
	secret, err := readSecret(secretFile)
	if err != nil {
		return &denial{http.StatusForbidden, "off", "the curator's actions are off: " + err.Error()}
	}
	scheme, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(strings.TrimSpace(sent))), sha256.Sum256(secret)
	if subtle.ConstantTimeCompare(got[:], want[:]) == 1 && strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	d.wrong.Allow()
	return &denial{http.StatusUnauthorized, "secret", "this needs the curator's secret: Authorization: Bearer SECRET"}
}

// denial is why a request is not answered, and how.
type denial struct {
	status int
	reason string
	what   string
}

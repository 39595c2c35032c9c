package firmware

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jedisct1/go-minisign"

	"canting/firmware/store"
	"canting/infer/metadata"
)

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

// sign writes the signature beside a model.
func (s signer) sign(t testing.TB, path string, version int) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := s.private.Sign(file, minisign.SignOptions{TrustedComment: fmt.Sprintf("version:%d", version), Hashed: true})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path+signatureSuffix, signature.Encode())
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// misnamed are the demonstration's cloths, each under the next motif's name: a
// model of them never agrees with one of the cloths themselves.
func misnamed(t testing.TB) []cloth {
	t.Helper()
	cloths := demoCloths(t)
	motifs := slices.Sorted(maps.Keys(motifsOf(cloths)))
	for i := range cloths {
		at := slices.Index(motifs, cloths[i].motif)
		cloths[i].motif = motifs[(at+1)%len(motifs)]
	}
	return cloths
}

func motifsOf(cloths []cloth) map[string]bool {
	motifs := map[string]bool{}
	for _, c := range cloths {
		motifs[c.motif] = true
	}
	return motifs
}

func digestOf(t testing.TB, path string) string {
	t.Helper()
	c, err := newClassifier(readFile(t, path), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	return c.model.Digest()
}

func saveInPlace(t testing.TB, path, text string) { writeFile(t, path, []byte(text)) }

func saveByRename(t testing.TB, path, text string) {
	t.Helper()
	writeFile(t, path+"~new", []byte(text))
	if err := os.Rename(path+"~new", path); err != nil {
		t.Fatal(err)
	}
}

// startKioskAt runs a kiosk on a configuration that the test goes on to change.
func startKioskAt(t testing.TB, yaml string) (url, config string) {
	t.Helper()
	config = filepath.Join(t.TempDir(), "kiosk.yaml")
	saveInPlace(t, config, yaml)
	return runKiosk(t, config), config
}

// gallery is a configuration with a store, and two signed models.
type gallery struct {
	config       string
	models       [2]string // paths
	digests      [2]string
	ours, theirs signer
}

func newGallery(t testing.TB) gallery {
	t.Helper()
	g := gallery{ours: newSigner(t), theirs: newSigner(t)}
	folder := t.TempDir()
	g.config = filepath.Join(folder, "kiosk.yaml")
	saveInPlace(t, g.config, fmt.Sprintf("models: {store: models, keys: [%s]}\ncamera: {source: demo, hold: 500ms}\n", g.ours.public))
	g.models = [2]string{testModel(t, func(*metadata.Golden) {}), testModelOf(t, misnamed(t), 0.4, func(*metadata.Golden) {})}
	for i, path := range g.models {
		g.ours.sign(t, path, i+1)
		g.digests[i] = digestOf(t, path)
	}
	return g
}

// run runs `canting models --json` and reads its answer.
func (g gallery) run(t testing.TB, into any, args ...string) (code int) {
	t.Helper()
	code, stdout, stderr := canting(append([]string{"models", "--json", "--config", g.config}, args...)...)
	if err := json.Unmarshal([]byte(stdout), into); err != nil {
		t.Fatalf("%v: %v; %s%s", args, err, stdout, stderr)
	}
	return code
}

func (g gallery) slots(t testing.TB) []store.Slot {
	t.Helper()
	var list struct{ Slots []store.Slot }
	if code := g.run(t, &list, "list"); code != exitDone {
		t.Fatalf("list: exit %d", code)
	}
	return list.Slots
}

// do wants a command to succeed.
func (g gallery) do(t testing.TB, args ...string) (r modelReport) {
	t.Helper()
	if code := g.run(t, &r, args...); code != exitDone {
		t.Fatalf("%v: exit %d", args, code)
	}
	return r
}

// startProgram runs the kiosk as a process of its own until the test ends.
func startProgram(t testing.TB, config string) (url string) {
	t.Helper()
	url, command := launch(t, config)
	t.Cleanup(func() { stopProgram(t, command) })
	return url
}

// launch starts the kiosk as a process of its own.
func launch(t testing.TB, config string) (url string, command *exec.Cmd) {
	t.Helper()
	return launchLogging(t, config, t.Output())
}

// launchLogging is launch with a log of its own and more in its environment.
func launchLogging(t testing.TB, config string, log io.Writer, environment ...string) (url string, command *exec.Cmd) {
	t.Helper()
	command = exec.Command(os.Args[0], "run", "--config", config, "--listen", "127.0.0.1:0")
	command.Env = append(append(os.Environ(), asCanting+"=1"), environment...)
	command.Stderr = log
	return listening(t, command), command
}

// listening starts a kiosk and waits until it tells its address.
func listening(t testing.TB, command *exec.Cmd) (url string) {
	t.Helper()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		command.Process.Kill()
		t.Fatal(err, command.Wait())
	}
	return strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(line, "Canting is at ")), "/")
}

func stopProgram(t testing.TB, command *exec.Cmd) {
	t.Helper()
	command.Process.Signal(os.Interrupt)
	if err := command.Wait(); err != nil {
		t.Errorf("the kiosk ended with %v", err)
	}
}

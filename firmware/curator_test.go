package firmware

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"canting/firmware/store"
	"canting/infer/metadata"
)

const testSecret = "a secret of this test only"

// curatedKiosk runs a kiosk with a store, two signed models and a secret, and
// keeps its log.
func curatedKiosk(t testing.TB, more string) (g gallery, url, secretFile string, log *lockedBuffer) {
	t.Helper()
	g = newGallery(t)
	secretFile = filepath.Join(filepath.Dir(g.config), "secret")
	writeFile(t, secretFile, []byte(testSecret+"\n"))
	saveInPlace(t, g.config, string(readFile(t, g.config))+"curator: {secret_file: secret}\n"+more)
	log = &lockedBuffer{}
	url = runKioskLogging(t, g.config, log)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(log.String())
		}
		if strings.Contains(log.String(), testSecret) {
			t.Error("the secret is in the log")
		}
	})
	return g, url, secretFile, log
}

// asked is what a curator's request is answered with.
type asked struct {
	status int
	header http.Header
	refusedAnswer
	modelReport
	slotList
}

func askCurator(t testing.TB, method, url, authorization string, body io.Reader, header ...string) (a asked) {
	t.Helper()
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a.status, a.header = response.StatusCode, response.Header
	if strings.Contains(string(text), testSecret) {
		t.Errorf("%s %s answers with the secret: %s", method, url, text)
	}
	for _, into := range []any{&a.refusedAnswer, &a.modelReport, &a.slotList} {
		if err := json.Unmarshal(text, into); err != nil && response.Header.Get("Content-Type") == "application/json" {
			t.Fatalf("%s %s answers %s: %v", method, url, text, err)
		}
	}
	return a
}

// form is a multipart body.
func form(t testing.TB, parts ...string) (body *bytes.Buffer, kind string) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i := 0; i+1 < len(parts); i += 2 {
		part, err := w.CreateFormFile(parts[i], parts[i])
		if err == nil {
			_, err = io.WriteString(part, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body, w.FormDataContentType()
}

// Without a secret that is a secret, the actions are off and say why.
func TestCuratorsActionsAreOffWithoutASecret(t *testing.T) {
	t.Parallel()
	url := startKiosk(t, "camera: {source: demo}\nmodels: {allow_unsigned: true}\n")
	for _, action := range [][2]string{
		{"GET", "/api/v1/models"}, {"POST", "/api/v1/models"}, {"POST", "/api/v1/models/rollback"}, {"POST", "/api/v1/models/0123abcd/activate"},
	} {
		a := askCurator(t, action[0], url+action[1], "Bearer "+testSecret, nil)
		if a.status != http.StatusForbidden || a.Reason != "off" || !strings.Contains(a.Error, "curator.secret_file") {
			t.Errorf("%v: %+v", action, a)
		}
	}
	_, url, secretFile, _ := curatedKiosk(t, "")
	for what, spoil := range map[string]func() error{
		"readable by all":   func() error { return os.Chmod(secretFile, 0o644) },
		"writable by group": func() error { return os.Chmod(secretFile, 0o660) },
		"short":             func() error { return os.WriteFile(secretFile, []byte("  fifteen bytes  \n\n"), 0o600) },
		"long":              func() error { return os.WriteFile(secretFile, bytes.Repeat([]byte("x"), maxSecret+1), 0o600) },
		"away":              func() error { return os.Remove(secretFile) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if a := askCurator(t, "GET", url+"/api/v1/models", "Bearer "+testSecret, nil); a.status != http.StatusForbidden || a.Reason != "off" || !strings.Contains(a.Error, secretFile) {
			t.Errorf("%s: %+v", what, a)
		}
		os.Remove(secretFile)
		writeFile(t, secretFile, []byte(testSecret))
		if a := askCurator(t, "GET", url+"/api/v1/models", "Bearer "+testSecret, nil); a.status != http.StatusOK {
			t.Errorf("after %s: %+v", what, a)
		}
	}
}

// Guessing is held off, and changes nothing.
func TestWrongSecretsAreRefusedAndHeldOff(t *testing.T) {
	t.Parallel()
	g, url, _, _ := curatedKiosk(t, "")
	models := url + "/api/v1/models"
	wrong := []string{"", "Bearer", "Bearer ", "Bearer " + testSecret + "x", "Bearer " + testSecret[:len(testSecret)-1], "Basic " + testSecret, testSecret}
	heldOff := 0
	for _, authorization := range append(wrong, wrong...) {
		switch a := askCurator(t, "POST", models+"/"+g.digests[0]+"/activate", authorization, nil); a.status {
		case http.StatusUnauthorized:
			if a.Reason != "secret" || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%q: %+v", authorization, a)
			}
		case http.StatusTooManyRequests:
			heldOff++
		default:
			t.Errorf("%q: %+v", authorization, a)
		}
	}
	if heldOff == 0 {
		t.Error("no guess was held off")
	}
	until(t, "an end of being held off", func() bool {
		a := askCurator(t, "GET", models, "Bearer "+testSecret, nil)
		return a.status == http.StatusOK && len(a.Slots) == 0
	})
	for range 3 * guessBurst { // who knows the secret is not held off
		if a := askCurator(t, "GET", models, "bearer "+testSecret, nil); a.status != http.StatusOK {
			t.Fatalf("%+v", a)
		}
	}
}

// A curator at another computer changes the running kiosk's model.
func TestCuratorChangesModelsOverTheNetwork(t *testing.T) {
	t.Parallel()
	g, url, secretFile, log := curatedKiosk(t, "")
	do := func(args ...string) (r modelReport) {
		t.Helper()
		code, stdout, stderr := canting(append([]string{"models", "--json", "--kiosk", url, "--secret-file", secretFile}, args...)...)
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitDone {
			t.Fatalf("%v: exit %d, %v; %s%s", args, code, err, stdout, stderr)
		}
		return r
	}
	serves := func(what, digest string) {
		t.Helper()
		waitState(t, url, what, time.Minute, func(s state) bool { return s.Answer != nil && s.Answer.Model == digest })
	}
	for i, path := range g.models {
		if r := do("install", path); r.SHA256 != g.digests[i] || r.Did != "installed" || !r.Signed || r.Goldens != 1 {
			t.Errorf("installed %+v", r)
		}
		if r := do("activate", g.digests[i][:9]); r.Did != "activated" {
			t.Errorf("activated %+v", r)
		}
		serves("an activated model", g.digests[i])
	}
	do("rollback")
	serves("the rollback", g.digests[0])
	code, stdout, stderr := canting("models", "list", "--kiosk", url, "--secret-file", secretFile)
	if here, _, _ := canting("models", "list", "--config", g.config); code != exitDone || here != exitDone || strings.Count(stdout, "\n") != 2 || !strings.Contains(stdout, "current") {
		t.Errorf("list: exit %d, %s%s", code, stdout, stderr)
	}
	if n := strings.Count(log.String(), "the curator's request was done"); n != 6 {
		t.Errorf("%d requests are in the log, want 6", n)
	}

	// What is refused here is refused there, with the same reason.
	stranger := filepath.Join(t.TempDir(), "stranger.tflite")
	writeFile(t, stranger, readFile(t, g.models[0]))
	g.theirs.sign(t, stranger, 9)
	unsigned := testModelOf(t, demoCloths(t)[:8], 0.4, nil)
	wrong := testModelOf(t, misnamed(t), 0.3, func(golden *metadata.Golden) { golden.Output[0] ^= 1 })
	g.ours.sign(t, wrong, 9)
	for _, c := range []struct {
		want store.Reason
		args []string
	}{
		{store.WrongKey, []string{"install", stranger}},
		{store.Unsigned, []string{"install", unsigned}},
		{wrongGolden, []string{"install", wrong}},
		{store.Unread, []string{"activate", "0123abcd"}},
		{store.Unread, []string{"activate", "../" + g.digests[0]}},
	} {
		code, stdout, stderr := canting(append([]string{"models", "--json", "--kiosk", url, "--secret-file", secretFile}, c.args...)...)
		var refused refusedReport
		if err := json.Unmarshal([]byte(stdout), &refused); err != nil || code != exitFailed || refused.Refused != c.want {
			t.Errorf("%v: exit %d, %+v, %s", c.args, code, refused, stderr)
		}
	}
	serves("the same model after refusals", g.digests[0])

	if code, _, stderr := canting("models", "list", "--kiosk", url); code != exitMisuse {
		t.Errorf("without a secret: exit %d, %s", code, stderr)
	}
	other := filepath.Join(t.TempDir(), "other")
	writeFile(t, other, []byte("some other secret"))
	if code, _, stderr := canting("models", "list", "--kiosk", url, "--secret-file", other); code != exitFailed || !strings.Contains(stderr, "needs the curator's secret") {
		t.Errorf("with another secret: exit %d, %s", code, stderr)
	}
}

// Whatever is sent as a model, the kiosk answers with a reason and goes on.
func TestUploadsAreBoundedAndWellFormed(t *testing.T) {
	t.Parallel()
	g, url, _, _ := curatedKiosk(t, "")
	saveByRename(t, g.config, strings.Replace(string(readFile(t, g.config)), "models: {", "models: {max_file_mib: 1, ", 1))
	models, bearer := url+"/api/v1/models", "Bearer "+testSecret
	until(t, "the limit", func() bool {
		body, kind := form(t, "model", strings.Repeat("x", 2<<20))
		return askCurator(t, "POST", models, bearer, body, "Content-Type", kind).status == http.StatusRequestEntityTooLarge
	})
	model := string(readFile(t, g.models[0]))
	for what, c := range map[string]struct {
		parts  []string
		status int
		reason string
	}{
		"too large by a little":      {[]string{"model", strings.Repeat("x", 1<<20+1)}, http.StatusRequestEntityTooLarge, "too_large"},
		"a large signature":          {[]string{"model", model, "signature", strings.Repeat("x", maxSignatureBytes+1)}, http.StatusRequestEntityTooLarge, "too_large"},
		"no model":                   {[]string{"signature", "x"}, http.StatusBadRequest, "malformed"},
		"an empty model":             {[]string{"model", ""}, http.StatusBadRequest, "malformed"},
		"two models":                 {[]string{"model", model, "model", model}, http.StatusBadRequest, "malformed"},
		"another part":               {[]string{"model", model, "../../etc/passwd", "x"}, http.StatusBadRequest, "malformed"},
		"no model at all":            {[]string{"model", "GIF89a"}, http.StatusUnprocessableEntity, string(store.Unsigned)},
		"a signature that is none":   {[]string{"model", model, "signature", "x"}, http.StatusUnprocessableEntity, string(store.Altered)},
		"a model without its second": {[]string{"model", model}, http.StatusUnprocessableEntity, string(store.Unsigned)},
	} {
		body, kind := form(t, c.parts...)
		for _, whole := range []bool{true, false} {
			sent := io.Reader(bytes.NewReader(body.Bytes()))
			if !whole { // of unannounced length
				sent = io.MultiReader(sent)
			}
			if a := askCurator(t, "POST", models, bearer, sent, "Content-Type", kind); a.status != c.status || a.Reason != c.reason || a.Error == "" {
				t.Errorf("%s (announced: %v): %d %+v", what, whole, a.status, a.refusedAnswer)
			}
		}
	}
	for what, body := range map[string]struct{ kind, text string }{
		"JSON":          {"application/json", "{}"},
		"no boundary":   {"multipart/form-data", "x"},
		"a cut body":    {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nhalf a mo"},
		"endless parts": {"multipart/form-data; boundary=b", strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"signature\"\r\n\r\n\r\n", 1000)},
	} {
		if a := askCurator(t, "POST", models, bearer, strings.NewReader(body.text), "Content-Type", body.kind); a.status != http.StatusBadRequest || a.Reason != "malformed" {
			t.Errorf("%s: %d %+v", what, a.status, a.refusedAnswer)
		}
	}
	if slots := g.slots(t); len(slots) != 0 {
		t.Errorf("something was installed: %+v", slots)
	}
}

// A page in another tab cannot act for the curator, even if it knew the secret.
func TestCuratorsActionsAreNotForOtherPages(t *testing.T) {
	t.Parallel()
	_, url, _, _ := curatedKiosk(t, "")
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"}} {
		if a := askCurator(t, "POST", url+"/api/v1/models/rollback", "Bearer "+testSecret, nil, header...); a.status != http.StatusForbidden || a.Reason != "" {
			t.Errorf("%v: %+v", header, a)
		}
	}
	for _, c := range [][2]string{{"GET", "/api/v1/models/rollback"}, {"GET", "/api/v1/models/0123abcd/activate"}, {"PUT", "/api/v1/models"}, {"DELETE", "/api/v1/models"}} {
		if status, header, _ := fetch(t, c[0], url+c[1], "Authorization", "Bearer "+testSecret); status != http.StatusMethodNotAllowed && status != http.StatusNotFound || slices.Contains(header.Values("Allow"), c[0]) {
			t.Errorf("%v: %d", c, status)
		}
	}
	if status, _, body := fetch(t, "GET", url+"/api/v1/models", "Authorization", "Bearer "+testSecret, "Host", "evil.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("under another name: %d %s", status, fmt.Sprint(body))
	}
}

// A model may take longer to arrive, over a gallery's wireless network, than
// other requests may.
func TestSlowUploadIsTaken(t *testing.T) {
	t.Parallel()
	k, _ := newReel(t, patient)
	folder := t.TempDir()
	config := *k.settings.Load().config
	config.Models.Store, config.Models.AllowUnsigned = filepath.Join(folder, "models"), true
	config.Curator.SecretFile = filepath.Join(folder, "secret")
	writeFile(t, config.Curator.SecretFile, []byte(testSecret))
	k.settings.Store(&settings{&config, k.settings.Load().motifs})
	kiosk := httptest.NewUnstartedServer(newServer(k).handler(nil))
	kiosk.Config.ReadTimeout, kiosk.Config.WriteTimeout = time.Second, time.Second
	kiosk.Start()
	defer kiosk.Close()
	body, kind := form(t, "model", string(readFile(t, testModel(t, nil))))
	half := io.LimitReader(body, int64(body.Len()/2))
	slow := io.MultiReader(half, lull(2*time.Second), body)
	if a := askCurator(t, "POST", kiosk.URL+"/api/v1/models", "Bearer "+testSecret, slow, "Content-Type", kind); a.status != http.StatusOK || a.Did != "installed" {
		t.Errorf("%+v", a)
	}
}

// lull is a reader of nothing that takes its time.
type lull time.Duration

func (l lull) Read([]byte) (int, error) {
	time.Sleep(time.Duration(l))
	return 0, io.EOF
}

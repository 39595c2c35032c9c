package firmware

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// The attacks of docs/threats.md that no other test makes.

// What docs/threats.md says is held by a test is held by one that exists.
func TestThreatsNameTheirTests(t *testing.T) {
	t.Parallel()
	var tests []byte
	for _, folder := range []string{".", "store", "../capture", "../configs", "../infer", "../infer/tflite"} {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			tests = append(tests, readFile(t, file)...)
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(readFile(t, "../docs/threats.md"), -1)
	if len(named) < 20 {
		t.Fatalf("docs/threats.md names %d tests", len(named))
	}
	for _, name := range named {
		if !bytes.Contains(tests, slices.Concat([]byte("\nfunc "), name[1], []byte("("))) {
			t.Errorf("docs/threats.md names %s, which does not exist", name[1])
		}
	}
}

// dialKiosk opens a connection that speaks no HTTP by itself.
func dialKiosk(t testing.TB, url string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

// Requests that no browser of ours sends are refused, and none of them reads a
// file, changes anything or costs more than its own connection.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	url, _ := startOneCloth(t)
	const local = "Host: localhost\r\n"
	for what, c := range map[string]struct{ request, want string }{
		"another host in the request line": {"GET http://evil.example/api/v1/state HTTP/1.1\r\n" + local, "421"},
		"a host that ends like ours":       {"GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n", "421"},
		"a host that begins like ours":     {"GET / HTTP/1.1\r\nHost: localhost:80@evil.example\r\n", "400"},
		"two hosts":                        {"GET / HTTP/1.1\r\n" + local + "Host: evil.example\r\n", "400"},
		"no host":                          {"GET / HTTP/1.1\r\n", "400"},
		"no host, as long ago":             {"GET /api/v1/state HTTP/1.0\r\n", "421"},
		"the page of no origin":            {"POST /api/v1/shutter HTTP/1.1\r\n" + local + "Origin: null\r\nContent-Length: 0\r\n", "403"},
		"another port's page":              {"POST /api/v1/shutter HTTP/1.1\r\n" + local + "Origin: http://localhost:1\r\nContent-Length: 0\r\n", "403"},
		"a file above":                     {"GET /../../../../etc/passwd HTTP/1.1\r\n" + local, "307 404"},
		"a file above, encoded":            {"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + local, "307 404"},
		"a file above, encoded whole":      {"GET /..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + local, "404"},
		"a file above, other slashes":      {"GET /..%5c..%5cetc%5cpasswd HTTP/1.1\r\n" + local, "404"},
		"a file at the root":               {"GET //etc/passwd HTTP/1.1\r\n" + local, "307 404"},
		"a name with an end in it":         {"GET /kiosk.js%00.html HTTP/1.1\r\n" + local, "404"},
		"a folder of the page's":           {"GET /page/ HTTP/1.1\r\n" + local, "404"},
		"many headers":                     {"GET / HTTP/1.1\r\n" + local + strings.Repeat("X-Flood: 1234567890\r\n", 2000), "431"},
		"a long path":                      {"GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\n" + local, "431 414"},
		"a body without an end":            {"POST /api/v1/shutter HTTP/1.1\r\n" + local + "Content-Length: 1099511627776\r\n", "200"},
		"no HTTP":                          {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", "400"},
	} {
		connection := dialKiosk(t, url)
		if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		go io.WriteString(connection, c.request+"\r\n")
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		if !strings.Contains(c.want, fmt.Sprint(response.StatusCode)) || strings.Contains(string(body), "root:") {
			t.Errorf("%s: %d, want %s; %.200s", what, response.StatusCode, c.want, body)
		}
		response.Body.Close()
		connection.Close()
	}
}

// A body that nobody asked for is not read to its end.
func TestHugeBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	url, _ := startOneCloth(t)
	for _, path := range []string{"/api/v1/shutter", "/api/v1/models", "/api/v1/collect/kawung"} {
		connection := dialKiosk(t, url)
		fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", path, 1<<30)
		if err := connection.SetWriteDeadline(time.Now().Add(2 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		sent := 0
		for chunk := make([]byte, 64<<10); sent < 1<<30; {
			n, err := connection.Write(chunk)
			sent += n
			if err != nil {
				break
			}
		}
		// What the sockets' own buffers hold is not the kiosk's.
		if sent > 64<<20 {
			t.Errorf("%s: the kiosk took %d MiB", path, sent>>20)
		}
	}
	if status, _, body := fetch(t, "POST", url+"/api/v1/shutter"); status != http.StatusOK {
		t.Errorf("after that the shutter answers %d %s", status, body)
	}
}

// Requests that never come to their end are cut off, and hold up nobody.
func TestSlowRequestsAreCutOff(t *testing.T) {
	t.Parallel()
	url, _ := startOneCloth(t)
	var slow []net.Conn
	for i := range 200 {
		connection := dialKiosk(t, url)
		io.WriteString(connection, []string{"", "G", "GET / HTTP/1.1\r\n", "POST /api/v1/shutter HTTP/1.1\r\nHost: localhost\r\nX-"}[i%4])
		slow = append(slow, connection)
	}
	if status, _, body := fetch(t, "POST", url+"/api/v1/shutter"); status != http.StatusOK {
		t.Errorf("beside slow requests the shutter answers %d %s", status, body)
	}
	for _, connection := range slow {
		if err := connection.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, connection); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("a slow request was still open after a minute: %v", err)
		}
	}
}

// Reading changes nothing, with or without the secret.
func TestNothingChangesOnGet(t *testing.T) {
	t.Parallel()
	g, url, _, _ := curatedKiosk(t, "")
	for i := range g.models {
		g.do(t, "install", g.models[i])
		g.do(t, "activate", g.digests[i])
	}
	waitState(t, url, "the second model", time.Minute, func(s state) bool { return s.Answer != nil && s.Model.SHA256 == g.digests[1] })
	before, model := snapshot(t, g.config), stateOf(t, url).Model
	for _, path := range []string{
		"/", "/kiosk.js", "/healthz", "/readyz", "/metrics", "/api/v1/state", "/api/v1/model", "/api/v1/models", "/api/v1/shutter",
		"/api/v1/verdicts/1/picture.jpg", "/api/v1/models/rollback", "/api/v1/models/" + g.digests[0] + "/activate", "/api/v1/collect/kawung",
	} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			fetch(t, method, url+path, "X-HTTP-Method-Override", "POST")
			fetch(t, method, url+path, "Authorization", "Bearer "+testSecret)
		}
	}
	after, now := snapshot(t, g.config), stateOf(t, url)
	if !maps.EqualFunc(before, after, func(a, b []byte) bool { return string(a) == string(b) }) || now.Model != model || now.Verdict != nil {
		t.Errorf("reading changed the kiosk to %+v", now)
	}
}

// Labels, names and stories that are markup are shown as what they are.
func TestMarkupIsText(t *testing.T) {
	t.Parallel()
	const attack = `<img src=x onerror="document.title='owned'">`
	cloths := demoCloths(t)
	for i := range cloths {
		cloths[i].motif = fmt.Sprintf("%s%d\"\\", attack, i%4)
	}
	pictures, _ := writeCloths(t, cloths[:1])
	label, err := json.Marshal(cloths[0].motif)
	if err != nil {
		t.Fatal(err)
	}
	motifs := filepath.Join(t.TempDir(), "motifs.yaml")
	text := fmt.Sprintf("'</p><script>document.title=\"owned\"</script>%s'", strings.ReplaceAll(attack, "'", "''"))
	writeFile(t, motifs, fmt.Appendf(nil, "motifs:\n- label: %s\n  name: {id: %[2]s, en: %[2]s, min: %[2]s}\n  story: {id: %[2]s, en: %[2]s, min: %[2]s}\n", label, text))
	yaml := "model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: images, path: %s}\nlanguage: en\nattract: {after: 0s}\n"
	model := testModelOf(t, cloths, 0.1, nil)
	url, config := startKioskAt(t, fmt.Sprintf(yaml, model, pictures)) // the labels themselves
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	harmless := func(where string) {
		t.Helper()
		b.wait("the attack as text on the "+where, `document.body.innerText.includes("onerror=")`)
		if found := evaluate[string](b, `document.title + [...document.querySelectorAll("[onerror], img[src=x], body script")].map((e) => e.outerHTML).join()`); strings.Contains(found, "owned") {
			t.Errorf("the %s became %s", where, found)
		}
	}
	harmless("label")
	saveByRename(t, config, fmt.Sprintf(yaml, model, pictures)+"motifs: "+motifs+"\n")
	b.wait("the motifs' names", `document.body.innerText.includes("<script>")`)
	harmless("name")
	b.do(chromedp.Click(chromedp.CSS("#shutter")))
	b.waitView("verdict")
	harmless("story")
	_, _, metrics := fetch(t, "GET", url+"/metrics")
	if want := `canting_verdicts_total{motif="<img src=x onerror=\"document.title='owned'\">`; !strings.Contains(metrics, want) || strings.Contains(metrics, `motif="`+attack) {
		t.Errorf("/metrics does not quote the label:\n%s", metrics)
	}
}

package firmware

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startOneCloth runs a kiosk whose camera always sees one cloth.
func startOneCloth(t testing.TB) (url string, seen cloth) {
	t.Helper()
	seen = demoCloths(t)[0]
	folder, _ := writeCloths(t, []cloth{seen})
	url = startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: images, path: %s}\nshutter: {hold: 1s}\n", testModel(t, nil), folder))
	waitState(t, url, "a live label", 10*time.Second, labelled)
	return url, seen
}

func fetch(t testing.TB, method, url string, header ...string) (status int, headers http.Header, body string) {
	t.Helper()
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(b)
}

func TestShutterAnswersWithAVerdictThatIsHeld(t *testing.T) {
	t.Parallel()
	url, seen := startOneCloth(t)
	before := time.Now()
	status, header, body := fetch(t, "POST", url+"/api/v1/shutter")
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Fatalf("the shutter answered %d %s", status, body)
	}
	var v verdict
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	if v.Label != seen.motif || v.Unknown || v.Frames != 5 || v.Story.EN == "" || v.Pressed.Before(before) || len(v.Model) != 64 || len(v.Scores) != topScores {
		t.Errorf("the verdict on %s is %s", seen.motif, body)
	}
	status, header, picture := fetch(t, "GET", url+v.Picture)
	if status != http.StatusOK || header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the verdict's picture is answered by %d", status)
	}
	if config, err := jpeg.DecodeConfig(strings.NewReader(picture)); err != nil || config.Width != 640 {
		t.Errorf("the verdict's picture is %+v, %v", config, err)
	}
	if held := stateOf(t, url).Verdict; held == nil || held.ID != v.ID {
		t.Errorf("the kiosk holds %+v", held)
	}
	waitState(t, url, "the verdict's end", 3*time.Second, func(s state) bool { return s.Verdict == nil })
	if status, _, _ := fetch(t, "GET", url+v.Picture); status != http.StatusNotFound {
		t.Errorf("the picture outlives its verdict: %d", status)
	}
	_, _, metrics := fetch(t, "GET", url+"/metrics")
	if !strings.Contains(metrics, fmt.Sprintf(`canting_verdicts_total{motif="%s"} 1`, seen.motif)) {
		t.Errorf("/metrics does not count the verdict:\n%s", metrics)
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	url, seen := startOneCloth(t)
	for path, want := range map[string]string{
		"/":               `<button type="button" id="shutter">`,
		"/kiosk.js":       "keydown",
		"/feed.js":        "EventSource",
		"/kiosk.css":      "--clay",
		"/words.js":       "Kenali motif",
		"/canting.svg":    "<svg",
		"/healthz":        "ok",
		"/readyz":         "ready",
		"/metrics":        "canting_camera_live 1",
		"/api/v1/state":   `"label":"` + seen.motif + `"`,
		"/api/v1/model":   `"shape":[1,64,64,3]`,
		"/api/v1/unknown": "404",
		"/../main.go":     "404",
	} {
		status, header, body := fetch(t, "GET", url+path)
		if want == "404" {
			if status != http.StatusNotFound {
				t.Errorf("%s: %d, want 404", path, status)
			}
			continue
		}
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.300s, want %q in it", path, status, body, want)
		}
		if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the content security policy is %q", path, csp)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, header)
		}
	}
	_, _, metrics := fetch(t, "GET", url+"/metrics")
	for _, name := range []string{"canting_frames_total", `canting_inference_seconds{quantile="0.99"}`, `canting_label_age_seconds{quantile="0.5"}`, `canting_viewers{of="events"} 0`, "canting_model_info{kernel=", "canting_camera_restarts_total 0"} {
		if !strings.Contains(metrics, name) {
			t.Errorf("/metrics lacks %s", name)
		}
	}
}

func TestOnlyOwnPagesMayAskAndNothingChangesOnGet(t *testing.T) {
	t.Parallel()
	url, _ := startOneCloth(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	for _, c := range []struct {
		what, method, path string
		header             []string
		want               int
	}{
		{"another name (DNS rebinding)", "GET", "/api/v1/state", []string{"Host", "evil.example:" + port}, http.StatusMisdirectedRequest},
		{"another address", "GET", "/", []string{"Host", "10.1.2.3:" + port}, http.StatusMisdirectedRequest},
		{"localhost", "GET", "/api/v1/state", []string{"Host", "localhost:" + port}, http.StatusOK},
		{"another site's page", "POST", "/api/v1/shutter", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"another site's form", "POST", "/api/v1/shutter", []string{"Origin", "http://evil.example"}, http.StatusForbidden},
		{"the page itself", "POST", "/api/v1/shutter", []string{"Origin", url, "Sec-Fetch-Site", "same-origin"}, http.StatusOK},
		{"GET of the shutter", "GET", "/api/v1/shutter", nil, http.StatusMethodNotAllowed},
		{"POST of the state", "POST", "/api/v1/state", nil, http.StatusMethodNotAllowed},
		{"PUT of the page", "PUT", "/", nil, http.StatusMethodNotAllowed},
	} {
		if status, _, body := fetch(t, c.method, url+c.path, c.header...); status != c.want {
			t.Errorf("%s: %d, want %d (%s)", c.what, status, c.want, strings.TrimSpace(body))
		}
	}
	long := http.Header{"X-Long": {strings.Repeat("x", 64<<10)}}
	request, _ := http.NewRequest("GET", url+"/", nil)
	request.Header = long
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("64 KiB of headers: %d", response.StatusCode)
		}
	}
}

func TestStreamAndEventsFollowTheCamera(t *testing.T) {
	t.Parallel()
	url := startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: demo, hold: 200ms}\n", testModel(t, nil)))
	waitState(t, url, "a live label", 10*time.Second, labelled)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", url+"/stream.mjpg", nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	kind, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/x-mixed-replace" {
		t.Fatalf("the stream is %s, %v", kind, err)
	}
	parts := multipart.NewReader(response.Body, parameters["boundary"])
	pictures := map[string]bool{}
	for len(pictures) < 3 {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		pictures[string(b)] = true
	}

	request, _ = http.NewRequestWithContext(ctx, "GET", url+"/api/v1/events", nil)
	events, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	labels := map[string]bool{}
	for lines := bufio.NewScanner(events.Body); len(labels) < 2 && lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var s state
			if err := json.Unmarshal([]byte(data), &s); err != nil {
				t.Fatal(err)
			}
			if s.Answer != nil {
				labels[s.Answer.Label] = true
			}
		}
	}
	if len(labels) < 2 {
		t.Errorf("the events told the labels %v only", labels)
	}
}

// A viewer who reads nothing is dropped, and nobody waits for it.
func TestStalledViewerIsDropped(t *testing.T) {
	t.Parallel()
	url, _ := startOneCloth(t)
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(connection, "GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
	// Another viewer and the shutter go on meanwhile.
	response, err := http.Get(url + "/stream.mjpg")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for began := time.Now(); time.Since(began) < time.Minute; {
		if _, err := io.CopyN(io.Discard, response.Body, 256<<10); err != nil {
			t.Fatalf("the reading viewer was cut off: %v", err)
		}
		if open := openConnections(t, connection.LocalAddr().String()); !open {
			if status, _, body := fetch(t, "POST", url+"/api/v1/shutter"); status != http.StatusOK {
				t.Errorf("the shutter answers %d %s", status, body)
			}
			return
		}
	}
	t.Error("the stalled viewer was still connected after a minute")
}

// openConnections tells whether the server's end of a client's connection is
// still established, by the kernel's own table.
func openConnections(t testing.TB, client string) bool {
	t.Helper()
	_, port, err := net.SplitHostPort(client)
	if err != nil {
		t.Fatal(err)
	}
	var number uint16
	fmt.Sscan(port, &number)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			const established = "01"
			if len(fields) > 3 && strings.HasSuffix(fields[2], fmt.Sprintf(":%04X", number)) && fields[3] == established {
				return true
			}
		}
	}
	return false
}

func TestPressWithoutACameraIsRefused(t *testing.T) {
	t.Parallel()
	url := startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: images, path: %s}\nshutter: {timeout: 200ms}\n",
		testModel(t, nil), filepath.Join(t.TempDir(), "absent")))
	status, _, body := fetch(t, "POST", url+"/api/v1/shutter")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "press again") {
		t.Errorf("the shutter answers %d %s", status, body)
	}
	if status, _, body := fetch(t, "GET", url+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "no live label") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if status, _, _ := fetch(t, "GET", url+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d, the kiosk itself is well", status)
	}
}

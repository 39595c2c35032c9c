package firmware

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"canting/infer"
)

// server is the kiosk's HTTP face.
type server struct {
	kiosk   *kiosk
	stream  *stream
	metrics *metrics
	curator *curator
	log     *slog.Logger
	events  *events
}

func newServer(k *kiosk) *server {
	s := &server{kiosk: k, stream: newStream(k.camera, k.settings.Load().config.Live.StreamFPS, k.log), events: newEvents(k.state, k.log), metrics: k.metrics, log: k.log}
	s.curator = &curator{kiosk: k, door: newDoorkeeper(), log: k.log}
	s.metrics.countViewers("stream", s.stream.viewers.Load)
	s.metrics.countViewers("events", s.events.viewers.Load)
	s.metrics.registry.MustRegister(servingModel{k}, k.drift)
	return s
}

func (s *server) handler(allowedHosts []string) http.Handler {
	mux := http.NewServeMux()
	page := pageHandler()
	mux.Handle("GET /{$}", page)
	mux.Handle("GET /{file}", page)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.Handle("GET /stream.mjpg", s.stream)
	mux.HandleFunc("GET /api/v1/state", s.state)
	mux.Handle("GET /api/v1/events", s.events)
	mux.HandleFunc("GET /api/v1/model", s.model)
	mux.HandleFunc("POST /api/v1/shutter", s.shutter)
	mux.HandleFunc("GET /api/v1/verdicts/{id}/picture.jpg", s.verdictPicture)
	s.curator.register(mux)
	return onlyHosts(allowedHosts, secure(http.NewCrossOriginProtection().Handler(mux)))
}

// secure keeps other sites from framing, embedding or feeding the page.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// onlyHosts refuses requests under any other name than this machine's, so that
// a hostile page cannot reach the kiosk by giving its own name the kiosk's
// address (DNS rebinding).
func onlyHosts(allowed []string, next http.Handler) http.Handler {
	names := map[string]bool{"localhost": true}
	if own, err := os.Hostname(); err == nil {
		names[strings.ToLower(own)] = true
		names[strings.ToLower(own)+".local"] = true
	}
	for _, host := range allowed {
		names[strings.ToLower(host)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.ToLower(strings.TrimSuffix(host, "."))
		if !names[host] && !isOwnAddress(host, r) {
			http.Error(w, fmt.Sprintf("this kiosk is not %q: reach it by its address, or add the name to allowed_hosts", host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwnAddress reports whether host is the IP address at which the request
// came in.
func isOwnAddress(host string, r *http.Request) bool {
	named, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return false
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(local.String())
	return err == nil && at.Addr().Unmap().WithZone("") == named.Unmap().WithZone("")
}

// healthz is good while the live loop turns; the camera may be lost.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	const silence = 5 * time.Second
	if since := time.Since(time.Unix(0, s.kiosk.alive.Load())); since > silence {
		http.Error(w, "the kiosk's loop has not turned for "+since.String(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// readyz is good while the live picture has a label.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) {
	if now, _ := s.kiosk.state.get(); now.Answer == nil {
		http.Error(w, strings.TrimSpace("no live label: the camera is "+now.Camera.State+" "+now.Camera.Reason), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (s *server) state(w http.ResponseWriter, _ *http.Request) {
	now, _ := s.kiosk.state.get()
	s.writeJSON(w, http.StatusOK, now)
}

// shutter presses the shutter and answers with the verdict.
func (s *server) shutter(w http.ResponseWriter, r *http.Request) {
	v, err := s.kiosk.press(r.Context())
	switch {
	case errors.Is(err, errNoFrame):
		s.writeError(w, http.StatusServiceUnavailable, err)
	case r.Context().Err() != nil: // the visitor has gone, or the kiosk stops
	case err != nil:
		s.log.Error("a press was not answered", "error", err)
		s.writeError(w, http.StatusServiceUnavailable, err)
	default:
		s.writeJSON(w, http.StatusOK, v)
	}
}

// verdictPicture is the frame that the verdict on the screen was given on. It
// is kept in memory for as long as the verdict is, and nowhere else.
func (s *server) verdictPicture(w http.ResponseWriter, r *http.Request) {
	held, _ := s.kiosk.picture.get()
	if held.jpeg == nil || r.PathValue("id") != strconv.FormatUint(held.id, 10) {
		http.Error(w, "this verdict's picture is no longer kept", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Write(held.jpeg)
}

// model tells which model serves.
func (s *server) model(w http.ResponseWriter, _ *http.Request) {
	c := s.kiosk.serving.Load()
	m := c.model
	meta := m.Metadata()
	meta.Golden = nil // pictures, too large for a description
	s.writeJSON(w, http.StatusOK, map[string]any{
		"sha256":       m.Digest(),
		"demo":         c.origin.Source == sourceDemo,
		"source":       c.origin.Source,
		"signed":       c.origin.Signed,
		"version":      c.origin.Version,
		"labels":       c.labels,
		"input":        describe(m.Input()),
		"output":       describe(m.Output()),
		"kernel":       m.Kernel(),
		"macs":         m.MACs(),
		"arena_bytes":  m.ArenaBytes(),
		"has_metadata": m.HasMetadata(),
		"metadata":     meta,
	})
}

func describe(t infer.TensorInfo) map[string]any {
	return map[string]any{"name": t.Name, "type": t.Type, "shape": t.Shape, "scale": t.Scale, "zero_point": t.ZeroPoint}
}

func (s *server) writeJSON(w http.ResponseWriter, status int, v any) {
	writeJSON(w, s.log, status, v)
}

func writeJSON(w http.ResponseWriter, log *slog.Logger, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		log.Error("an answer could not be written", "error", err)
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

func (s *server) writeError(w http.ResponseWriter, status int, err error) {
	s.writeJSON(w, status, map[string]string{"error": err.Error()})
}

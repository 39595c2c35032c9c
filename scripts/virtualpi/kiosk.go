package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// kiosk is a kiosk's HTTP face.
type kiosk struct {
	url string
}

// The parts of the kiosk's answers that are looked at here.
type (
	state struct {
		Camera struct {
			State    string `json:"state"`
			Reason   string `json:"reason"`
			Restarts int    `json:"restarts"`
		} `json:"camera"`
		Model struct {
			SHA256  string `json:"sha256"`
			Problem *struct {
				What string `json:"what"`
			} `json:"problem"`
		} `json:"model"`
		Answer  *answer  `json:"answer"`
		Verdict *verdict `json:"verdict"`
	}
	answer struct {
		Label      string  `json:"label"`
		Confidence float32 `json:"confidence"`
		Unknown    bool    `json:"unknown"`
		Frame      uint64  `json:"frame"`
		Model      string  `json:"model"`
	}
	verdict struct {
		ID uint64 `json:"id"`
		answer
		Frames int     `json:"frames"`
		TookMS float64 `json:"took_ms"`
	}
	model struct {
		SHA256  string `json:"sha256"`
		Source  string `json:"source"`
		Signed  bool   `json:"signed"`
		Version uint64 `json:"version"`
		Kernel  string `json:"kernel"`
	}
)

// ask asks the kiosk once and decodes its JSON.
func (k kiosk) ask(ctx context.Context, method, path string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, k.url+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the kiosk: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("the kiosk's answer to %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the kiosk answers %s to %s %s: %.200s", response.Status, method, path, body)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("the kiosk's answer to %s: %w", path, err)
	}
	return nil
}

func (k kiosk) state(ctx context.Context) (s state, err error) {
	return s, k.ask(ctx, http.MethodGet, "/api/v1/state", &s)
}

func (k kiosk) model(ctx context.Context) (m model, err error) {
	return m, k.ask(ctx, http.MethodGet, "/api/v1/model", &m)
}

func (k kiosk) press(ctx context.Context) (v verdict, err error) {
	return v, k.ask(ctx, http.MethodPost, "/api/v1/shutter", &v)
}

// await asks for the state until it is as wanted, and returns it and how long
// that took. Every wait here ends after three minutes: an emulated Pi on a busy
// machine is slow, and a hanging one must end.
func (k kiosk) await(ctx context.Context, what string, wanted func(state) bool) (state, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	began := time.Now()
	for {
		s, err := k.state(ctx)
		if err == nil && wanted(s) {
			return s, time.Since(began), nil
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			seen, _ := json.Marshal(s)
			return s, time.Since(began), fmt.Errorf("%s did not come: the last state was %s, the last error %v", what, seen, err)
		}
	}
}

// labelled, live and lost are states to wait for.
func labelled(s state) bool { return s.Answer != nil }
func live(s state) bool     { return s.Camera.State == "live" && s.Answer != nil }
func lost(s state) bool     { return s.Camera.State == "lost" && s.Answer == nil }

package firmware

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"canting/firmware/store"
)

// remote is the shelf of a kiosk elsewhere.
type remote struct {
	kiosk  *url.URL
	secret []byte
	client http.Client
}

// maxAnswer bounds what a kiosk may answer, in bytes.
const maxAnswer = 1 << 20

func openRemote(kiosk, secretFile string) (*remote, error) {
	at, err := url.Parse(kiosk)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("--kiosk %q is no address such as http://gallery:8080", kiosk)
	}
	secret, err := readSecret(secretFile)
	if err != nil {
		return nil, err
	}
	return &remote{kiosk: at, secret: secret, client: http.Client{Timeout: uploadTime}}, nil
}

func (r *remote) close() error {
	r.client.CloseIdleConnections()
	return nil
}

func (r *remote) list(ctx context.Context) ([]store.Slot, error) {
	var answer slotList
	err := r.ask(ctx, http.MethodGet, "", nil, "", &answer)
	return answer.Slots, err
}

func (r *remote) activate(ctx context.Context, slot string) (report modelReport, err error) {
	err = r.ask(ctx, http.MethodPost, "/"+url.PathEscape(slot)+"/activate", nil, "", &report)
	return report, err
}

func (r *remote) rollBack(ctx context.Context) (report modelReport, err error) {
	err = r.ask(ctx, http.MethodPost, "/rollback", nil, "", &report)
	return report, err
}

func (r *remote) install(ctx context.Context, file, signature []byte) (report modelReport, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, part := range []struct {
		name    string
		content []byte
	}{{modelPart, file}, {signaturePart, signature}} {
		if len(part.content) == 0 {
			continue
		}
		w, err := form.CreateFormFile(part.name, part.name)
		if err == nil {
			_, err = w.Write(part.content)
		}
		if err != nil {
			return modelReport{}, err
		}
	}
	if err := form.Close(); err != nil {
		return modelReport{}, err
	}
	err = r.ask(ctx, http.MethodPost, "", &body, form.FormDataContentType(), &report)
	return report, err
}

// ask sends a request and reads the answer. What the kiosk refuses is a
// store.Refusal with its reason.
func (r *remote) ask(ctx context.Context, method, path string, body io.Reader, kind string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, r.kiosk.JoinPath("api/v1/models").String()+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(r.secret))
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the kiosk: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the kiosk's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		var refused refusedAnswer
		if json.Unmarshal(answer, &refused) != nil || refused.Error == "" {
			return fmt.Errorf("the kiosk answers %s: %s", response.Status, bytes.TrimSpace(answer))
		}
		return &store.Refusal{Reason: store.Reason(refused.Reason), Err: errors.New("the kiosk refuses: " + refused.Error)}
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("understand the kiosk's answer: %w", err)
	}
	return nil
}

package firmware

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"sync"
	"time"

	"canting/capture"
	"canting/configs"
	"canting/firmware/store"
)

// curator is the part of the HTTP API that changes what the kiosk keeps. Every
// request needs the secret; the errors are refusedAnswers.
type curator struct {
	kiosk *kiosk
	door  *doorkeeper
	busy  sync.Mutex // a model at a time: each takes its size in memory
	log   *slog.Logger
}

const (
	// uploadTime is how long a model may take to arrive and be checked.
	uploadTime = 5 * time.Minute
	// partsOverhead is what a multipart body has besides the model and its signature.
	partsOverhead = 16 << 10

	modelPart     = "model"
	signaturePart = "signature"
)

func (c *curator) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/models", c.guarded(c.list))
	mux.HandleFunc("POST /api/v1/models", c.guarded(c.install))
	mux.HandleFunc("POST /api/v1/models/{slot}/activate", c.guarded(c.activate))
	mux.HandleFunc("POST /api/v1/models/rollback", c.guarded(c.rollBack))
	mux.HandleFunc("POST /api/v1/collect/{label}", c.guarded(c.collect))
}

// action is what an admitted request does; its answer is sent as JSON.
type action func(w http.ResponseWriter, r *http.Request, config *configs.Kiosk) (any, error)

// guarded does an action for who knows the secret.
func (c *curator) guarded(do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		config := c.kiosk.settings.Load().config
		if no := c.door.admit(config.Curator.SecretFile, r); no != nil {
			if no.status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			c.refuse(w, r, no)
			return
		}
		answer, err := do(w, r, config)
		if err != nil {
			c.refuse(w, r, denialOf(err))
			return
		}
		c.log.Info("the curator's request was done", "request", r.Method+" "+r.URL.Path, "from", r.RemoteAddr)
		writeJSON(w, c.log, http.StatusOK, answer)
	}
}

func (c *curator) refuse(w http.ResponseWriter, r *http.Request, no *denial) {
	c.log.Warn("a curator's request was refused", "request", r.Method+" "+r.URL.Path, "from", r.RemoteAddr, "reason", no.reason, "error", no.what)
	writeJSON(w, c.log, no.status, refusedAnswer{no.what, no.reason})
}

// refusedAnswer is the JSON of a request that was not done.
type refusedAnswer struct {
	Error  string `json:"error"`
	Reason string `json:"reason"`
}

func (d *denial) Error() string { return d.what }

func denialOf(err error) *denial {
	if no, ok := errors.AsType[*denial](err); ok {
		return no
	}
	if tooMuch, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &denial{http.StatusRequestEntityTooLarge, string(store.TooLarge), fmt.Sprintf("the request has more than the %d bytes allowed by models.max_file_mib", tooMuch.Limit)}
	}
	if refusal, ok := errors.AsType[*store.Refusal](err); ok {
		return &denial{http.StatusUnprocessableEntity, string(refusal.Reason), err.Error()}
	}
	if errors.Is(err, errNoStore) {
		return &denial{http.StatusConflict, "no_store", err.Error()}
	}
	return &denial{http.StatusInternalServerError, "failed", err.Error()}
}

// withModels calls work with the models of the configuration.
func (c *curator) withModels(config *configs.Kiosk, work func(*library) (any, error)) (any, error) {
	if !c.busy.TryLock() {
		return nil, &denial{http.StatusServiceUnavailable, "busy", "another model is being looked at: try again in a moment"}
	}
	defer c.busy.Unlock()
	models, err := openLibrary(config)
	if err != nil {
		return nil, err
	}
	defer models.close()
	return work(models)
}

func (c *curator) list(_ http.ResponseWriter, r *http.Request, config *configs.Kiosk) (any, error) {
	return c.withModels(config, func(l *library) (any, error) {
		slots, err := l.list(r.Context())
		return slotList{slots}, err
	})
}

func (c *curator) activate(_ http.ResponseWriter, r *http.Request, config *configs.Kiosk) (any, error) {
	return c.withModels(config, func(l *library) (any, error) { return l.activate(r.Context(), r.PathValue("slot")) })
}

func (c *curator) rollBack(_ http.ResponseWriter, r *http.Request, config *configs.Kiosk) (any, error) {
	return c.withModels(config, func(l *library) (any, error) { return l.rollBack(r.Context()) })
}

// install takes a model, and its signature if there is one, as the parts of a
// multipart body.
func (c *curator) install(w http.ResponseWriter, r *http.Request, config *configs.Kiosk) (any, error) {
	control := http.NewResponseController(w)
	until := time.Now().Add(uploadTime)
	if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)); err != nil {
		return nil, err
	}
	return c.withModels(config, func(l *library) (any, error) {
		limit := int64(config.Models.MaxFileMiB) << 20
		r.Body = http.MaxBytesReader(w, r.Body, limit+maxSignatureBytes+partsOverhead)
		file, signature, err := readUpload(r, limit)
		if err != nil {
			return nil, err
		}
		return l.install(r.Context(), file, signature)
	})
}

// readUpload reads the parts of a model's upload, each once, into memory of the
// size that the request announces.
func readUpload(r *http.Request, limit int64) (file, signature []byte, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, malformed(err)
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, malformed(err)
		}
		switch name := part.FormName(); {
		case name == modelPart && file == nil:
			file, err = readPart(part, limit, min(max(r.ContentLength, 0), limit))
		case name == signaturePart && signature == nil:
			signature, err = readPart(part, maxSignatureBytes, 0)
		default:
			err = malformed(fmt.Errorf("the part %q is none of one %s and one %s", name, modelPart, signaturePart))
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if len(file) == 0 {
		return nil, nil, malformed(errors.New("the part " + modelPart + " is missing"))
	}
	return file, signature, nil
}

func readPart(part *multipart.Part, limit, expected int64) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, expected+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(part, limit+1)); err != nil {
		return nil, malformed(err)
	}
	if int64(b.Len()) > limit {
		return nil, &denial{http.StatusRequestEntityTooLarge, string(store.TooLarge), fmt.Sprintf("the part %s has more than the %d bytes allowed", part.FormName(), limit)}
	}
	return b.Bytes(), nil
}

func malformed(err error) error {
	if _, tooMuch := errors.AsType[*http.MaxBytesError](err); tooMuch {
		return err
	}
	return &denial{http.StatusBadRequest, "malformed", fmt.Sprintf("send a multipart/form-data body with the parts %s and, if there is one, %s: %v", modelPart, signaturePart, err)}
}

// sharpFrame waits for a frame that is not blurred.
func (k *kiosk) sharpFrame(ctx context.Context) (capture.Frame, error) {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var seq uint64
	for {
		frame, ok := k.camera.Latest(seq)
		if ok && k.camera.Status().State == capture.Live {
			seq = frame.Seq
			crop := k.serving.Load().model.Metadata().Preprocessing.Crop
			if capture.Examine(frame, crop).Flaw() != capture.Blurred {
				return frame, nil
			}
		}
		select {
		case <-ctx.Done():
			return capture.Frame{}, &denial{http.StatusConflict, "no_picture", fmt.Sprintf("no sharp picture came within %v: look at the camera, hold the cloth still, and try again", patience)}
		case <-tick.C:
		}
	}
}

// collect keeps the current sharp frame under the label that the curator gives.
func (c *curator) collect(_ http.ResponseWriter, r *http.Request, config *configs.Kiosk) (any, error) {
	label := r.PathValue("label")
	if config.Collect.Folder == "" {
		return nil, &denial{http.StatusConflict, "off", "the kiosk keeps no pictures: set collect.folder in its configuration"}
	}
	if err := checkFolderLabel(label); err != nil {
		return nil, err
	}
	frame, err := c.kiosk.sharpFrame(r.Context())
	if err != nil {
		return nil, err
	}
	done := make(chan kept, 1)
	if !c.kiosk.collect.offer(collected{config.Collect, label, frame, done}) {
		return nil, &denial{http.StatusServiceUnavailable, "busy", "the disk does not keep up: try again in a moment"}
	}
	select {
	case k := <-done:
		return map[string]string{"file": k.file}, k.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

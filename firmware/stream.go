package firmware

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"canting/capture"
)

// writeTime is how long a viewer may take over one picture or event. After it
// the viewer is dropped: nobody waits for it.
const writeTime = 2 * time.Second

// boundary is between two pictures. A browser shows a picture once it has read
// the boundary after it, so each is sent with the one that follows.
const boundary = "--picture\r\n"

// stream encodes the newest frame once for all its viewers, and not at all
// when nobody looks.
type stream struct {
	camera   camera
	interval time.Duration
	log      *slog.Logger
	viewers  atomic.Int64
	part     *latest[[]byte] // of the multipart stream: the newest picture
}

func newStream(cam camera, fps float64, log *slog.Logger) *stream {
	return &stream{
		camera:   cam,
		interval: time.Duration(float64(time.Second) / fps),
		log:      log,
		part:     newLatest[[]byte](nil),
	}
}

// run encodes until ctx ends.
func (s *stream) run(ctx context.Context) {
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	var seq uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.viewers.Load() == 0 {
			continue
		}
		frame, ok := s.camera.Latest(seq)
		if !ok {
			continue
		}
		seq = frame.Seq
		jpeg, err := capture.EncodeJPEG(frame, jpegQuality)
		if err != nil {
			s.log.Error("a frame could not be streamed", "frame", seq, "error", err)
			continue
		}
		s.part.set(fmt.Appendf(nil, "Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n%s", len(jpeg), jpeg, boundary))
	}
}

// ServeHTTP sends the pictures as multipart/x-mixed-replace. A viewer that
// falls behind misses pictures.
func (s *stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.viewers.Add(1)
	defer s.viewers.Add(-1)
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=picture")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	// The picture at hand may be from before the last viewer left.
	_, changed := s.part.get()
	io.WriteString(w, boundary) // into the buffer, to go out with the first picture
	for {
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
		if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
			return
		}
		var part []byte
		part, changed = s.part.get()
		if _, err := w.Write(part); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
	}
}

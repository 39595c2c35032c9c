package firmware

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// events sends the state whenever it changes, as server-sent events. It is
// encoded once for all viewers, and not at all when nobody looks.
type events struct {
	states  *latest[state]
	log     *slog.Logger
	viewers atomic.Int64
	newest  *latest[[]byte]
}

// betweenEvents is the least time between two events: the eye wants no more
// than 10 labels a second.
const betweenEvents = 100 * time.Millisecond

func newEvents(states *latest[state], log *slog.Logger) *events {
	return &events{states: states, log: log, newest: newLatest[[]byte](nil)}
}

// run encodes until ctx ends.
func (e *events) run(ctx context.Context) {
	rest := time.NewTicker(betweenEvents)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		now, changed := e.states.get()
		if e.viewers.Load() > 0 {
			e.newest.set(e.encode(now))
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

func (e *events) encode(s state) []byte {
	body, err := json.Marshal(s)
	if err != nil {
		e.log.Error("the state could not be written", "error", err)
		return nil
	}
	return fmt.Appendf(nil, "event: state\ndata: %s\n\n", body)
}

// ServeHTTP sends the state as it is and then every event. A viewer that falls
// behind misses some.
func (e *events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.viewers.Add(1)
	defer e.viewers.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	_, changed := e.newest.get()
	now, _ := e.states.get()
	for event := e.encode(now); ; event, changed = e.newest.get() {
		if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
			return
		}
		if _, err := w.Write(event); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

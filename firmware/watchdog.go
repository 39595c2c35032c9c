package firmware

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"canting/capture"
)

// watchdog tells systemd (sd_notify(3)) that the kiosk is ready, how it does,
// and that it lives: only what a visitor has been shown counts as a sign of
// life.
type watchdog struct {
	states *latest[state]
	// patience is after how long without a sign systemd restarts the kiosk
	// (WatchdogSec=); 0 if it was not asked to.
	patience time.Duration
	log      *slog.Logger
}

// newWatchdog reads what systemd asked for in the environment.
func newWatchdog(states *latest[state], log *slog.Logger) (*watchdog, error) {
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return nil, fmt.Errorf("systemd's watchdog: %w", err)
	}
	return &watchdog{states, patience, log}, nil
}

// sign is one frame that was answered, or one telling that the camera is lost.
type sign struct {
	frame uint64
	lost  time.Time
}

// signOf is what a published state shows of the live loop's work, zero if it
// shows none.
func signOf(s state) sign {
	switch {
	case s.Camera.State == string(capture.Lost):
		return sign{lost: s.At}
	case s.Answer != nil:
		return sign{frame: s.Answer.Frame}
	}
	return sign{}
}

// run follows the published states until ctx ends.
func (w *watchdog) run(ctx context.Context) {
	defer w.tell(daemon.SdNotifyStopping)
	var last sign
	var fed time.Time
	told := ""
	for {
		now, changed := w.states.get()
		if s := signOf(now); s != (sign{}) && s != last {
			if last == (sign{}) {
				w.tell(daemon.SdNotifyReady)
			}
			last = s
			if w.patience > 0 && time.Since(fed) >= w.patience/2 {
				w.tell(daemon.SdNotifyWatchdog)
				fed = time.Now()
			}
		}
		if text := statusLine(now); text != told {
			w.tell("STATUS=" + text)
			told = text
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// tell is in vain where no systemd listens.
func (w *watchdog) tell(message string) {
	if _, err := daemon.SdNotify(false, message); err != nil {
		w.log.Warn("systemd was not told", "message", message, "error", err)
	}
}

// statusLine is for `systemctl status`.
func statusLine(s state) string {
	line := "The camera is " + s.Camera.State
	if s.Camera.Reason != "" {
		line += ": " + s.Camera.Reason
	}
	line += fmt.Sprintf(". The model is %.12s (%s).", s.Model.SHA256, s.Model.Source)
	if p := s.Model.Problem; p != nil {
		line += fmt.Sprintf(" A change was not made: %s.", p.Reason)
	}
	return line
}

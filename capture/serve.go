package capture

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// The camera process gets its Config as JSON on standard input, the mailbox's
// memory as file descriptor 3, and talks in lines of JSON on standard error,
// among which are whatever OpenCV and its libraries print.
const mailboxFD = 3

// message is one line from the camera process. The first says that it opens the
// camera. A notice is for the log; a problem is why there are no frames.
type message struct {
	Opening bool   `json:"opening,omitempty"`
	Notice  string `json:"notice,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// Serve is the camera process: it reads frames from the source that its parent
// configures and hands them over, until ctx ends or the source fails. demo holds
// the pictures of KindDemo, nil where there are none. It is the whole of
// `canting camera`, which a Supervisor starts.
func Serve(ctx context.Context, demo fs.FS) error {
	return ServeSource(ctx, func(cfg Config, notice func(string)) (Source, error) {
		return openSource(cfg, demo, notice)
	})
}

// Opener opens what cfg names; notice is told what a person should know though
// the source goes on.
type Opener func(cfg Config, notice func(string)) (Source, error)

// ServeSource is Serve for sources of the caller's own, as tests have them.
func ServeSource(ctx context.Context, open Opener) error {
	box, err := openMailbox(mailboxFD)
	if err != nil {
		return err
	}
	defer box.Close()
	lines := json.NewEncoder(os.Stderr)
	say := func(m message) { lines.Encode(m) } // nobody is left to tell where it fails
	say(message{Opening: true})
	var cfg Config
	if err := json.NewDecoder(io.LimitReader(os.Stdin, 64<<10)).Decode(&cfg); err != nil {
		return fmt.Errorf("the camera process got no configuration: %w", err)
	}
	err = transfer(ctx, cfg, open, box, say)
	if err != nil && ctx.Err() == nil {
		say(message{Problem: err.Error()})
	}
	return err
}

func transfer(ctx context.Context, cfg Config, open Opener, box *mailbox, say func(message)) error {
	src, err := openPatiently(ctx, cfg, open, say)
	if err != nil {
		return err
	}
	defer src.Close()
	for skipped := 0; ; {
		f, err := src.Read(ctx)
		if err != nil {
			return err
		}
		if err := box.put(f); err != nil {
			// One picture of a folder may be too large; a camera's all are.
			if skipped++; skipped > 100 {
				return err
			}
			say(message{Notice: err.Error()})
			continue
		}
		skipped = 0
	}
}

// A camera that is not there is asked for again in the same process, which is
// cheaper than a new one; but not for ever, since a library may have been
// broken by the camera's disappearance.
const (
	openAttempts    = 20
	betweenAttempts = 500 * time.Millisecond
)

func openPatiently(ctx context.Context, cfg Config, open Opener, say func(message)) (Source, error) {
	notice := func(text string) { say(message{Notice: text}) }
	for attempt := 1; ; attempt++ {
		src, err := open(cfg, notice)
		if err == nil || attempt == openAttempts {
			return src, err
		}
		say(message{Problem: err.Error()})
		if err := sleep(ctx, betweenAttempts); err != nil {
			return nil, err
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// conversation is one of QEMU's JSON protocols over a Unix socket: its monitor's
// (QMP) or the guest agent's.
type conversation struct {
	one     sync.Mutex // question at a time
	conn    net.Conn
	decoder *json.Decoder
}

// converse connects once the socket is there.
func converse(ctx context.Context, path string) (*conversation, error) {
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			return &conversation{conn: conn, decoder: json.NewDecoder(conn)}, nil
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			return nil, fmt.Errorf("qemu opened no %s: %w", path, err)
		}
	}
}

// message is a reply, or an event or greeting, which has neither of the two.
type message struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Description string `json:"desc"`
	} `json:"error"`
}

// ask sends a command and decodes its reply into answer, unless that is nil.
func (c *conversation) ask(ctx context.Context, command string, arguments map[string]any, answer any) error {
	c.one.Lock()
	defer c.one.Unlock()
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(0, 0)) })
	defer stop()
	question := map[string]any{"execute": command}
	if arguments != nil {
		question["arguments"] = arguments
	}
	if err := json.NewEncoder(c.conn).Encode(question); err != nil {
		return c.failed(ctx, command, err)
	}
	for {
		var m message
		if err := c.decoder.Decode(&m); err != nil {
			return c.failed(ctx, command, err)
		}
		switch {
		case m.Error != nil:
			return fmt.Errorf("qemu refuses %s: %s", command, m.Error.Description)
		case m.Return == nil:
			continue
		case answer == nil:
			return nil
		}
		if err := json.Unmarshal(m.Return, answer); err != nil {
			return fmt.Errorf("qemu's reply to %s: %w", command, err)
		}
		return nil
	}
}

func (c *conversation) failed(ctx context.Context, command string, err error) error {
	return fmt.Errorf("ask qemu to %s: %w", command, errors.Join(ctx.Err(), err))
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

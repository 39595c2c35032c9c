package firmware

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/warthog618/go-gpiocdev"

	"canting/configs"
)

// workbench is a board whose lines the test plugs in, presses and looks at.
type workbench struct {
	mu      sync.Mutex
	there   bool
	pressed func()
	lit     bool
	open    int
	opened  int
}

func (w *workbench) Button(_ string, _ time.Duration, pressed func()) (gpioLine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pressed = pressed
	return w.line()
}

func (w *workbench) Lamp(string) (gpioLine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.line()
}

func (w *workbench) line() (gpioLine, error) {
	if !w.there {
		return nil, errors.New("there is no such line")
	}
	w.open++
	w.opened++
	return workbenchLine{w}, nil
}

func (w *workbench) press() {
	w.mu.Lock()
	pressed := w.pressed
	w.mu.Unlock()
	pressed()
}

func (w *workbench) plug(in bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.there = in
}

func (w *workbench) lamp() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lit
}

func (w *workbench) lines() (open, opened int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open, w.opened
}

type workbenchLine struct{ board *workbench }

func (l workbenchLine) Value() (int, error) {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	if !l.board.there {
		return 0, errors.New("unplugged")
	}
	return 0, nil
}

func (l workbenchLine) SetValue(v int) error {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	l.board.lit = v == 1
	return nil
}

func (l workbenchLine) Close() error {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	l.board.open--
	l.board.lit = false
	return nil
}

var _ gpioLine = (*gpiocdev.Line)(nil)

// until waits for a condition that comes about by itself.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("%s did not come about", what)
		}
	}
}

// The button presses the shutter, once at a time; its LED tells when a press
// would be answered; both may be plugged in while the kiosk runs, and go.
func TestButtonAndItsLamp(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", "camera: {source: demo}\nmodels: {allow_unsigned: true}\nshutter: {frames: 3, timeout: 10s}\n")
	on := &workbench{}
	var said, text lockedBuffer
	b.kiosk.log = slog.New(slog.NewTextHandler(&said, nil))
	shutter := &button{
		config: configs.Button{Shutter: "GPIO17", LED: "GPIO27", Debounce: 20 * time.Millisecond},
		kiosk:  b.kiosk, board: on, log: slog.New(slog.NewTextHandler(&text, nil)),
	}
	ctx, stop := context.WithCancel(context.Background())
	clock, stopClock := context.WithCancel(ctx)
	var running, ticking sync.WaitGroup
	running.Go(func() { b.kiosk.run(ctx) })
	running.Go(func() { shutter.run(ctx) })
	ticking.Go(func() { b.camera.run(clock, 20*time.Millisecond) })
	defer func() {
		stop()
		ticking.Wait()
		running.Wait()
		b.kiosk.close()
		if open, _ := on.lines(); open != 0 {
			t.Errorf("%d lines stay open", open)
		}
	}()

	until(t, "the notices", func() bool { return strings.Count(text.String(), "is not there") == 2 })
	on.plug(true)
	until(t, "the lines' finding", func() bool { open, _ := on.lines(); return open == 2 })
	until(t, "the LED", on.lamp)
	verdicts := func() int { return strings.Count(said.String(), "msg=verdict") }
	on.press()
	until(t, "a verdict", func() bool { return verdicts() == 1 && b.kiosk.looking.Load() == 0 })

	// The camera stops: a press waits, the LED goes out, further presses are
	// ignored, and the one that waited is answered once.
	stopClock()
	ticking.Wait()
	on.press()
	until(t, "a press under way", func() bool { return b.kiosk.looking.Load() == 1 })
	until(t, "the LED's end", func() bool { return !on.lamp() })
	for range 5 {
		on.press()
	}
	clock, stopClock = context.WithCancel(ctx)
	defer stopClock()
	ticking.Go(func() { b.camera.run(clock, 20*time.Millisecond) })
	until(t, "the LED's return", on.lamp)
	if n := verdicts(); n != 2 {
		t.Errorf("%d verdicts, want 2", n)
	}

	on.plug(false)
	until(t, "the notices of the loss", func() bool { return strings.Count(text.String(), "is not there") == 4 })
	if open, _ := on.lines(); open != 0 {
		t.Errorf("%d lines that are gone stay open", open)
	}
	on.plug(true)
	until(t, "the return", func() bool { open, opened := on.lines(); return open == 2 && opened == 4 })
	until(t, "the LED", on.lamp)
}

// An absent line is told once, however often it is looked for.
func TestAbsentGPIOIsOneNotice(t *testing.T) {
	if len(gpiocdev.Chips()) > 0 {
		t.Skip("this machine has GPIO, so its absence cannot be tried")
	}
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	for _, name := range []string{"GPIO17", "gpiochip0:17"} {
		text.Reset()
		p := pin{name: name, open: characterDevice{}.Lamp}
		for range 3 {
			p.check(log)
			p.set(true)
		}
		p.close()
		if strings.Count(text.String(), "\n") != 1 || !strings.Contains(text.String(), "level=INFO") {
			t.Errorf("%s: the log is %q", name, text.String())
		}
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

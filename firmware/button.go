package firmware

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/warthog618/go-gpiocdev"

	"canting/configs"
)

// board gives out the lines of the machine's GPIO.
type board interface {
	// Button is a line that calls pressed each time its contact has closed to
	// ground for as long as debounce.
	Button(line string, debounce time.Duration, pressed func()) (gpioLine, error)
	// Lamp is a line that drives an LED; it begins dark.
	Lamp(line string) (gpioLine, error)
}

// gpioLine is gpiocdev's Line, as far as it is used here.
type gpioLine interface {
	Value() (int, error)
	SetValue(value int) error
	Close() error
}

const (
	// pinRest is how often an absent line is looked for, and one that is there
	// asked whether it still is.
	pinRest = 5 * time.Second
	// lampRest is the LED's delay at most: the eye sees no less.
	lampRest = 50 * time.Millisecond
)

// button is the shutter beside the screen, and its LED.
type button struct {
	config configs.Button
	kiosk  *kiosk
	board  board
	log    *slog.Logger
}

// run waits for presses until ctx ends. A line that is not there, or not
// allowed, is told once and looked for again.
func (b *button) run(ctx context.Context) {
	pressed := make(chan struct{}, 1)
	contact := pin{name: b.config.Shutter, open: func(name string) (gpioLine, error) {
		return b.board.Button(name, b.config.Debounce, func() {
			select {
			case pressed <- struct{}{}:
			default: // the last one has yet to be seen
			}
		})
	}}
	lamp := pin{name: b.config.LED, open: b.board.Lamp}
	defer contact.close()
	defer lamp.close()
	var press sync.WaitGroup
	defer press.Wait()
	contact.check(b.log)
	lamp.check(b.log)
	look, glow := time.NewTicker(pinRest), time.NewTicker(lampRest)
	defer look.Stop()
	defer glow.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			contact.check(b.log)
			lamp.check(b.log)
		case <-glow.C:
			lamp.set(b.ready())
		case <-pressed:
			if b.kiosk.looking.Load() > 0 {
				continue
			}
			press.Go(func() { b.press(ctx) })
		}
	}
}

// ready is what the LED tells: a press now would be answered.
func (b *button) ready() bool {
	now, _ := b.kiosk.state.get()
	return now.Answer != nil && b.kiosk.looking.Load() == 0
}

func (b *button) press(ctx context.Context) {
	if _, err := b.kiosk.press(ctx); err != nil && ctx.Err() == nil {
		b.log.Warn("a press of the button was not answered", "error", err)
	}
}

// pin is a line that may not be there yet.
type pin struct {
	name string // empty: not wanted
	open func(name string) (gpioLine, error)
	line gpioLine // nil while it is not there
	told bool     // that it is not
	lit  bool
}

// check opens the line unless it is open and well.
func (p *pin) check(log *slog.Logger) {
	if p.name == "" {
		return
	}
	if p.line != nil {
		if _, err := p.line.Value(); err == nil {
			return
		}
		p.close()
	}
	line, err := p.open(p.name)
	if err != nil {
		if !p.told {
			log.Info("a GPIO line is not there; it is looked for again", "line", p.name, "every", pinRest, "reason", err)
		}
		p.told = true
		return
	}
	p.line, p.told, p.lit = line, false, false
	log.Info("a GPIO line is in use", "line", p.name)
}

// set lights the LED. An LED that has gone is found by check.
func (p *pin) set(lit bool) {
	if p.line == nil || lit == p.lit {
		return
	}
	value := 0
	if lit {
		value = 1
	}
	if p.line.SetValue(value) == nil {
		p.lit = lit
	}
}

func (p *pin) close() {
	if p.line != nil {
		p.line.Close()
		p.line = nil
	}
}

// characterDevice is the board through Linux's GPIO character devices.
type characterDevice struct{}

// Button leaves the debouncing to the kernel, which does it since Linux 5.10.
func (characterDevice) Button(line string, debounce time.Duration, pressed func()) (gpioLine, error) {
	return request(line, gpiocdev.AsInput, gpiocdev.AsActiveLow, gpiocdev.WithPullUp, gpiocdev.WithDebounce(debounce),
		gpiocdev.WithRisingEdge, gpiocdev.WithEventHandler(func(gpiocdev.LineEvent) { pressed() }))
}

func (characterDevice) Lamp(line string) (gpioLine, error) {
	return request(line, gpiocdev.AsOutput(0))
}

// gpioConsumer is whose the kernel says that a line is while it is open.
const gpioConsumer = "canting"

// request opens a line by its name, or as gpiochip0:17.
func request(line string, options ...gpiocdev.LineReqOption) (gpioLine, error) {
	chip, offset, err := locate(line)
	if err != nil {
		return nil, err
	}
	l, err := gpiocdev.RequestLine(chip, offset, append(options, gpiocdev.WithConsumer(gpioConsumer))...)
	if err != nil { // not l, which would be a nil that is no nil
		return nil, fmt.Errorf("open line %d of %s: %w", offset, chip, err)
	}
	return l, nil
}

func locate(line string) (chip string, offset int, err error) {
	chip, offset, numbered := configs.GPIOOffset(line)
	if numbered {
		return chip, offset, nil
	}
	if len(gpiocdev.Chips()) == 0 {
		return "", 0, errors.New("this machine has no GPIO that this user may open")
	}
	if chip, offset, err = gpiocdev.FindLine(line); err != nil {
		return "", 0, fmt.Errorf("no line of this machine's GPIO is named so: %w", err)
	}
	return chip, offset, nil
}

// lineInfo asks about a line without opening it, which would drive an LED.
func lineInfo(line string) (gpiocdev.LineInfo, error) {
	name, offset, err := locate(line)
	if err != nil {
		return gpiocdev.LineInfo{}, err
	}
	chip, err := gpiocdev.NewChip(name)
	if err != nil {
		return gpiocdev.LineInfo{}, fmt.Errorf("open %s: %w", name, err)
	}
	defer chip.Close()
	info, err := chip.LineInfo(offset)
	if err != nil {
		return info, fmt.Errorf("ask about line %d of %s: %w", offset, name, err)
	}
	return info, nil
}

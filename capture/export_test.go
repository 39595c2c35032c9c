package capture

import (
	"fmt"
	"os"
)

// What the tests of the two processes, which live outside of this package so
// that they can use the camera of faults, need from within.
var (
	Drawn     = drawn
	ErrClosed = errClosed
)

// FrozenFor is the supervisor's patience with a repeated picture.
const FrozenFor = frozenFor

// DamageMailbox is a process gone mad: it leaves numbers that are no slot's and
// frames larger than their slot.
func DamageMailbox() error {
	box, err := openMailbox(mailboxFD)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, `{"opening":true}`)
	for i := range box.memory[:boxHeader+slotHeader] {
		box.memory[i] = 0xFF
	}
	box.word().Store(77 | freshBit)
	select {}
}

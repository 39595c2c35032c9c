package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Frames pass from the camera process to its parent through three slots in
// shared memory (triple buffering). Each side owns one slot; the third lies in
// the mailbox, a word that both only ever exchange for the number of their own
// slot. So neither waits for the other, a frame that is being written can never
// be read, and what lies in the mailbox is always the newest.
//
// The word is the slot's number, with the fresh bit set by the writer. A slot
// is the header below and the pixels.
const (
	maxFramePixels = 16 << 20 // the Raspberry Pi's cameras have 12 million

	slots      = 3
	slotHeader = 4096
	slotBytes  = slotHeader + 3*maxFramePixels
	boxHeader  = 4096
	boxBytes   = boxHeader + slots*slotBytes // untouched pages cost nothing

	freshBit = 1 << 8

	// Offsets in a slot's header, little endian.
	atOffset     = 0 // CLOCK_MONOTONIC in nanoseconds
	widthOffset  = 8
	heightOffset = 12
)

// mailbox is one side's view.
type mailbox struct {
	memory []byte
	mine   uint32
}

var errDamagedMailbox = errors.New("the camera process handed over a damaged frame")

// newMailbox makes the memory and maps it as the reader's. The file is for the
// writer. It is sealed, or a writer could shrink it under the reader.
func newMailbox() (*mailbox, *os.File, error) {
	fd, err := unix.MemfdCreate("canting-frames", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, fmt.Errorf("shared memory for frames: %w", err)
	}
	file := os.NewFile(uintptr(fd), "canting-frames")
	if err := file.Truncate(boxBytes); err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("shared memory for frames: %w", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("shared memory for frames: %w", err)
	}
	box, err := mapMailbox(fd, 2)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	box.word().Store(1)
	return box, file, nil
}

// openMailbox maps the memory of fd as the writer's.
func openMailbox(fd int) (*mailbox, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Size != boxBytes {
		return nil, errors.New("no shared memory was passed: the camera process is started by `canting run`, not by hand")
	}
	return mapMailbox(fd, 0)
}

func mapMailbox(fd int, mine uint32) (*mailbox, error) {
	memory, err := unix.Mmap(fd, 0, boxBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the shared memory for frames: %w", err)
	}
	return &mailbox{memory: memory, mine: mine}, nil
}

func (b *mailbox) Close() error {
	return unix.Munmap(b.memory)
}

func (b *mailbox) word() *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&b.memory[0]))
}

func (b *mailbox) slot() []byte {
	start := boxHeader + int(b.mine)*slotBytes
	return b.memory[start : start+slotBytes]
}

// exchange leaves this side's slot in the mailbox and takes the one there. The
// other side may be malicious or mad, so its number is checked.
func (b *mailbox) exchange(flag uint32) error {
	number := b.word().Swap(b.mine|flag) &^ freshBit
	if number >= slots {
		return errDamagedMailbox
	}
	b.mine = number
	return nil
}

// put hands f over as the newest frame.
func (b *mailbox) put(f Frame) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.Width > maxFramePixels/f.Height {
		return fmt.Errorf("a frame of %d x %d pixels is larger than the %d million that the kiosk takes: configure a smaller width and height",
			f.Width, f.Height, maxFramePixels/1_000_000)
	}
	slot := b.slot()
	binary.LittleEndian.PutUint64(slot[atOffset:], uint64(monotonic()-time.Since(f.At)))
	binary.LittleEndian.PutUint32(slot[widthOffset:], uint32(f.Width))
	binary.LittleEndian.PutUint32(slot[heightOffset:], uint32(f.Height))
	copy(slot[slotHeader:], f.BGR)
	return b.exchange(freshBit)
}

// take copies the newest frame out, if there is one that was not taken before.
func (b *mailbox) take() (f Frame, ok bool, err error) {
	if b.word().Load()&freshBit == 0 {
		return Frame{}, false, nil
	}
	if err := b.exchange(0); err != nil {
		return Frame{}, false, err
	}
	slot := b.slot()
	at := time.Duration(binary.LittleEndian.Uint64(slot[atOffset:]))
	width, height := binary.LittleEndian.Uint32(slot[widthOffset:]), binary.LittleEndian.Uint32(slot[heightOffset:])
	if width < 1 || height < 1 || width > maxFramePixels/height {
		return Frame{}, false, errDamagedMailbox
	}
	f = Frame{Width: int(width), Height: int(height), BGR: make([]byte, width*height*3)}
	copy(f.BGR, slot[slotHeader:])
	f.At = time.Now().Add(-min(max(monotonic()-at, 0), time.Hour))
	return f, true, nil
}

// monotonic is the one clock that both processes and the camera's driver share.
func monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // the clock exists since Linux 2.6
	}
	return time.Duration(now.Nano())
}

package capture

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
	"time"
)

// twoSides are a reader and a writer of the same memory, as in two processes.
func twoSides(t *testing.T) (reader, writer *mailbox, file *os.File) {
	t.Helper()
	reader, file, err := newMailbox()
	if err != nil {
		t.Fatal(err)
	}
	writer, err = openMailbox(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		reader.Close()
		writer.Close()
		file.Close()
	})
	return reader, writer, file
}

func TestMailboxKeepsTheNewest(t *testing.T) {
	reader, writer, _ := twoSides(t)
	if _, ok, err := reader.take(); ok || err != nil {
		t.Fatalf("an empty mailbox gave a frame (error: %v)", err)
	}
	for i := range 5 {
		f := Frame{At: time.Now().Add(-time.Minute), Width: 4, Height: 2, BGR: bytes.Repeat([]byte{byte(i)}, 24)}
		if err := writer.put(f); err != nil {
			t.Fatal(err)
		}
	}
	f, ok, err := reader.take()
	if err != nil || !ok || f.Width != 4 || f.Height != 2 || !bytes.Equal(f.BGR, bytes.Repeat([]byte{4}, 24)) {
		t.Fatalf("the newest frame is %+v, %v, %v", f, ok, err)
	}
	if age := time.Since(f.At); age < time.Minute || age > time.Minute+time.Second {
		t.Errorf("the frame is %v old, want a minute", age)
	}
	if _, ok, _ := reader.take(); ok {
		t.Error("the same frame was given twice")
	}
}

func TestMailboxNeverGivesATornFrame(t *testing.T) {
	reader, writer, _ := twoSides(t)
	const frames = 2000
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for i := range frames {
			size := 100 + i%50
			f := Frame{At: time.Now(), Width: size, Height: size, BGR: bytes.Repeat([]byte{byte(i)}, size*size*3)}
			if err := writer.put(f); err != nil {
				failed <- err
				return
			}
		}
	}()
	taken := 0
	for done := false; !done; {
		select {
		case err := <-failed:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
		f, ok, err := reader.take()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		taken++
		if bytes.Count(f.BGR, f.BGR[:1]) != len(f.BGR) {
			t.Fatalf("frame %d is torn", taken)
		}
	}
	if taken < 10 {
		t.Fatalf("only %d of %d frames were taken: the test has tested little", taken, frames)
	}
	t.Logf("%d of %d frames were taken", taken, frames)
}

func TestMailboxChecksTheOtherSide(t *testing.T) {
	reader, writer, file := twoSides(t)
	damage := map[string]func(){
		"no such slot":        func() { writer.word().Store(3 | freshBit) },
		"a slot far off":      func() { writer.word().Store(0xFFFFFFFF) },
		"no pixels":           func() { header(writer, 0, 10) },
		"too many pixels":     func() { header(writer, maxFramePixels, 2) },
		"a product of 2^32":   func() { header(writer, 1<<16, 1<<16) },
		"the largest numbers": func() { header(writer, 1<<32-1, 1<<32-1) },
	}
	for name, do := range damage {
		do()
		if f, ok, err := reader.take(); err == nil {
			t.Errorf("%s: the reader took %d x %d pixels (%v)", name, f.Width, f.Height, ok)
		}
		reader.mine, writer.mine = 2, 0
		writer.word().Store(1)
	}
	if err := file.Truncate(0); err == nil {
		t.Error("the memory could be shrunk under the reader")
	}
	if err := writer.put(Frame{Width: 5000, Height: 5000, BGR: make([]byte, 75_000_000)}); err == nil {
		t.Error("a frame larger than a slot was put")
	}
}

func header(b *mailbox, width, height uint32) {
	binary.LittleEndian.PutUint32(b.slot()[widthOffset:], width)
	binary.LittleEndian.PutUint32(b.slot()[heightOffset:], height)
	b.exchange(freshBit)
}

func TestOpenMailboxRefusesAnotherFile(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, fd := range []int{int(file.Fd()), 1 << 20} {
		if _, err := openMailbox(fd); err == nil {
			t.Errorf("file descriptor %d was taken for a mailbox", fd)
		}
	}
}

package firmware

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// gcPercent lets the heap grow by half of what lives before it is collected. A
// kiosk's heap is a few frames without pointers, so that a collection is cheap.
const gcPercent = 50

// spareMemory keeps the parent small. Loading OpenCV's two hundred libraries
// reads their tables and touches code that never runs again; once the kiosk has
// shown something, these pages are given back. They stay in the system's cache
// for whoever needs them, and what the kiosk needs it maps again. Nothing unloads
// a library in this process, so that none is exchanged in between.
func spareMemory(ctx context.Context, states *latest[state]) error {
	debug.SetGCPercent(gcPercent)
	for {
		now, changed := states.get()
		if signOf(now) != (sign{}) {
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("look at the program's memory: %w", err)
	}
	defer maps.Close()
	unchanged, err := unchangedFiles(maps)
	if err != nil {
		return fmt.Errorf("look at the program's memory: %w", err)
	}
	for _, r := range unchanged {
		if err := release(r); err != nil {
			return fmt.Errorf("give %x-%x back: %w", r.from, r.to, err)
		}
	}
	return nil
}

// region is a part of the address space.
type region struct{ from, to uintptr }

// unchangedFiles reads /proc/PID/smaps (proc(5)) and returns where files are
// mapped that cannot be written there and were not: giving their pages back
// loses nothing.
func unchangedFiles(smaps io.Reader) (found []region, err error) {
	var r region
	candidate := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		key, rest, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		switch {
		case !bytes.HasSuffix(key, []byte(":")): // address permissions offset device inode path
			fields := strings.Fields(string(rest))
			candidate = len(fields) > 4 && strings.HasPrefix(fields[4], "/") && (fields[0] == "r--p" || fields[0] == "r-xp")
			if _, err := fmt.Sscanf(string(key), "%x-%x", &r.from, &r.to); err != nil {
				return nil, fmt.Errorf("smaps has the line %q: %w", lines.Text(), err)
			}
		case candidate && string(key) == "Anonymous:" && string(bytes.TrimSpace(rest)) == "0 kB":
			found = append(found, r)
		}
	}
	return found, lines.Err()
}

func release(r region) error {
	if _, _, errno := unix.Syscall(unix.SYS_MADVISE, r.from, r.to-r.from, unix.MADV_DONTNEED); errno != 0 {
		return errno
	}
	return nil
}

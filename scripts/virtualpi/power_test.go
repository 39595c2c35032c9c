package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// What was flushed is on the disk after every loss of power; what was not is
// there after some and missing after others.
func TestLosePower(t *testing.T) {
	folder := t.TempDir()
	disk, log := filepath.Join(folder, "disk"), filepath.Join(folder, "log")
	var written bytes.Buffer
	written.Write(make([]byte, sector)) // the superblock
	add := func(e logEntry, content byte) {
		header := make([]byte, sector)
		if _, err := binary.Encode(header, binary.LittleEndian, e); err != nil {
			t.Fatal(err)
		}
		written.Write(header)
		written.Write(bytes.Repeat([]byte{content}, int(e.Sectors)*sector))
	}
	add(logEntry{Sector: 2, Sectors: 1}, 'a')
	add(logEntry{Flags: flushed}, 0)
	add(logEntry{Sector: 1, Sectors: 2}, 'b')
	if err := os.WriteFile(log, written.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	block := func(content byte) []byte { return bytes.Repeat([]byte{content}, sector) }
	kept := bytes.Join([][]byte{block('.'), block('b'), block('b'), block('.')}, nil)
	lost := bytes.Join([][]byte{block('.'), block('.'), block('a'), block('.')}, nil)
	seen := map[bool]bool{}
	for seed := range uint64(32) {
		if err := os.WriteFile(disk, bytes.Repeat([]byte{'.'}, 4*sector), 0o644); err != nil {
			t.Fatal(err)
		}
		unflushed, err := losePower(disk, log, rand.New(rand.NewPCG(seed, 0)))
		if err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(disk)
		if err != nil {
			t.Fatal(err)
		}
		if unflushed != 1 || !bytes.Equal(after, kept) && !bytes.Equal(after, lost) {
			t.Fatalf("seed %d: %d unflushed writes, and the blocks begin with %c %c %c %c", seed,
				unflushed, after[0], after[sector], after[2*sector], after[3*sector])
		}
		seen[bytes.Equal(after, kept)] = true
	}
	if len(seen) != 2 {
		t.Error("32 losses of power all ended alike")
	}
}

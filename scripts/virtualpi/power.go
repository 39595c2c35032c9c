package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

const (
	powerConfiguration = `listen: 0.0.0.0:8080
models: {store: /var/lib/canting/models, keys: [%q]}
camera: {source: demo}
`
	// dataMiB is the size of the disk of models.
	dataMiB = 48
)

// cutter cuts a virtual Pi's power again and again.
type cutter struct {
	bench *bench
	draw  *rand.Rand
	data  string // the disk of models, between two boots
	// round is how long it takes here to install and activate both models. The
	// power is cut at a random moment of it, the first time after it.
	round time.Duration
	// done and doing are the digests of the model that was activated last, and
	// of the one that may have been when the power went; "" is none.
	done, doing string
	changed     int // cuts after which the one that was being activated served
	lost        int // blocks that had not been flushed when the power went
}

// cutPower cuts the power at random moments of installs and activations. Each
// time the kiosk must come up with the model that was activated last, or with
// the one that was being activated.
func cutPower(ctx context.Context, b *bench) (string, error) {
	if b.machine != nil {
		b.machine.kill()
		b.machine = nil
	}
	c := &cutter{bench: b, draw: rand.New(rand.NewPCG(6, uint64(len(b.board.suite)))), data: filepath.Join(b.out, "data.raw")}
	if err := c.prepare(ctx); err != nil {
		return "", err
	}
	for i := range b.cuts + 1 {
		if err := c.boot(ctx, i == b.cuts); err != nil {
			return "", fmt.Errorf("boot %d of %d: %w", i+1, b.cuts+1, err)
		}
	}
	return fmt.Sprintf("%d cuts, each followed by a boot into a verified model: %d times the older, %d the newer; %d unflushed writes, of which half were lost",
		b.cuts, b.cuts-c.changed, c.changed, c.lost), nil
}

func (c *cutter) prepare(ctx context.Context) error {
	b := c.bench
	if err := os.WriteFile(filepath.Join(b.share(), "power.yaml"), fmt.Appendf(nil, powerConfiguration, b.models.key), 0o644); err != nil {
		return err
	}
	init, err := os.ReadFile(filepath.Join(b.guest, "power"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.share(), "power"), init, 0o755); err != nil {
		return err
	}
	for _, s := range []signed{b.models.first, b.models.second} {
		for _, path := range []string{s.path, s.path + ".minisig"} {
			if err := copyFile(path, filepath.Join(b.share(), filepath.Base(path))); err != nil {
				return err
			}
		}
	}
	_, err = command(ctx, "mke2fs", "-q", "-t", "ext4", c.data, fmt.Sprint(dataMiB, "M"))
	return err
}

// boot boots, checks what serves, lets models be installed and cuts the power;
// the last boot is not cut.
func (c *cutter) boot(ctx context.Context, last bool) error {
	b := c.bench
	begin, log, serial := filepath.Join(b.share(), "begin"), filepath.Join(b.out, "writes.log"), filepath.Join(b.out, "power.serial.log")
	if err := os.Remove(begin); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(log, nil, 0o644); err != nil {
		return err
	}
	used := c.data + ".used"
	if err := copyFile(c.data, used); err != nil {
		return err
	}
	m, err := start(ctx, hardware{
		board: b.board, images: b.images, disk: b.installed() + ",snapshot=on", share: b.share(), serial: serial, init: "/host/power",
		more: []string{
			"-blockdev", "driver=file,node-name=used,filename=" + used,
			"-blockdev", "driver=file,node-name=log,filename=" + log,
			"-blockdev", "driver=blklogwrites,node-name=data,file=used,log=log",
			"-device", "virtio-blk-pci,drive=data",
		},
	})
	if err != nil {
		return err
	}
	defer m.kill()
	if err := c.check(ctx, m.kiosk); err != nil || last {
		return err
	}
	if err := os.WriteFile(begin, nil, 0o644); err != nil {
		return err
	}
	if _, err := awaitProgress(ctx, serial, "doing", 1); err != nil {
		return err
	}
	if c.round == 0 {
		if c.round, err = awaitProgress(ctx, serial, "done", 2); err != nil {
			return err
		}
	}
	if err := pause(ctx, time.Duration(c.draw.Int64N(int64(c.round)))); err != nil {
		return err
	}
	m.kill()
	if err := c.readProgress(serial); err != nil {
		return err
	}
	lost, err := losePower(c.data, log, c.draw)
	c.lost += lost
	return err
}

// check waits for the kiosk and looks at the model that it serves.
func (c *cutter) check(ctx context.Context, k kiosk) error {
	s, _, err := k.await(ctx, "the kiosk after a power cut", func(s state) bool { return s.Model.SHA256 != "" })
	if err != nil {
		return err
	}
	serving, err := k.model(ctx)
	if err != nil {
		return err
	}
	switch {
	case s.Model.Problem != nil:
		return fmt.Errorf("the kiosk tells of a problem: %s", s.Model.Problem.What)
	case serving.Source == "active" && serving.Signed && serving.SHA256 == c.doing && c.doing != c.done:
		c.changed++
	case serving.Source == "active" && serving.Signed && serving.SHA256 == c.done:
	case serving.Source == "demonstration" && c.done == "":
	default:
		return fmt.Errorf("%.12s (%s) serves; %.12s was activated and %.12s perhaps", serving.SHA256, serving.Source, c.done, c.doing)
	}
	c.done = ""
	if serving.Source == "active" {
		c.done = serving.SHA256
	}
	c.doing = c.done
	return nil
}

var progress = regexp.MustCompile(`power: (doing|done) ([0-9a-f]{64})`)

// awaitProgress waits until the guest told so often of a kind of progress, and
// returns how long that took.
func awaitProgress(ctx context.Context, serial, kind string, times int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	began := time.Now()
	for {
		said, err := os.ReadFile(serial)
		if err != nil {
			return 0, err
		}
		if bytes.Count(said, []byte("power: "+kind)) >= times {
			return time.Since(began), nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return 0, fmt.Errorf("the guest did not tell of %q %d times: %w", kind, times, err)
		}
	}
}

// readProgress takes from the serial console what was done before the cut.
func (c *cutter) readProgress(serial string) error {
	said, err := os.ReadFile(serial)
	if err != nil {
		return err
	}
	for _, line := range progress.FindAllSubmatch(said, -1) {
		c.doing = string(line[2])
		if string(line[1]) == "done" {
			c.done = c.doing
		}
	}
	return nil
}

// copyFile copies a file that is not there yet or is replaced.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// The log of writes, as QEMU's blklogwrites and Linux' dm-log-writes keep it:
// a superblock, then entries, each a header in a sector of its own followed by
// what was written. All numbers are little-endian.
const (
	sector  = 512
	flushed = 1 << 0
	discard = 1 << 2
)

type logEntry struct {
	Sector, Sectors, Flags, Length uint64
}

// losePower makes a disk what is left of it when the power goes: everything that
// was written before the last flush, and of what came later each write with even
// chances, as of a disk with a cache of its own. It returns the number of writes
// that no flush followed.
func losePower(disk, log string, draw *rand.Rand) (unflushed int, err error) {
	content, err := os.ReadFile(disk)
	if err != nil {
		return 0, err
	}
	written, err := os.ReadFile(log)
	if err != nil {
		return 0, err
	}
	type write struct {
		at   uint64
		data []byte
	}
	var waiting []write
	for written = written[min(sector, len(written)):]; len(written) >= sector; {
		var e logEntry
		if err := binary.Read(bytes.NewReader(written), binary.LittleEndian, &e); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		written = written[sector:]
		length := e.Sectors * sector
		if e.Flags&discard != 0 {
			length = 0
		}
		if e == (logEntry{}) || length > uint64(len(written)) || e.Sector*sector+length > uint64(len(content)) {
			break // not written out before the kill
		}
		if e.Flags&flushed != 0 {
			for _, w := range waiting {
				copy(content[w.at:], w.data)
			}
			waiting = waiting[:0]
		}
		waiting = append(waiting, write{e.Sector * sector, written[:length]})
		written = written[length:]
	}
	for _, w := range waiting {
		if len(w.data) == 0 {
			continue
		}
		unflushed++
		if draw.IntN(2) == 0 {
			copy(content[w.at:], w.data)
		}
	}
	return unflushed, os.WriteFile(disk, content, 0o644)
}

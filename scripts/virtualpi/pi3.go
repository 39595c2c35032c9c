package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// pi3Said is what guest/pi3 tells the serial console.
var pi3Said = regexp.MustCompile(`pi3: (\w+): ([^\r\n]*)`)

// tryPi3 boots QEMU's model of a Raspberry Pi 3 with Debian's kernel and its
// device tree. It has neither network nor a pin that can be pressed from outside.
func (b *bench) tryPi3(ctx context.Context) error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	card, serial := filepath.Join(b.out, "sd.raw"), filepath.Join(b.out, "pi3.serial.log")
	if err := b.writeCard(ctx, card); err != nil {
		return err
	}
	defer os.Remove(card)
	r := newReport(b, "pi3", "Debian "+b.board.suite+" on QEMU's raspi3b")
	began := time.Now()
	said, err := b.bootPi3(ctx, card, serial)
	var serving model
	var now state
	if err == nil {
		err = json.Unmarshal([]byte(said["model"]), &serving)
	}
	if err == nil {
		err = json.Unmarshal([]byte(said["state"]), &now)
	}
	switch {
	case err != nil:
	case said["failure"] != "":
		err = errors.New(said["failure"])
	case serving.Kernel != "neon" || now.Answer == nil:
		err = fmt.Errorf("the kernel is %q and the state %s", serving.Kernel, said["state"])
	}
	seen := fmt.Sprintf("%s; %s; package installed %s of uptime, label %s; kernel %s", said["board"], said["GPIO"], said["installed"], said["label"], serving.Kernel)
	r.add("boot, install, first label", time.Since(began), seen, err)
	return r.write()
}

// writeCard writes an SD card with the package and the first program on it. Its
// size is a power of 2, as a card's must be.
func (b *bench) writeCard(ctx context.Context, card string) error {
	if _, err := command(ctx, "qemu-img", "convert", "-O", "raw", filepath.Join(b.images, "root.qcow2"), card); err != nil {
		return err
	}
	for _, request := range []string{
		"write " + b.deb + " /canting.deb",
		"write " + filepath.Join(b.guest, "pi3") + " /pi3",
		"set_inode_field /pi3 mode 0100755",
	} {
		if _, err := command(ctx, "debugfs", "-w", "-R", request, card); err != nil {
			return err
		}
	}
	return nil
}

// bootPi3 returns what the Pi told by the time that it switched itself off.
func (b *bench) bootPi3(ctx context.Context, card, serial string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	qemu := exec.CommandContext(ctx, "qemu-system-aarch64", "-M", "raspi3b", "-accel", "tcg,thread=multi",
		"-kernel", filepath.Join(b.images, "vmlinuz"), "-initrd", filepath.Join(b.images, "initrd-pi3.img"), "-dtb", filepath.Join(b.images, "pi3.dtb"),
		"-append", "console=ttyAMA0 rw quiet panic=-1 root=/dev/mmcblk0 init=/pi3",
		"-drive", "if=sd,format=raw,cache=unsafe,file="+card,
		"-display", "none", "-monitor", "none", "-serial", "file:"+serial, "-no-reboot")
	if err := qemu.Start(); err != nil {
		return nil, fmt.Errorf("start the virtual Pi 3: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- qemu.Wait() }()
	said := map[string]string{}
	for {
		var err error
		running := true
		select {
		case err = <-ended:
			running = false
		case <-time.After(500 * time.Millisecond):
		}
		console, readErr := os.ReadFile(serial)
		if readErr != nil && running {
			continue
		}
		for _, line := range pi3Said.FindAllSubmatch(console, -1) {
			said[string(line[1])] = string(line[2])
		}
		switch {
		case said["state"] != "":
			if running {
				qemu.Process.Kill() // the board's power is not its own to switch off
				<-ended
			}
			return said, nil
		case !running:
			return said, fmt.Errorf("the virtual Pi 3 ended before it told its state (see %s): %w", serial, errors.Join(err, ctx.Err()))
		}
	}
}

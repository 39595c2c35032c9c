package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// board is a processor of a Raspberry Pi as qemu knows it, and the Debian that it
// is tried with.
type board struct {
	suite, cpu string
	kernel     string // of the engine, that has to serve there
}

var boards = []board{
	{"bookworm", "cortex-a72", "neon"},  // Pi 4; no dot product
	{"trixie", "cortex-a76", "dotprod"}, // Pi 5
}

// machine is a running virtual Pi.
type machine struct {
	started time.Time
	monitor *conversation
	agent   *conversation
	kiosk   kiosk
	ssh     int    // the host's port that leads to the guest's ssh
	share   string // the host's folder that is /host in the guest
	qemu    *exec.Cmd
	ended   chan error // gets qemu's end once
}

// hardware is what a machine is started with.
type hardware struct {
	board  board
	images string   // what image.sh built
	disk   string   // the root's qcow2
	share  string   // given to the guest as /host
	serial string   // the serial console's log
	init   string   // in the guest, instead of systemd; "" is systemd
	more   []string // arguments of qemu
}

// start starts a machine. ctx ends it.
func start(ctx context.Context, h hardware) (*machine, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	ssh, err := freePort()
	if err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp("", "virtualpi") // a Unix socket's path is 108 bytes at most
	if err != nil {
		return nil, err
	}
	monitor, agent := filepath.Join(sockets, "monitor"), filepath.Join(sockets, "agent")
	// An emulated Pi on a busy machine needs more than systemd's 90 s for a device.
	words := "console=ttyAMA0 rw quiet net.ifnames=0 panic=-1 systemd.default_timeout_start_sec=600 systemd.default_device_timeout_sec=600"
	if h.init != "" {
		words += " init=" + h.init
	}
	arguments := []string{
		"-M", "virt", "-cpu", h.board.cpu, "-smp", "2", "-m", "1024", "-accel", "tcg,thread=multi",
		"-kernel", filepath.Join(h.images, "vmlinuz"), "-initrd", filepath.Join(h.images, "initrd.img"), "-append", words,
		"-drive", "if=none,id=root,format=qcow2,cache=unsafe,file=" + h.disk, "-device", "virtio-blk-pci,drive=root",
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:%d-:8080,hostfwd=tcp:127.0.0.1:%d-:22", port, ssh), "-device", "virtio-net-pci,netdev=net,romfile=",
		"-device", "virtio-rng-pci",
		"-virtfs", "local,mount_tag=host,security_model=none,path=" + h.share,
		"-device", "virtio-serial-pci", "-chardev", "socket,id=agent,server=on,wait=off,path=" + agent,
		"-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
		"-qmp", "unix:" + monitor + ",server=on,wait=off",
		"-display", "none", "-monitor", "none", "-serial", "file:" + h.serial, "-no-reboot",
	}
	m := &machine{
		started: time.Now(),
		kiosk:   kiosk{fmt.Sprintf("http://localhost:%d", port)},
		ssh:     ssh,
		share:   h.share,
		qemu:    exec.CommandContext(ctx, "qemu-system-aarch64", append(arguments, h.more...)...),
		ended:   make(chan error, 1),
	}
	var complaint strings.Builder
	m.qemu.Stderr = &complaint
	if err := m.qemu.Start(); err != nil {
		return nil, fmt.Errorf("start the virtual Pi (scripts/setup.sh pi installs qemu): %w", err)
	}
	go func() {
		err := m.qemu.Wait()
		os.RemoveAll(sockets)
		if err != nil && complaint.Len() > 0 {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(complaint.String()))
		}
		m.ended <- err
	}()
	if err := m.connect(ctx, monitor, agent); err != nil {
		m.kill()
		return nil, errors.Join(err, <-m.ended)
	}
	return m, nil
}

func (m *machine) connect(ctx context.Context, monitor, agent string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if m.monitor, err = converse(ctx, monitor); err != nil {
		return err
	}
	if err := m.monitor.ask(ctx, "qmp_capabilities", nil, nil); err != nil {
		return err
	}
	m.agent, err = converse(ctx, agent)
	return err
}

// freePort is a port of the host that nothing listens at.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// awaitAgent waits until systemd has started the guest agent.
func (m *machine) awaitAgent(ctx context.Context) error {
	if err := m.agent.ask(ctx, "guest-ping", nil, nil); err != nil {
		return fmt.Errorf("the virtual Pi did not come up: %w", err)
	}
	return nil
}

// run runs a shell script as root in the guest and returns what it printed to
// stdout. A failure is an error with its stderr.
func (m *machine) run(ctx context.Context, script string) (string, error) {
	var began struct {
		PID int `json:"pid"`
	}
	arguments := map[string]any{
		"path": "/bin/sh", "arg": []string{"-c", script}, "capture-output": true,
		"env": []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"},
	}
	if err := m.agent.ask(ctx, "guest-exec", arguments, &began); err != nil {
		return "", err
	}
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		var s struct {
			Exited   bool   `json:"exited"`
			ExitCode int    `json:"exitcode"`
			Signal   int    `json:"signal"`
			Out      string `json:"out-data"`
			Err      string `json:"err-data"`
		}
		if err := m.agent.ask(ctx, "guest-exec-status", map[string]any{"pid": began.PID}, &s); err != nil {
			return "", err
		}
		if s.Exited {
			stdout, err := base64.StdEncoding.DecodeString(s.Out)
			stderr, err2 := base64.StdEncoding.DecodeString(s.Err)
			if err := errors.Join(err, err2); err != nil {
				return "", fmt.Errorf("the guest agent's output: %w", err)
			}
			if s.ExitCode != 0 || s.Signal != 0 {
				return string(stdout), &guestError{script, s.ExitCode, s.Signal, end(stdout), end(stderr)}
			}
			return string(stdout), nil
		}
		if err := pause(ctx, wait); err != nil {
			return "", fmt.Errorf("in the guest, %s: %w", script, err)
		}
	}
}

// guestError is a script that failed in the guest.
type guestError struct {
	script         string
	code, signal   int
	stdout, stderr string // their ends
}

func (e *guestError) Error() string {
	return fmt.Sprintf("in the guest, %s: exit code %d, signal %d: %s %s", e.script, e.code, e.signal, e.stdout, e.stderr)
}

// end is what a program printed last.
func end(printed []byte) string {
	const enough = 1000
	return strings.TrimSpace(string(printed[max(0, len(printed)-enough):]))
}

// pressButton presses the board's button: QEMU's virt machine has one, at line 3
// of its GPIO chip, and holds it for a tenth of a second.
func (m *machine) pressButton(ctx context.Context) error {
	return m.monitor.ask(ctx, "system_powerdown", nil, nil)
}

// powerOff shuts the guest down as an engineer would.
func (m *machine) powerOff(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	_, asked := m.run(ctx, "systemctl --no-block poweroff") // the agent may be gone before it answers
	select {
	case err := <-m.ended:
		m.ended <- err
		return err
	case <-ctx.Done():
		return fmt.Errorf("the virtual Pi does not shut down: %w", errors.Join(ctx.Err(), asked))
	}
}

// kill takes the power away and waits until it is gone.
func (m *machine) kill() {
	m.qemu.Process.Kill() // fails only when it has ended
	m.ended <- <-m.ended
}

// send puts a file of the host into the guest's /host under its own name.
func (m *machine) send(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(m.share, filepath.Base(path)), content, 0o644)
}

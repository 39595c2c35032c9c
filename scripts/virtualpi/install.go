package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// configuration is the virtual Pi's /etc/canting/kiosk.yaml: reachable from
// outside, and with a camera that may stand still before a cloth.
const configuration = `listen: 0.0.0.0:8080
models: {store: /var/lib/canting/models, keys: [%q]}
motifs: motifs.yaml
camera: {source: v4l2, device: auto, still: true}
live: {smoothing: 0s}
shutter: {timeout: 10s, hold: 5s}
button: {shutter: "gpiochip0:3"}
`

// install installs the package on a machine that has never seen it. systemd
// must start the kiosk, with the kernel for this processor.
func install(ctx context.Context, b *bench) (string, error) {
	if err := b.boot(ctx, "1-install"); err != nil {
		return "", err
	}
	m := b.machine
	for _, file := range []string{filepath.Join(b.guest, "camera"), b.deb} {
		if err := m.send(file); err != nil {
			return "", err
		}
	}
	if err := plugCamera(ctx, m); err != nil {
		return "", err
	}
	began := time.Now()
	// Raspberry Pi OS has a group for its pins, Debian has none.
	if _, err := m.run(ctx, "groupadd --system gpio && apt-get install -y -q --no-install-recommends /host/"+filepath.Base(b.deb)); err != nil {
		return "", err
	}
	took := time.Since(began)
	if _, err := m.run(ctx, "runuser -u canting -- test -r /dev/gpiochip0"); err != nil {
		return "", fmt.Errorf("the kiosk may not use the pins before the next start of the board: %w", err)
	}
	// The package listens to this machine only.
	if _, err := retry(ctx, m, `curl -fsS http://127.0.0.1:8080/healthz`); err != nil {
		return "", err
	}
	if err := configure(ctx, b); err != nil {
		return "", err
	}
	if _, _, err := m.kiosk.await(ctx, "the first label", labelled); err != nil {
		return "", err
	}
	serving, err := m.kiosk.model(ctx)
	if err != nil {
		return "", err
	}
	if serving.Kernel != b.board.kernel {
		return "", fmt.Errorf("on a %s the kernel is %q, not %q", b.board.cpu, serving.Kernel, b.board.kernel)
	}
	sizes, err := b.sizes(ctx)
	return fmt.Sprintf("kernel %s; installed in %.0f s; %s", serving.Kernel, took.Seconds(), sizes), err
}

// retry runs a script until it succeeds, for three minutes, and returns what it
// printed then.
func retry(ctx context.Context, m *machine, script string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		printed, err := m.run(ctx, script)
		if err == nil || pause(ctx, time.Second) != nil {
			return printed, err
		}
	}
}

// configure gives the kiosk its configuration and starts it anew.
func configure(ctx context.Context, b *bench) error {
	const name = "kiosk.yaml"
	content := fmt.Sprintf(configuration, b.models.key)
	if err := os.WriteFile(filepath.Join(b.share(), name), []byte(content), 0o644); err != nil {
		return err
	}
	_, err := b.machine.run(ctx, "cat /host/"+name+" >/etc/canting/kiosk.yaml && systemctl restart canting")
	return err
}

// sizes are the package's, compressed and installed.
func (b *bench) sizes(ctx context.Context) (string, error) {
	deb, err := os.Stat(b.deb)
	if err != nil {
		return "", err
	}
	installed, err := b.machine.run(ctx, "dpkg-query --show --showformat '${Version}, ${Installed-Size}' canting")
	return fmt.Sprintf("version %s KiB installed, .deb %d KiB", strings.TrimSpace(installed), deb.Size()>>10), err
}

// powerOn boots the installed machine: the time is from the start of qemu.
func powerOn(ctx context.Context, b *bench) (string, error) {
	if err := b.machine.powerOff(ctx); err != nil {
		return "", err
	}
	b.disk = filepath.Join(b.out, "root.qcow2")
	if err := b.overlay(ctx, b.installed(), b.disk); err != nil {
		return "", err
	}
	if err := b.boot(ctx, "2-boot"); err != nil {
		return "", err
	}
	m := b.machine
	if _, _, err := m.kiosk.await(ctx, "the first label", labelled); err != nil {
		return "", err
	}
	label := time.Since(m.started)
	unit, err := m.run(ctx, `systemd-analyze time | head -n 1; systemctl show -p ActiveState -p Type canting | tr '\n' ' '`)
	return fmt.Sprintf("first label %.1f s after power-on; %s", label.Seconds(), strings.Join(strings.Fields(unit), " ")), err
}

// memory is what systemd and /proc know of the kiosk after all that came before.
func memory(ctx context.Context, b *bench) (string, error) {
	out, err := b.machine.run(ctx, `set -e
		for pid in $(systemctl show --value -p MainPID canting) $(pgrep -f '^/usr/bin/canting camera'); do
			printf '%s: %s resident, ' "$(tr '\0' ' ' </proc/$pid/cmdline | cut -d ' ' -f 1-2)" "$(sed -n 's/VmRSS:[\t ]*//p' /proc/$pid/status)"
		done
		echo "$(($(systemctl show --value -p MemoryCurrent canting) / 1024)) kB in all by systemd, $(sed -n 's/MemAvailable: *//p' /proc/meminfo) of $(sed -n 's/MemTotal: *//p' /proc/meminfo) left"`)
	return strings.TrimSpace(out), err
}

// upgradeAndRemove upgrades to a later version, removes and purges. The
// configuration, the models and which of them are too old outlast all but the
// purge.
func upgradeAndRemove(ctx context.Context, b *bench) (string, error) {
	m := b.machine
	later, err := b.altered(ctx, "later", "true")
	if err != nil {
		return "", err
	}
	if err := m.send(later); err != nil {
		return "", err
	}
	if err := installAndActivate(ctx, m, b.models.first); err != nil {
		return "", err
	}
	if _, err := retry(ctx, m, "grep -qx 1 /var/lib/canting/models/floor"); err != nil {
		return "", fmt.Errorf("a model that serves does not become the oldest that may: %w", err)
	}
	older, err := b.models.sign(ctx, b.models.second.path, "older.tflite", 0)
	if err != nil {
		return "", err
	}
	const kept = `sha256sum /etc/canting/kiosk.yaml; cd /var/lib/canting/models && find . -type f ! -name lock | sort | xargs sha256sum`
	before, err := m.run(ctx, kept)
	if err != nil {
		return "", err
	}
	for _, step := range []struct{ what, script string }{
		{"the upgrade", "apt-get install -y -q --no-install-recommends /host/" + filepath.Base(later) + " && systemctl is-active canting"},
		{"the removal", "apt-get remove -y -q canting && ! systemctl is-active canting && ! command -v canting"},
		{"the package's return", "apt-get install -y -q --no-install-recommends /host/" + filepath.Base(later)},
	} {
		if _, err := m.run(ctx, step.script); err != nil {
			return "", fmt.Errorf("%s: %w", step.what, err)
		}
		after, err := m.run(ctx, kept)
		if err != nil {
			return "", fmt.Errorf("after %s: %w", step.what, err)
		}
		if after != before {
			return "", fmt.Errorf("%s changed the configuration or the models from\n%s to\n%s", step.what, before, after)
		}
	}
	if err := refused(ctx, m, bad{older, "older"}); err != nil {
		return "", err
	}
	if _, _, err := m.kiosk.await(ctx, "a label after the package's return", labelled); err != nil {
		return "", err
	}
	if _, err := m.run(ctx, `apt-get purge -y -q canting && ! ls -d /etc/canting /var/lib/canting && ! getent passwd canting && ! dpkg-query --show canting`); err != nil {
		return "", fmt.Errorf("the purge: %w", err)
	}
	return fmt.Sprintf("%d files kept by upgrade, removal and return, an older model still refused; none after the purge", strings.Count(before, "\n")), nil
}

// altered is the package with a later version, and with what a script changes in
// its files.
func (b *bench) altered(ctx context.Context, name, script string) (string, error) {
	tree, deb := filepath.Join(b.out, name), filepath.Join(b.out, name+".deb")
	if err := os.RemoveAll(tree); err != nil {
		return "", err
	}
	if _, err := command(ctx, "dpkg-deb", "--raw-extract", b.deb, tree); err != nil {
		return "", err
	}
	if _, err := command(ctx, "env", "-C", tree, "sh", "-euc", "sed -i 's/^Version: .*/&+"+name+"/' DEBIAN/control; "+script); err != nil {
		return "", err
	}
	_, err := command(ctx, "dpkg-deb", "--root-owner-group", "--build", tree, deb)
	return deb, err
}

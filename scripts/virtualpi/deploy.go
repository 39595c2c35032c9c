package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// deploy has `make deploy`'s script install packages over ssh, as a user who may
// sudo: the tried one, one whose kiosk cannot start, from which it has to go back,
// and a later one; and goes back by hand as docs/raspberry-pi.md has it.
func deploy(ctx context.Context, b *bench) (string, error) {
	m := b.machine
	checkout := filepath.Join(b.out, "deploy") // of scripts and packages alone
	if err := os.MkdirAll(filepath.Join(checkout, "dist"), 0o755); err != nil {
		return "", err
	}
	if err := os.Symlink(filepath.Join(b.guest, "../.."), filepath.Join(checkout, "scripts")); err != nil {
		return "", err
	}
	if err := admit(ctx, m, filepath.Join(b.out, "key")); err != nil {
		return "", err
	}
	// ship deploys a package alone.
	ship := func(deb string) error {
		to := filepath.Join(checkout, "dist", filepath.Base(b.deb))
		if err := copyFile(deb, to); err != nil {
			return err
		}
		// An emulated processor needs most of a real one's minute to start.
		_, err := command(ctx, "env", "CANTING_READY_SECONDS=180", filepath.Join(checkout, "scripts/deploy.sh"), "pi@127.0.0.1", "-p", fmt.Sprint(m.ssh),
			"-i", filepath.Join(b.out, "key"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
		return err
	}
	serves := func(version string) error {
		installed, err := m.run(ctx, "dpkg-query --show --showformat '${Version}' canting")
		if err == nil && !strings.HasSuffix(installed, version) {
			err = fmt.Errorf("the board has version %s, not one that ends in %s", installed, version)
		}
		return err
	}
	told, err := command(ctx, "dpkg-deb", "--field", b.deb, "Version")
	if err != nil {
		return "", err
	}
	tried := strings.TrimSpace(told)
	broken, err := b.altered(ctx, "broken", `printf '#!/bin/sh\nexit 1\n' >usr/bin/canting`)
	if err != nil {
		return "", err
	}
	later, err := b.altered(ctx, "later", "true")
	if err != nil {
		return "", err
	}

	if err := ship(b.deb); err != nil {
		return "", err
	}
	if err := serves(tried); err != nil {
		return "", err
	}
	err = ship(broken)
	if err == nil || !strings.Contains(err.Error(), "serves with its package of before") {
		return "", fmt.Errorf("a kiosk that cannot start did not make the deploy go back: %w", err)
	}
	if err := serves(tried); err != nil {
		return "", err
	}
	if err := ship(later); err != nil {
		return "", err
	}
	if err := serves("+later"); err != nil {
		return "", err
	}
	if _, err := m.run(ctx, "sudo apt-get install -y --allow-downgrades /var/cache/canting/previous.deb"); err != nil {
		return "", err
	}
	if err := serves(tried); err != nil {
		return "", err
	}
	_, _, err = m.kiosk.await(ctx, "a label of the package before", live)
	return "installed; one that cannot start: gone back; a later one; back by hand to previous.deb", err
}

// admit lets a new key's owner in as pi, who may sudo as Raspberry Pi OS's first
// user may.
func admit(ctx context.Context, m *machine, key string) error {
	if _, err := command(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key); err != nil {
		return err
	}
	if err := m.send(key + ".pub"); err != nil {
		return err
	}
	_, err := m.run(ctx, `set -e
		useradd --create-home --shell /bin/bash pi
		install -d -o pi -g pi -m 700 ~pi/.ssh
		install -o pi -g pi -m 600 /host/key.pub ~pi/.ssh/authorized_keys
		echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/pi
		systemctl start ssh`)
	return err
}

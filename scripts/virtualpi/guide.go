package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// guideCommands are those of docs/raspberry-pi.md that a virtual Pi can run, and
// what each has to print.
var guideCommands = []struct{ command, prints string }{
	{"man canting", `Tell the motifs`},
	{"systemctl status canting", `active \(running\)`},
	{"journalctl -u canting -b", `Started .*canting`},
	{"id canting", `video.*gpio|gpio.*video`},
	{". /etc/os-release; echo $VERSION_CODENAME", `^(bookworm|trixie)\n$`},
	{"gpioinfo", `gpiochip0`},
	{"v4l2-ctl --list-devices", `/dev/video0`},
	{"v4l2-ctl -d /dev/video0 --list-ctrls", `brightness`},
	{"sudo fuser -v /dev/video0", ``},
	{"sudo -u canting canting models install /tmp/model.tflite --config /etc/canting/kiosk.yaml", `[0-9a-f]{12}`},
	{"sudo -u canting canting models activate " + guideDigest + " --config /etc/canting/kiosk.yaml", `[0-9a-f]{12}`},
	{"sudo -u canting canting models list --config /etc/canting/kiosk.yaml", `[0-9a-f]{12}`},
	{"sudo udevadm control --reload && sudo udevadm trigger --action=add --subsystem-match=video4linux", ``},
	{"sudo systemctl stop canting", ``},
	{"sudo -u canting canting doctor --config /etc/canting/kiosk.yaml", `ok +camera`},
	{"sudo systemctl restart canting", ``},
	{"sudo /usr/lib/canting/board-report --minutes 0", `(?s)\| cores \| 2 \|.*ms an inference by 1 to 2 threads.*PSS.*camera to label, ms, median and 0.9 quantile \| [0-9.]+`},
}

// guideDigest is the model's in the guide.
const guideDigest = "1a2b3c4d"

// rule is the guide's for a fixed exposure.
var rule = regexp.MustCompile(`(?m)^    (ACTION=="add", SUBSYSTEM=="video4linux".*--set-ctrl=)(.*)"$`)

// followGuide runs the guide's commands in the guest, as they stand there.
func followGuide(ctx context.Context, b *bench) (string, error) {
	m := b.machine
	text, err := os.ReadFile(filepath.Join(b.guest, "../../../docs/raspberry-pi.md"))
	if err != nil {
		return "", err
	}
	line := rule.FindSubmatch(text)
	if line == nil {
		return "", fmt.Errorf("docs/raspberry-pi.md has no rule for a fixed exposure")
	}
	// The virtual camera has no exposure to fix.
	const control = "integer_32_bits"
	if err := os.WriteFile(filepath.Join(m.share, "rule"), fmt.Appendf(nil, "%s%s=200\"\n", line[1], control), 0o644); err != nil {
		return "", err
	}
	model := b.models.first
	if err := model.send(m); err != nil {
		return "", err
	}
	if _, err := m.run(ctx, fmt.Sprintf(`set -e
		cp /host/rule /etc/udev/rules.d/70-canting-camera.rules
		cp /host/%[1]s /tmp/model.tflite
		cp /host/%[1]s.minisig /tmp/model.tflite.minisig`, filepath.Base(model.path))); err != nil {
		return "", err
	}
	if _, _, err := m.kiosk.await(ctx, "a live camera", live); err != nil {
		return "", err
	}
	for _, c := range guideCommands {
		if !strings.Contains(string(text), c.command) {
			return "", fmt.Errorf("docs/raspberry-pi.md has no command %q", c.command)
		}
		run := m.run
		if strings.Contains(c.command, "doctor") {
			// It waits 10 s for a picture, and an emulated camera may need longer.
			run = func(ctx context.Context, script string) (string, error) { return retry(ctx, m, script) }
		}
		printed, err := run(ctx, strings.ReplaceAll(c.command, guideDigest, model.digest[:len(guideDigest)]))
		if err != nil {
			return "", err
		}
		if !regexp.MustCompile(c.prints).MatchString(printed) {
			return "", fmt.Errorf("%s printed %q", c.command, printed)
		}
		switch {
		case strings.Contains(c.command, "board-report"):
			if err := os.WriteFile(filepath.Join(b.out, "board-report.md"), []byte(printed), 0o644); err != nil {
				return "", err
			}
		case strings.Contains(c.command, "restart"):
			if _, _, err := m.kiosk.await(ctx, "a label", live); err != nil {
				return "", err
			}
		case strings.Contains(c.command, "udevadm"):
			// The rules that plugged the camera in have taken it from the kiosk's group.
			set, err := m.run(ctx, "udevadm settle; chgrp video /dev/video0; chmod 660 /dev/video0; v4l2-ctl -d /dev/video0 -C "+control)
			if err != nil {
				return "", err
			}
			if strings.TrimSpace(set) != control+": 200" {
				return "", fmt.Errorf("the guide's rule left the camera's control at %q", set)
			}
		}
	}
	completions, err := m.run(ctx, `bash -c '. /usr/share/bash-completion/bash_completion; . /usr/share/bash-completion/completions/canting; COMP_WORDS=(canting cl) COMP_CWORD=1 COMP_LINE="canting cl" COMP_POINT=10 COMP_TYPE=9; __start_canting; echo "${COMPREPLY[@]}"'`)
	if err != nil || !strings.Contains(completions, "classify") {
		return "", fmt.Errorf("bash completes \"canting cl\" as %q: %w", completions, err)
	}
	return fmt.Sprintf("%d commands of docs/raspberry-pi.md, its udev rule, bash's completions; board-report.md is kept", len(guideCommands)), nil
}

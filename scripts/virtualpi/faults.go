package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// pressOverHTTP presses the shutter as the page does.
func pressOverHTTP(ctx context.Context, b *bench) (string, error) {
	v, err := b.machine.kiosk.press(ctx)
	if err != nil {
		return "", err
	}
	if v.ID == 0 || v.Label == "" || v.Frames == 0 {
		return "", fmt.Errorf("the press was answered by %+v", v)
	}
	_, _, err = b.machine.kiosk.await(ctx, "the verdict's end", func(s state) bool { return s.Verdict == nil })
	return fmt.Sprintf("%s from %d frames in %.0f ms", v.Label, v.Frames, v.TookMS), err
}

// pressButton presses the board's button three times.
func pressButton(ctx context.Context, b *bench) (string, error) {
	var last uint64
	var took []string
	for range 3 {
		began := time.Now()
		if err := b.machine.pressButton(ctx); err != nil {
			return "", err
		}
		s, _, err := b.machine.kiosk.await(ctx, "a verdict", func(s state) bool { return s.Verdict != nil && s.Verdict.ID != last })
		if err != nil {
			return "", err
		}
		last = s.Verdict.ID
		took = append(took, fmt.Sprintf("%.1f s", time.Since(began).Seconds()))
		if _, _, err := b.machine.kiosk.await(ctx, "the verdict's end", func(s state) bool { return s.Verdict == nil }); err != nil {
			return "", err
		}
	}
	return "verdicts after " + strings.Join(took, ", "), nil
}

// fault breaks the camera, waits until the kiosk says so, mends it, and waits
// for labels.
func fault(ctx context.Context, b *bench, breaks, mends string) (string, error) {
	m := b.machine
	if _, _, err := m.kiosk.await(ctx, "a live camera", live); err != nil {
		return "", err
	}
	began := time.Now()
	if _, err := m.run(ctx, breaks); err != nil {
		return "", err
	}
	s, _, err := m.kiosk.await(ctx, "camera lost", lost)
	if err != nil {
		return "", err
	}
	gone := time.Since(began)
	if _, err := m.run(ctx, mends); err != nil {
		return "", err
	}
	_, back, err := m.kiosk.await(ctx, "the camera", live)
	return fmt.Sprintf("lost after %.1f s (%s), back %.1f s after the fault's end", gone.Seconds(), s.Camera.Reason, back.Seconds()), err
}

const vivid = "/sys/bus/platform/drivers/vivid/"

func unplug(ctx context.Context, b *bench) (string, error) {
	return fault(ctx, b,
		"systemctl stop cloth; echo vivid.0 >"+vivid+"unbind",
		"echo vivid.0 >"+vivid+"bind; udevadm settle; systemctl start cloth")
}

func dropBuffers(ctx context.Context, b *bench) (string, error) {
	return fault(ctx, b,
		"v4l2-ctl -d /dev/video0 -c percentage_of_dropped_buffers=100",
		"v4l2-ctl -d /dev/video0 -c percentage_of_dropped_buffers=0")
}

func disconnect(ctx context.Context, b *bench) (string, error) {
	return fault(ctx, b,
		"v4l2-ctl -d /dev/video0 -c disconnect=1; systemctl stop cloth; echo vivid.0 >"+vivid+"unbind",
		"echo vivid.0 >"+vivid+"bind; udevadm settle; systemctl start cloth")
}

// hang stops the camera process, as a driver does whose call never returns. The
// kiosk itself has to end it.
func hang(ctx context.Context, b *bench) (string, error) {
	return fault(ctx, b, "pkill -STOP -f '^/usr/bin/canting camera'", "true")
}

// stopKiosk stops the kiosk's process as a deadlock would.
func stopKiosk(ctx context.Context, b *bench) (string, error) {
	m := b.machine
	const pid = "systemctl show --value -p MainPID canting"
	before, err := m.run(ctx, pid)
	if err != nil {
		return "", err
	}
	began := time.Now()
	if _, err := m.run(ctx, "kill -STOP "+strings.TrimSpace(before)); err != nil {
		return "", err
	}
	if _, err := retry(ctx, m, `[ "$(`+pid+`)" != 0 ] && [ "$(`+pid+`)" != `+strings.TrimSpace(before)+` ]`); err != nil {
		return "", fmt.Errorf("systemd did not start another kiosk: %w", err)
	}
	if _, _, err := m.kiosk.await(ctx, "a label of the new kiosk", labelled); err != nil {
		return "", err
	}
	took := time.Since(began)
	result, err := m.run(ctx, `journalctl -u canting --no-pager -o cat | grep -i watchdog | tail -n 1`)
	return fmt.Sprintf("label again after %.1f s; %s", took.Seconds(), strings.TrimSpace(result)), err
}

// screenshot keeps the page as a browser shows it.
func screenshot(ctx context.Context, b *bench) (string, error) {
	profile, err := os.MkdirTemp("", "virtualpi")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(profile)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(profile), chromedp.WindowSize(800, 480),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true),
	)
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	if err := chromedp.Do(tab, chromedp.EmulateViewport(800, 480), chromedp.Navigate(b.machine.kiosk.url+"/")); err != nil {
		return "", fmt.Errorf("open the page: %w", err)
	}
	const shown = `document.getElementById("name").textContent !== "" && document.getElementById("picture").naturalWidth > 0`
	for deadline := time.Now().Add(2 * time.Minute); ; {
		ready, err := chromedp.Run(tab, chromedp.Evaluate[bool](shown))
		if err != nil {
			return "", err
		}
		if ready {
			break
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("the page shows no label and picture")
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return "", err
		}
	}
	png, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.out, "page.png")
	return "kept as " + filepath.Base(filepath.Dir(path)) + "/page.png", os.WriteFile(path, png, 0o644)
}

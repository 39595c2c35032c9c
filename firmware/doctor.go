package firmware

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/warthog618/go-gpiocdev"
	"golang.org/x/sys/unix"

	"canting/capture"
	"canting/configs"
)

// finding is one thing that the doctor looked at.
type finding struct {
	Name string `json:"name"`
	// Status is ok, notice (the kiosk runs) or problem (it could not).
	Status string `json:"status"`
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"` // what to do; empty when all is well
}

const (
	statusOK      = "ok"
	statusNotice  = "notice"
	statusProblem = "problem"
)

func doctorCommand() *cobra.Command {
	var path string
	var asJSON bool
	command := &cobra.Command{
		Use:   "doctor [--config FILE] [--json]",
		Short: "Say what the kiosk would find, and what to do about what is missing",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return report(examine(c.Context(), path), asJSON, c.OutOrStdout())
		},
	}
	command.Flags().StringVar(&path, "config", "", "examine the configuration `FILE` instead of the embedded default")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// examine looks at everything that the configuration at path needs.
func examine(ctx context.Context, path string) []finding {
	config, findings := examineConfig(path)
	if config == nil {
		return append(findings, examineDevices(configs.SourceV4L2), examineTemperature(sysfs))
	}
	findings = append(findings, examineModel(config)...)
	findings = append(findings, examineButton(config.Button)...)
	findings = append(findings, examineCollect(config.Collect)...)
	findings = append(findings, examineCurator(config.Curator)...)
	return append(findings, examineDevices(config.Camera.Source), examineCamera(ctx, config.Camera), examineTemperature(sysfs))
}

func report(findings []finding, asJSON bool, stdout io.Writer) error {
	problems := 0
	for _, f := range findings {
		if f.Status == statusProblem {
			problems++
		}
	}
	if asJSON {
		if err := json.NewEncoder(stdout).Encode(map[string]any{"ok": problems == 0, "findings": findings}); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(stdout, "%-8s%-13s%s\n", f.Status, f.Name, f.Found)
			if f.Advice != "" {
				fmt.Fprintf(stdout, "%21s-> %s\n", "", f.Advice)
			}
		}
	}
	switch problems {
	case 0:
		return nil
	case 1:
		return errors.New("the kiosk could not run: 1 problem")
	default:
		return fmt.Errorf("the kiosk could not run: %d problems", problems)
	}
}

func examineConfig(path string) (*configs.Kiosk, []finding) {
	config, err := loadConfig(path)
	if err != nil {
		return nil, []finding{{"config", statusProblem, err.Error(), mending(err, "configs/kiosk.yaml documents every key")}}
	}
	found := "the embedded demonstration"
	if path != "" {
		found = path
	}
	findings := []finding{{Name: "config", Status: statusOK, Found: found}}
	if _, err := loadMotifs(config.Motifs); err != nil {
		findings = append(findings, finding{"motifs", statusProblem, err.Error(), mending(err, "configs/motifs.yaml is an example")})
	}
	return config, findings
}

// mending advises about a file that could not be loaded.
func mending(err error, example string) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file: correct its path or make it; " + example
	}
	return "mend the file; " + example
}

func examineModel(config *configs.Kiosk) []finding {
	const advice = "train one with canting-trainer train, or set model: \"\" for the demonstration"
	if folder := config.Models.Store; folder != "" {
		if err := writable(folder); err != nil {
			return []finding{{"models", statusProblem, err.Error(), "let this user write to the folder models.store"}}
		}
	}
	models, err := viewLibrary(config)
	if err != nil {
		return []finding{{"models", statusProblem, err.Error(), "let this user read the folder models.store"}}
	}
	defer models.close()
	o, wrong, err := models.find()
	if err != nil {
		return []finding{{"model", statusProblem, err.Error(), advice}}
	}
	c, err := newClassifier(o.File, config.Live.Threads)
	if err != nil {
		return []finding{{"model", statusProblem, err.Error(), advice}}
	}
	defer c.close()
	m := c.model
	findings := []finding{
		{Name: "model", Status: statusOK, Found: fmt.Sprintf("%d labels, sha256 %.12s", len(c.labels), m.Digest())},
		{Name: "kernel", Status: statusOK, Found: m.Kernel()},
	}
	if wrong != nil {
		findings = append(findings, finding{"current", statusNotice, "the previous model serves: " + wrong.Error(), "install the current one again, or activate another"})
	}
	if !m.HasMetadata() {
		findings[0].Status = statusNotice
		findings[0].Advice = assumed
	}
	goldens := finding{Name: "goldens", Status: statusOK, Found: fmt.Sprintf("%d repeated byte for byte", len(m.Metadata().Golden))}
	if err := c.checkGoldens(); err != nil {
		goldens.Status, goldens.Found = statusProblem, err.Error()
		goldens.Advice = "try CANTING_KERNEL=generic; if that mends it, report the kernel, else copy the model again"
	} else if len(m.Metadata().Golden) == 0 {
		goldens.Status, goldens.Found = statusNotice, "the model brings none"
	}
	return append(findings, goldens)
}

// examineButton asks about the button's lines, each only if it is configured.
func examineButton(config configs.Button) []finding {
	var findings []finding
	for _, line := range []struct{ name, line string }{{"button", config.Shutter}, {"led", config.LED}} {
		if line.line != "" {
			info, err := lineInfo(line.line)
			findings = append(findings, describeLine(line.name, line.line, info, err))
		}
	}
	return findings
}

// describeLine says what became of asking about a line.
func describeLine(name, line string, info gpiocdev.LineInfo, err error) finding {
	switch {
	case err != nil:
		return finding{name, statusNotice, line + ": " + err.Error(), "gpioinfo lists the lines; the kiosk's user must be in the group gpio; the page's button and the keyboard work without"}
	case info.Used && info.Consumer != gpioConsumer:
		return finding{name, statusNotice, fmt.Sprintf("%s is in use by %q", line, info.Consumer), "choose another line, or stop what uses it"}
	}
	return finding{Name: name, Status: statusOK, Found: line + " is there"}
}

func examineCollect(config configs.Collect) []finding {
	if config.Folder == "" {
		return nil
	}
	if err := writable(config.Folder); err != nil {
		return []finding{{"collect", statusNotice, "no picture will be kept: " + err.Error(), "let the kiosk's user write to collect.folder, or set it to \"\""}}
	}
	return []finding{{Name: "collect", Status: statusOK, Found: fmt.Sprintf("pictures are kept in %s, %d MiB at most", config.Folder, config.MaxMiB)}}
}

func examineCurator(config configs.Curator) []finding {
	if config.SecretFile == "" {
		return nil
	}
	if _, err := readSecret(config.SecretFile); err != nil {
		return []finding{{"curator", statusNotice, "the curator's actions are off: " + err.Error(), "configs/kiosk.yaml says at curator.secret_file how to make one, as the kiosk's user"}}
	}
	return []finding{{Name: "curator", Status: statusOK, Found: "the secret is " + config.SecretFile}}
}

// writable tells whether this user may put files into a folder, or make it
// where it is not there yet. Nothing is made to find out.
func writable(folder string) error {
	info, err := os.Stat(folder)
	for errors.Is(err, fs.ErrNotExist) && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
		info, err = os.Stat(folder)
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", folder)
	}
	if err := unix.Access(folder, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("this user may not write to %s: %w", folder, err)
	}
	return nil
}

// examineDevices lists the cameras, which only some sources need.
func examineDevices(source string) finding {
	devices, err := capture.Devices()
	if err != nil {
		return finding{"devices", statusNotice, err.Error(), ""}
	}
	var found []string
	for _, d := range devices {
		switch {
		case d.Problem != "":
			found = append(found, d.Problem)
		case d.Captures:
			found = append(found, strings.TrimSpace(d.Path+" "+d.Name))
		}
	}
	needed := source == configs.SourceV4L2 || source == configs.SourceGStreamer
	switch {
	case len(found) == 0 && !needed:
		return finding{Name: "devices", Status: statusOK, Found: "no V4L2 camera, and camera.source " + source + " needs none"}
	case len(found) == 0:
		return finding{"devices", statusNotice, "no V4L2 camera", "plug in a USB camera; a ribbon camera needs camera.source: gstreamer"}
	}
	return finding{Name: "devices", Status: statusOK, Found: strings.Join(found, "; ")}
}

// A camera that has said what is wrong with it is waited for no longer than
// cameraPatience; one that has said nothing, on a busy Raspberry Pi that loads OpenCV's
// libraries, up to busyPatience.
const (
	cameraPatience = 10 * time.Second
	busyPatience   = 40 * time.Second
)

// examineCamera runs the configured source until it gives a picture.
func examineCamera(ctx context.Context, config configs.Camera) finding {
	exe, err := os.Executable()
	if err != nil {
		return finding{"camera", statusProblem, err.Error(), ""}
	}
	cam := capture.Supervise(ctx, exe, []string{cameraName}, cameraConfig(config))
	defer cam.Close()
	began := time.Now()
	frame, reason := firstFrame(ctx, cam, cameraPatience, busyPatience)
	if reason != "" {
		advice := "check the cable and camera.source in the configuration; without a configuration the demonstration needs no camera"
		if config.Source == configs.SourceVideo || config.Source == configs.SourceImages {
			advice = "check camera.path in the configuration; without a configuration the demonstration needs no files"
		}
		return finding{"camera", statusProblem, config.Source + ": " + reason, advice}
	}
	return finding{Name: "camera", Status: statusOK, Found: fmt.Sprintf("%s: a picture of %d x %d after %.1f s", config.Source, frame.Width, frame.Height, time.Since(began).Seconds())}
}

// firstCamera is what firstFrame waits for.
type firstCamera interface {
	Wait(ctx context.Context, after uint64) (capture.Frame, error)
	Status() capture.Status
}

// firstFrame tells why there is none: from patience on the camera's own reason, at the
// end of busy that no picture has come.
func firstFrame(ctx context.Context, cam firstCamera, patience, busy time.Duration) (frame capture.Frame, reason string) {
	for end := time.Now().Add(busy); time.Now().Before(end) && ctx.Err() == nil; {
		waiting, cancel := context.WithTimeout(ctx, min(patience, time.Until(end)))
		frame, err := cam.Wait(waiting, 0)
		cancel()
		if err == nil {
			return frame, ""
		}
		if reason := cam.Status().Reason; reason != "" {
			return capture.Frame{}, reason
		}
	}
	return capture.Frame{}, fmt.Sprintf("no picture within %v", busy)
}

// hot is where a Raspberry Pi begins to slow down, in degrees Celsius
// (raspberrypi.com, documentation of temp_soft_limit and throttling).
const hot = 80.0

// examineTemperature reads the warmest thermal zone of the kernel.
func examineTemperature(sysfs string) finding {
	celsius, err := temperature(sysfs)
	switch {
	case err != nil:
		return finding{"temperature", statusNotice, err.Error(), ""}
	case celsius >= hot:
		return finding{"temperature", statusNotice, fmt.Sprintf("%.1f °C", celsius), "the processor slows down at this heat: add a heat sink or a fan"}
	}
	return finding{Name: "temperature", Status: statusOK, Found: fmt.Sprintf("%.1f °C", celsius)}
}

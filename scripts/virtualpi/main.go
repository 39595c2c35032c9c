// Command virtualpi boots a virtual Raspberry Pi, installs Canting's package in
// it, holds cloths before its camera, pulls its plugs, and prints a table of how
// it fared. scripts/virtualpi.sh builds what it needs and calls it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "virtualpi:", err)
		os.Exit(1)
	}
}

// bench is what the scenarios of one virtual Pi work with.
type bench struct {
	board    board
	images   string // what image.sh built
	out      string // where the report and its evidence go
	guest    string // the folder of scripts for the guest
	deb      string
	programs string // canting and canting-trainer of this machine
	photos   string // split into train/ and test/; "" is none
	trained  string // the model for them
	cuts     int    // of the power

	disk    string // the root's qcow2
	machine *machine
	models  *models
}

// scenario is a row of the report.
type scenario struct {
	name string
	run  func(context.Context, *bench) (seen string, err error)
}

var scenarios = []scenario{
	{"install the package; systemd starts the kiosk", install},
	{"from power-on to the first label", powerOn},
	{"drawn cloths through the camera", drawnCloths},
	{"models: install, activate, refuse, roll back", swapModels},
	{"photographs through the camera", photographs},
	{"the shutter over HTTP", pressOverHTTP},
	{"the shutter by a GPIO line", pressButton},
	{"camera unplugged and plugged in", unplug},
	{"camera drops every buffer", dropBuffers},
	{"camera disconnects while it streams", disconnect},
	{"camera hangs, its process with it", hang},
	{"kiosk stopped (SIGSTOP): the watchdog", stopKiosk},
	{"the page in a browser", screenshot},
	{"memory", memory},
	{"what the unit keeps the kiosk from", confined},
	{"the commands of docs/raspberry-pi.md", followGuide},
	{"deploy over ssh, and back", deploy},
	{"upgrade, remove and purge the package", upgradeAndRemove},
	{"power cuts during installs and activations", cutPower},
}

// errSkipped is wrapped by the error of a scenario that lacks something here.
var errSkipped = errors.New("skipped")

func run(ctx context.Context) error {
	b := &bench{}
	suite := flag.String("suite", "bookworm", "Debian's release: bookworm or trixie")
	pi3 := flag.Bool("pi3", false, "only boot QEMU's Raspberry Pi 3 and wait for a label")
	only := flag.String("only", "", "run only the scenarios that this regular expression matches, after those that they stand on")
	flag.StringVar(&b.images, "images", "", "folder that image.sh filled")
	flag.StringVar(&b.out, "out", "", "folder for the report")
	flag.StringVar(&b.guest, "guest", "scripts/virtualpi/guest", "folder of the guest's scripts")
	flag.StringVar(&b.deb, "deb", "", "canting's package")
	flag.StringVar(&b.programs, "programs", "bin", "folder of this machine's canting and canting-trainer")
	flag.StringVar(&b.photos, "photos", "", "folder of photographs with train/ and test/")
	flag.StringVar(&b.trained, "model", "", "model that was trained on them")
	flag.IntVar(&b.cuts, "cuts", 20, "power cuts")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is no flag", flag.Arg(0))
	}
	at := slices.IndexFunc(boards, func(candidate board) bool { return candidate.suite == *suite })
	if at < 0 {
		return fmt.Errorf("there is no virtual Pi with %s; it is bookworm or trixie", *suite)
	}
	b.board = boards[at]
	for _, path := range []*string{&b.images, &b.out, &b.guest, &b.deb, &b.programs} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	if *pi3 {
		return b.tryPi3(ctx)
	}
	wanted, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("--only: %w", err)
	}
	return b.try(ctx, wanted)
}

// try runs the scenarios in their order and writes the report. A scenario that
// fails does not keep the later ones from running, but the first does.
func (b *bench) try(ctx context.Context, only *regexp.Regexp) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer func() {
		if b.machine != nil {
			b.machine.kill()
		}
	}()
	r := newReport(b, b.board.suite, fmt.Sprintf("Debian %s on a virtual %s", b.board.suite, b.board.cpu))
	for i, s := range scenarios {
		if i > 1 && !only.MatchString(s.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", b.board.suite, s.name)
		began := time.Now()
		seen, err := s.run(ctx, b)
		r.add(s.name, time.Since(began), seen, err)
		if err != nil && b.machine != nil {
			b.keepJournal(ctx, fmt.Sprint("failure-", i+1, ".log"))
		}
		if ctx.Err() != nil || (i < 2 && err != nil) {
			break
		}
	}
	return r.write()
}

// keepJournal keeps what the kiosk and the camera said in the guest, for as much
// as a machine that failed can still be asked.
func (b *bench) keepJournal(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	said, err := b.machine.run(ctx, "journalctl --no-pager -o short-monotonic -b -u canting -u cloth")
	if err != nil {
		said = err.Error()
	}
	if err := os.WriteFile(filepath.Join(b.out, name), []byte(said), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "virtualpi:", err)
	}
}

// prepare makes the folders, the models and a disk of its own over the image's.
func (b *bench) prepare(ctx context.Context) error {
	share := b.share()
	if err := errors.Join(os.RemoveAll(b.out), os.MkdirAll(share, 0o755)); err != nil {
		return err
	}
	var err error
	if b.models, err = makeModels(ctx, b.programs, filepath.Join(b.out, "models")); err != nil {
		return err
	}
	b.disk = b.installed()
	return b.overlay(ctx, filepath.Join(b.images, "root.qcow2"), b.disk)
}

// installed is the disk as the first scenario leaves it.
func (b *bench) installed() string { return filepath.Join(b.out, "installed.qcow2") }

func (b *bench) share() string { return filepath.Join(b.out, "host") }

// overlay makes a disk that begins as base and keeps its changes to itself.
func (b *bench) overlay(ctx context.Context, base, disk string) error {
	_, err := command(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, disk)
	return err
}

// boot starts the virtual Pi with systemd and waits until it can be asked.
func (b *bench) boot(ctx context.Context, serial string) error {
	m, err := start(ctx, hardware{
		board: b.board, images: b.images, disk: b.disk, share: b.share(),
		serial: filepath.Join(b.out, serial+".serial.log"),
	})
	if err != nil {
		return err
	}
	b.machine = m
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	return m.awaitAgent(ctx)
}

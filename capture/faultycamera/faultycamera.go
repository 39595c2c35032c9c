// Package faultycamera is a camera in software whose faults can be switched
// while it runs: for the tests of whatever a camera can do to the kiosk, in its
// real two processes. No product package imports it.
//
// The program that is started as the camera process calls Serve instead of
// capture.Serve; a kiosk under test passes Variable on to it:
//
//	if script := os.Getenv(faultycamera.Variable); script != "" && os.Args[1] == "camera" {
//		err := faultycamera.Serve(ctx, faultycamera.Script(script), demo.Cloths())
//		...
//	}
//
// Its parent, or anybody, then switches faults:
//
//	script := faultycamera.Script(filepath.Join(t.TempDir(), "script"))
//	t.Setenv(faultycamera.Variable, string(script))
//	script.Play(faultycamera.Frozen) // from the next frame on
//	script.Play(faultycamera.None)   // works again
//
// The configuration of the kiosk has to name a device, as in
// `camera: {source: v4l2}`: the demonstration's pictures may stand still.
package faultycamera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"canting/capture"
)

// Variable is the environment variable in which a test names the script to the
// camera process.
const Variable = "CANTING_FAULTY_CAMERA"

// Fault is what the camera does instead of giving pictures. It lasts until the
// script names another, over restarts of the camera process too.
type Fault string

const (
	None       Fault = ""           // 50 pictures a second
	Unplugged  Fault = "unplugged"  // reading and opening fail
	Busy       Fault = "busy"       // the same: another program has it
	Renumbered Fault = "renumbered" // it is /dev/video1 from now on, no longer /dev/video0
	Frozen     Fault = "frozen"     // the same picture for ever, in every process
	Blocked    Fault = "blocked"    // a read never returns
	Garbage    Fault = "garbage"    // the bytes are no picture
	Truncated  Fault = "truncated"  // each JPEG is cut in the middle
	Black      Fault = "black"      // black without any noise
	White      Fault = "white"      // white without any noise
	Resized    Fault = "resized"    // pictures of half the width and height
	Slow       Fault = "slow"       // 1 picture a second
	Fast       Fault = "fast"       // 200 pictures a second
	Crashed    Fault = "crashed"    // a library takes the process down
	Killed     Fault = "killed"     // the process is killed by SIGKILL
	Stopped    Fault = "stopped"    // the process is stopped by SIGSTOP
	Leaking    Fault = "leaking"    // the process keeps 16 MiB more with each picture, until the fault ends
)

// Faults are all of them.
var Faults = []Fault{
	Unplugged, Busy, Renumbered, Frozen, Blocked, Garbage, Truncated, Black, White,
	Resized, Slow, Fast, Crashed, Killed, Stopped, Leaking,
}

// Loses tells whether the camera is lost by the fault, for as long as it lasts
// or, when the process leaks, again and again.
func (f Fault) Loses() bool {
	switch f {
	case None, Renumbered, Black, White, Resized, Slow, Fast:
		return false
	}
	return true
}

// Script is the path of the file that holds the fault of the moment, by its
// name; none while there is no such file.
type Script string

// Play switches the camera to a fault, at its next picture.
func (s Script) Play(f Fault) error {
	if err := renameio.WriteFile(string(s), []byte(f), 0o600); err != nil {
		return fmt.Errorf("play the fault %q: %w", f, err)
	}
	return nil
}

func (s Script) fault() Fault {
	b, err := os.ReadFile(string(s))
	if err != nil {
		return None
	}
	return Fault(bytes.TrimSpace(b))
}

// Serve is the camera process: it shows the JPEG pictures in the root of
// pictures in turn, a second each, or a drawn one where pictures is nil. The
// first bytes of each frame are its Tag, so that no two are the same.
func Serve(ctx context.Context, script Script, pictures fs.FS) error {
	shown, err := decode(pictures)
	if err != nil {
		return err
	}
	return capture.ServeSource(ctx, func(cfg capture.Config, _ func(string)) (capture.Source, error) {
		return open(script, shown, cfg)
	})
}

// Tag says which process made a frame, and as its how manieth.
type Tag struct{ Process, Count int }

// TagOf reads a frame's Tag.
func TagOf(f capture.Frame) (tag Tag, err error) {
	if _, err = fmt.Sscanf(string(f.BGR[:32]), "%d frame %d", &tag.Process, &tag.Count); err != nil {
		err = fmt.Errorf("the frame does not begin with its process's number: %w", err)
	}
	return tag, err
}

func (t Tag) write(bgr []byte) {
	copy(bgr, fmt.Appendf(nil, "%d frame %d%s", t.Process, t.Count, bytes.Repeat([]byte(" "), 32))[:32])
}

func decode(pictures fs.FS) ([]capture.Frame, error) {
	if pictures == nil {
		return []capture.Frame{drawn(160, 120)}, nil
	}
	names, err := fs.Glob(pictures, "*.jpg")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("there are no pictures for the camera to show: %w", errors.Join(fs.ErrNotExist, err))
	}
	var frames []capture.Frame
	for _, name := range names {
		b, err := fs.ReadFile(pictures, name)
		if err != nil {
			return nil, err
		}
		f, err := capture.Decode(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		frames = append(frames, f)
	}
	return frames, nil
}

// drawn is a picture with something on it.
func drawn(width, height int) capture.Frame {
	f := capture.Frame{Width: width, Height: height, BGR: make([]byte, width*height*3)}
	for i := range f.BGR {
		f.BGR[i] = byte(i/3%width*37 ^ i/3/width*11)
	}
	return f
}

// camera is the device, opened by one process.
type camera struct {
	script   Script
	pictures []capture.Frame
	node     string
	count    int
	leaked   [][]byte
}

// The camera's two numbers.
const (
	firstNode  = "/dev/video0"
	secondNode = "/dev/video1"
)

func (f Fault) node() string {
	if f == Renumbered {
		return secondNode
	}
	return firstNode
}

func open(script Script, pictures []capture.Frame, cfg capture.Config) (capture.Source, error) {
	fault := script.fault()
	node := fault.node()
	switch {
	case fault == Unplugged, cfg.Source != "" && cfg.Source != "auto" && cfg.Source != node:
		return nil, fmt.Errorf("there is no camera at %s: check its cable", node)
	case fault == Busy:
		return nil, fmt.Errorf("the camera %s does not start: another program is using it", node)
	}
	return &camera{script: script, pictures: pictures, node: node}, nil
}

var errGone = errors.New("the camera stopped giving pictures: check its cable")

func (c *camera) Read(ctx context.Context) (capture.Frame, error) {
	fault := c.script.fault()
	if err := wait(ctx, fault); err != nil {
		return capture.Frame{}, err
	}
	if fault.node() != c.node {
		return capture.Frame{}, errGone
	}
	if fault != Leaking && c.leaked != nil {
		c.leaked = nil
		debug.FreeOSMemory()
	}
	c.count++
	f := c.picture(fault)
	switch fault {
	case Unplugged, Busy:
		return f, errGone
	case Frozen:
		Tag{}.write(f.BGR)
	case Blocked:
		select {}
	case Garbage:
		f.BGR = f.BGR[:len(f.BGR)/3]
	case Truncated:
		return truncated(f)
	case Black:
		clear(f.BGR)
	case White:
		copy(f.BGR, bytes.Repeat([]byte{255}, len(f.BGR)))
	case Resized:
		f.Width, f.Height = f.Width/2, f.Height/2
		f.BGR = f.BGR[:f.Width*f.Height*3]
	case Crashed:
		panic("a fault in a library")
	case Killed:
		unix.Kill(os.Getpid(), unix.SIGKILL)
		select {} // the signal may reach another thread first
	case Stopped:
		unix.Kill(os.Getpid(), unix.SIGSTOP)
		select {}
	case Leaking:
		c.leaked = append(c.leaked, bytes.Repeat([]byte{1}, 16<<20))
	}
	return f, nil
}

func (c *camera) Close() {}

// picture is a good frame. A frozen camera shows the first of them: it has to
// be the same in every process.
func (c *camera) picture(fault Fault) capture.Frame {
	shown := c.pictures[0]
	if fault != Frozen {
		shown = c.pictures[c.count/50%len(c.pictures)]
	}
	f := capture.Frame{At: time.Now(), Width: shown.Width, Height: shown.Height, BGR: bytes.Clone(shown.BGR)}
	Tag{os.Getpid(), c.count}.write(f.BGR)
	return f
}

// truncated is what a camera that compresses its pictures makes of a broken
// transfer.
func truncated(f capture.Frame) (capture.Frame, error) {
	jpeg, err := capture.EncodeJPEG(f, 80)
	if err != nil {
		return capture.Frame{}, err
	}
	return capture.Decode(jpeg[:len(jpeg)/2])
}

// wait spaces the pictures.
func wait(ctx context.Context, fault Fault) error {
	pace := 20 * time.Millisecond
	switch fault {
	case Slow:
		pace = time.Second
	case Fast:
		pace = 5 * time.Millisecond
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pace):
		return nil
	}
}

package capture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"gocv.io/x/gocv"
)

// camera is a source whose hardware sets the pace.
type camera struct {
	capture *gocv.VideoCapture
	mat     gocv.Mat
	// stamped says that the capture's position is when the frame was taken.
	stamped bool
}

// OpenCV's numbers of the backends (cv::VideoCaptureAPIs).
const (
	apiAny       = gocv.VideoCaptureAPI(0)
	apiV4L2      = gocv.VideoCaptureAPI(200)
	apiGStreamer = gocv.VideoCaptureAPI(1800)
)

func openDevice(cfg Config) (Source, error) {
	path := cfg.Source
	if path == "" || path == "auto" {
		var err error
		if path, err = firstCamera(); err != nil {
			return nil, err
		}
	}
	// OpenCV only says that it could not open it; the system knows why.
	if err := tryDevice(path); err != nil {
		return nil, err
	}
	capture, err := gocv.VideoCaptureFileWithAPI(path, apiV4L2)
	if err != nil {
		capture.Close()
		return nil, fmt.Errorf("the camera %s does not start: another program is using it, or it offers no format that OpenCV knows", path)
	}
	if cfg.Width > 0 {
		capture.Set(gocv.VideoCaptureFrameWidth, float64(cfg.Width))
		capture.Set(gocv.VideoCaptureFrameHeight, float64(cfg.Height))
	}
	if cfg.FPS > 0 {
		capture.Set(gocv.VideoCaptureFPS, cfg.FPS)
	}
	return &camera{capture: capture, mat: gocv.NewMat(), stamped: true}, nil
}

// tryDevice opens and closes a device.
func tryDevice(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case err == nil:
		return file.Close()
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no camera at %s: check its cable", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission to use the camera %s: add the user to the group \"video\"", path)
	default:
		return fmt.Errorf("the camera %s cannot be opened: %w", path, err)
	}
}

func openPipeline(pipeline string) (Source, error) {
	capture, err := gocv.VideoCaptureFileWithAPI(pipeline, apiGStreamer)
	if err != nil {
		capture.Close()
		return nil, fmt.Errorf("the GStreamer pipeline does not start: is each of its elements installed, and the camera connected? The pipeline is: %s", pipeline)
	}
	return &camera{capture: capture, mat: gocv.NewMat()}, nil
}

// csiPipeline is the pipeline for the camera on a Raspberry Pi's ribbon cable,
// which plain V4L2 gives only as raw sensor data. The sink drops what is not
// fetched in time, so that the newest frame is the one read.
func csiPipeline(cfg Config) string {
	var caps strings.Builder
	caps.WriteString("video/x-raw")
	if cfg.Width > 0 {
		fmt.Fprintf(&caps, ",width=%d,height=%d", cfg.Width, cfg.Height)
	}
	if cfg.FPS > 0 {
		fmt.Fprintf(&caps, ",framerate=%d/1", int(cfg.FPS))
	}
	return "libcamerasrc ! " + caps.String() + " ! videoconvert ! video/x-raw,format=BGR ! appsink drop=true max-buffers=1 sync=false"
}

// A camera that is unplugged fails at once and for ever; one that stalls or
// sends garbage may go on. Failures are forgiven for this long.
const (
	forgiveFor   = time.Second
	retryAfter   = 20 * time.Millisecond
	oldestBuffer = time.Minute
)

func (c *camera) Read(ctx context.Context) (Frame, error) {
	for start := time.Now(); ; {
		if c.capture.Read(&c.mat) && !c.mat.Empty() {
			return lend(c.mat, c.takenAt())
		}
		if time.Since(start) > forgiveFor {
			return Frame{}, errors.New("the camera stopped giving pictures: check its cable")
		}
		if err := sleep(ctx, retryAfter); err != nil {
			return Frame{}, err
		}
	}
}

// takenAt is the time that the driver gave the frame (CLOCK_MONOTONIC in
// milliseconds, from UVC and most drivers), which tells an old frame out of the
// driver's queue from a new one; where it cannot be that, it is now.
func (c *camera) takenAt() time.Time {
	now := time.Now()
	if c.stamped {
		stamp := time.Duration(c.capture.Get(gocv.VideoCapturePosMsec) * float64(time.Millisecond))
		if age := monotonic() - stamp; age > 0 && age < oldestBuffer {
			return now.Add(-age)
		}
	}
	return now
}

func (c *camera) Close() {
	c.capture.Close()
	c.mat.Close()
}

// lend is a frame that shares m's memory.
func lend(m gocv.Mat, at time.Time) (Frame, error) {
	if m.Type() != gocv.MatTypeCV8UC3 {
		return Frame{}, fmt.Errorf("the source gives pictures of type %v, not 8-bit BGR", m.Type())
	}
	bgr, err := m.DataPtrUint8()
	if err != nil {
		return Frame{}, err
	}
	return Frame{At: at, Width: m.Cols(), Height: m.Rows(), BGR: bgr}, nil
}

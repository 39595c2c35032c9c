package capture

import (
	"fmt"
	"time"
)

// The kinds of source.
const (
	KindDevice   = "device"   // a V4L2 camera, such as a USB webcam
	KindCSI      = "csi"      // a Raspberry Pi's own camera, through libcamera
	KindPipeline = "pipeline" // any GStreamer pipeline that ends in an appsink
	KindVideo    = "video"    // a video file, played again and again
	KindImages   = "images"   // a folder of pictures, or a pattern like cloth_%03d.jpg
	KindDemo     = "demo"     // the pictures that the program brings along
)

// Config chooses a source of frames. It is sent to the camera process as JSON.
type Config struct {
	Kind string `json:"kind"`
	// Source is the device ("" or "auto" for the first camera found, or a
	// path: those under /dev/v4l/by-id survive a renumbering), the file, the
	// folder or pattern, or the pipeline. KindCSI and KindDemo need none.
	Source string `json:"source"`
	// Width, Height and FPS are asked of a camera, which may give something
	// else; 0 leaves its own. A video or pictures are replayed at FPS, where 0 is
	// the video's own speed and 25 for pictures.
	Width  int     `json:"width"`
	Height int     `json:"height"`
	FPS    float64 `json:"fps"`
	// Hold is how long each picture of a folder is shown; 0 is one frame.
	Hold time.Duration `json:"hold"`
	// Still says that a camera may show the very same bytes for ever, as test
	// patterns do. Otherwise a camera that repeats itself counts as frozen.
	Still bool `json:"still"`
}

// Check reports values that no camera could be opened with.
func (c Config) Check() error {
	switch c.Kind {
	case KindDevice, KindCSI, KindDemo:
	case KindPipeline, KindVideo, KindImages:
		if c.Source == "" {
			return fmt.Errorf("camera: the kind %q needs a source", c.Kind)
		}
	default:
		return fmt.Errorf("camera: the kind is %q; it must be one of device, csi, pipeline, video, images, demo", c.Kind)
	}
	if c.Width < 0 || c.Height < 0 || (c.Width == 0) != (c.Height == 0) || c.Height > 0 && c.Width > maxFramePixels/c.Height {
		return fmt.Errorf("camera: width and height are %d and %d; give both, at most %d million pixels, or neither", c.Width, c.Height, maxFramePixels/1_000_000)
	}
	// Below one frame a second a living camera looks like a lost one.
	if c.FPS != 0 && !(c.FPS >= 1 && c.FPS <= 240) {
		return fmt.Errorf("camera: fps is %v; it must be between 1 and 240, or 0 for the source's own", c.FPS)
	}
	if c.Hold < 0 {
		return fmt.Errorf("camera: hold is %v; it must not be negative", c.Hold)
	}
	return nil
}

// mayStandStill tells whether equal frames are no sign of a frozen camera.
func (c Config) mayStandStill() bool {
	return c.Still || c.Kind == KindVideo || c.Kind == KindImages || c.Kind == KindDemo
}

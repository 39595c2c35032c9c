package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gocv.io/x/gocv"
)

// widths reads frames and returns their widths, by which these tests tell
// pictures apart.
func widths(t *testing.T, src Source, frames int) []int {
	t.Helper()
	var out []int
	for range frames {
		f, err := src.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.check(); err != nil {
			t.Fatal(err)
		}
		out = append(out, f.Width)
	}
	return out
}

func picture(t *testing.T, width int) []byte {
	t.Helper()
	b, err := EncodeJPEG(drawn(width, 20), 90)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolderIsReplayedInOrder(t *testing.T) {
	dir := t.TempDir()
	for name, width := range map[string]int{"cloth_9.jpg": 30, "cloth_10.JPEG": 40, "cloth_2.jpg": 20} {
		write(t, filepath.Join(dir, name), picture(t, width))
	}
	whole := picture(t, 60)
	write(t, filepath.Join(dir, "cloth_5.jpg"), whole[:len(whole)/2])
	write(t, filepath.Join(dir, "notes.txt"), []byte("not a picture"))
	var notices []string
	src, err := openSource(Config{Kind: KindImages, Source: dir, FPS: 200}, nil, func(s string) { notices = append(notices, s) })
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if got := widths(t, src, 4); !slices.Equal(got, []int{20, 30, 40, 20}) {
		t.Errorf("the widths are %v, want 20 30 40 20", got)
	}
	if len(notices) == 0 || !strings.Contains(notices[0], "cloth_5.jpg") || !strings.Contains(notices[0], "cut short") {
		t.Errorf("the notices are %q", notices)
	}
	write(t, filepath.Join(dir, "cloth_1.jpg"), picture(t, 10))
	if got := widths(t, src, 4); !slices.Equal(got, []int{30, 40, 10, 20}) {
		t.Errorf("with a new picture the widths are %v, want 30 40 10 20", got)
	}
}

func TestPatternIsReplayedOverGaps(t *testing.T) {
	dir := t.TempDir()
	for name, width := range map[string]int{"a_001.png": 10, "a_002.jpg": 20, "a_004.jpg": 40, "b_001.jpg": 50, "a_x.jpg": 60} {
		write(t, filepath.Join(dir, name), picture(t, width))
	}
	src, err := openSource(Config{Kind: KindImages, Source: filepath.Join(dir, "a_%03d.jpg"), FPS: 200}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if got := widths(t, src, 4); !slices.Equal(got, []int{20, 40, 20, 40}) {
		t.Errorf("the widths are %v, want 20 40 20 40", got)
	}
}

func TestReplayHoldsAPicture(t *testing.T) {
	src, err := openSource(Config{Kind: KindDemo, FPS: 200, Hold: 100 * time.Millisecond}, fstest.MapFS{
		"1.jpg": {Data: picture(t, 10)}, "2.jpg": {Data: picture(t, 20)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	counts := map[int]int{}
	for start := time.Now(); counts[20] == 0; {
		f, err := src.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if counts[f.Width]++; f.Width == 20 && time.Since(start) < 100*time.Millisecond {
			t.Errorf("the first picture was held for %v", time.Since(start))
		}
	}
	if counts[10] < 5 {
		t.Errorf("the first picture was given %d times in 100 ms at 200 frames a second", counts[10])
	}
}

func TestReplayNeedsPictures(t *testing.T) {
	empty, garbage := t.TempDir(), t.TempDir()
	write(t, filepath.Join(garbage, "1.jpg"), []byte("garbage"))
	for source, want := range map[string]string{
		empty:                                "no pictures",
		garbage:                              "can be read",
		filepath.Join(empty, "none"):         "neither a folder",
		filepath.Join(empty, "no", "%d.jpg"): "cannot be listed",
	} {
		_, err := openSource(Config{Kind: KindImages, Source: source}, nil, func(string) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", source, err, want)
		}
	}
	if _, err := openSource(Config{Kind: KindDemo}, nil, nil); err == nil {
		t.Error("a demonstration without pictures was opened")
	}
}

func TestVideoIsPlayedAgainAndAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cloth.avi")
	const frames = 12
	writeVideo(t, path, 25, frames)
	src, err := openSource(Config{Kind: KindVideo, Source: path, FPS: 240}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var first []byte
	for i := range 2*frames + 1 {
		f, err := src.Read(t.Context())
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if err := f.check(); err != nil {
			t.Fatal(err)
		}
		switch {
		case i == 0:
			first = bytes.Clone(f.BGR)
		case bytes.Equal(f.BGR, first) != (i%frames == 0):
			t.Errorf("frame %d: it equals the first: %v", i, bytes.Equal(f.BGR, first))
		}
	}
	if _, err := openSource(Config{Kind: KindVideo, Source: path + ".none"}, nil, nil); err == nil {
		t.Error("a missing video was opened")
	}
}

func TestVideoHasItsOwnSpeedOrTheConfiguredOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cloth.avi")
	writeVideo(t, path, 50, 3)
	for fps, want := range map[float64]time.Duration{0: 20 * time.Millisecond, 10: 100 * time.Millisecond} {
		src, err := openSource(Config{Kind: KindVideo, Source: path, FPS: fps}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := src.(*video).pacer.interval; got != want {
			t.Errorf("at fps %v a frame lasts %v, want %v", fps, got, want)
		}
		src.Close()
	}
}

func writeVideo(t *testing.T, path string, fps float64, frames int) {
	t.Helper()
	writer, err := gocv.VideoWriterFile(path, "MJPG", fps, 64, 48, true)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	for i := range frames {
		m := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(float64(i*20), 100, 100, 0), 48, 64, gocv.MatTypeCV8UC3)
		err := writer.Write(m)
		m.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPipeline(t *testing.T) {
	src, err := openSource(Config{Kind: KindPipeline, Source: "videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240 ! videoconvert ! video/x-raw,format=BGR ! appsink"}, nil, nil)
	if err != nil {
		t.Skipf("GStreamer's base plug-ins are not installed: %v", err)
	}
	defer src.Close()
	if got := widths(t, src, 3); !slices.Equal(got, []int{320, 320, 320}) {
		t.Errorf("the widths are %v", got)
	}
}

func TestCSIPipeline(t *testing.T) {
	got := csiPipeline(Config{Kind: KindCSI, Width: 1280, Height: 720, FPS: 30})
	if want := "libcamerasrc ! video/x-raw,width=1280,height=720,framerate=30/1 ! videoconvert ! video/x-raw,format=BGR ! appsink drop=true max-buffers=1 sync=false"; got != want {
		t.Errorf("the pipeline is\n%s, want\n%s", got, want)
	}
}

func TestConfigCheck(t *testing.T) {
	for _, good := range []Config{{Kind: KindDevice}, {Kind: KindDemo, FPS: 10}, {Kind: KindCSI, Width: 1280, Height: 720}, {Kind: KindVideo, Source: "a.avi"}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Config{{}, {Kind: "webcam"}, {Kind: KindVideo}, {Kind: KindDevice, Width: 640}, {Kind: KindDevice, Width: 1 << 20, Height: 1 << 20}, {Kind: KindDevice, FPS: 0.5}, {Kind: KindDemo, Hold: -1}} {
		if err := bad.Check(); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestDevices(t *testing.T) {
	dev, sysfs := t.TempDir(), t.TempDir()
	for _, node := range []string{"video10", "video2"} {
		write(t, filepath.Join(dev, node), nil) // opens, but is no device
		if err := os.Mkdir(filepath.Join(sysfs, node), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(sysfs, node, "name"), []byte("Camera "+node+"\n"))
	}
	if err := os.Symlink("nowhere", filepath.Join(dev, "video3")); err != nil {
		t.Fatal(err)
	}
	devices, err := devicesIn(dev, sysfs)
	if err != nil {
		t.Fatal(err)
	}
	if len(devices) != 3 || devices[0].Name != "Camera video2" || devices[2].Name != "Camera video10" {
		t.Fatalf("the devices are %+v", devices)
	}
	if p := devices[0].Problem; !strings.Contains(p, "not a V4L2 device") {
		t.Errorf("a plain file: %q", p)
	}
	if p := devices[1].Problem; !strings.Contains(p, "no camera at") {
		t.Errorf("a dangling link: %q", p)
	}
	if _, err := Devices(); err != nil {
		t.Errorf("this machine's devices: %v", err)
	}
}

func TestChooseCamera(t *testing.T) {
	isp := Device{Path: "/dev/video13", Bus: "platform:bcm2835-isp", Captures: true}
	metadata := Device{Path: "/dev/video1", Bus: "usb-1"}
	usb := Device{Path: "/dev/video20", Bus: "usb-1", Captures: true}
	if got, err := chooseCamera([]Device{metadata, isp, usb}); got != usb.Path || err != nil {
		t.Errorf("chosen: %s, %v", got, err)
	}
	if got, err := chooseCamera([]Device{metadata, isp}); got != isp.Path || err != nil {
		t.Errorf("without a USB camera: %s, %v", got, err)
	}
	forbidden := Device{Path: "/dev/video0", Problem: "no permission"}
	if _, err := chooseCamera([]Device{metadata, forbidden}); err == nil || !strings.Contains(err.Error(), "permission") {
		t.Errorf("with a forbidden camera: %v", err)
	}
	if _, err := chooseCamera(nil); err == nil || !strings.Contains(err.Error(), "cable") {
		t.Errorf("with no camera: %v", err)
	}
}

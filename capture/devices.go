package capture

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Device is a /dev/video node.
type Device struct {
	Path string `json:"path"` // /dev/video0
	Name string `json:"name"` // what the driver calls it
	Bus  string `json:"bus"`  // such as usb-0000:01:00.0-1.2
	// Captures says that the node gives pictures, rather than metadata or
	// the services of a codec, of which a Raspberry Pi has several.
	Captures bool `json:"captures"`
	// Problem says in a sentence why the device cannot be used; "" when it
	// opens. Another program's streaming only shows when a stream is started.
	Problem string `json:"problem,omitempty"`
}

const (
	devFolder   = "/dev"
	sysfsFolder = "/sys/class/video4linux"
)

// Devices lists the video devices in the order of their numbers.
func Devices() ([]Device, error) {
	return devicesIn(devFolder, sysfsFolder)
}

func devicesIn(dev, sysfs string) ([]Device, error) {
	paths, err := filepath.Glob(filepath.Join(dev, "video[0-9]*"))
	if err != nil {
		return nil, fmt.Errorf("list the cameras: %w", err)
	}
	slices.SortFunc(paths, compareNumbered)
	devices := make([]Device, 0, len(paths))
	for _, path := range paths {
		devices = append(devices, inspectDevice(path, sysfs))
	}
	return devices, nil
}

func inspectDevice(path, sysfs string) Device {
	d := Device{Path: path}
	if name, err := os.ReadFile(filepath.Join(sysfs, filepath.Base(path), "name")); err == nil {
		d.Name = strings.TrimSpace(string(name))
	}
	if err := tryDevice(path); err != nil {
		d.Problem = err.Error()
		return d
	}
	capability, err := queryCapability(path)
	if err != nil {
		d.Problem = fmt.Sprintf("%s is not a V4L2 device: %v", path, err)
		return d
	}
	d.Bus = text(capability.busInfo[:])
	d.Captures = capability.captures()
	return d
}

// capability is the kernel's struct v4l2_capability.
type capability struct {
	driver       [16]byte
	card         [32]byte
	busInfo      [32]byte
	version      uint32
	capabilities uint32
	deviceCaps   uint32
	reserved     [3]uint32
}

// From linux/videodev2.h; the request is _IOR('V', 0, struct v4l2_capability),
// the same on amd64, arm64 and armhf.
const (
	vidiocQueryCap       = 2<<30 | uint(unsafe.Sizeof(capability{}))<<16 | 'V'<<8
	v4l2CapVideoCapture  = 0x00000001
	v4l2CapStreaming     = 0x04000000
	v4l2CapDeviceCapsSet = 0x80000000
)

func (c capability) captures() bool {
	caps := c.capabilities
	if caps&v4l2CapDeviceCapsSet != 0 {
		caps = c.deviceCaps // of this node, not of all nodes of the hardware
	}
	return caps&v4l2CapVideoCapture != 0 && caps&v4l2CapStreaming != 0
}

func queryCapability(path string) (capability, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return capability{}, err
	}
	defer file.Close()
	var c capability
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, file.Fd(), uintptr(vidiocQueryCap), uintptr(unsafe.Pointer(&c))); errno != 0 {
		return capability{}, errno
	}
	return c, nil
}

func text(zeroTerminated []byte) string {
	b, _, _ := bytes.Cut(zeroTerminated, []byte{0})
	return strings.ToValidUTF8(string(b), "?")
}

// firstCamera is the path of the first USB camera, or else of the first device
// that captures: a Raspberry Pi's image processor also says that it captures.
func firstCamera() (string, error) {
	devices, err := Devices()
	if err != nil {
		return "", err
	}
	return chooseCamera(devices)
}

func chooseCamera(devices []Device) (string, error) {
	usable := func(d Device) bool { return d.Captures && d.Problem == "" }
	if i := slices.IndexFunc(devices, func(d Device) bool { return usable(d) && strings.HasPrefix(d.Bus, "usb-") }); i >= 0 {
		return devices[i].Path, nil
	}
	if i := slices.IndexFunc(devices, usable); i >= 0 {
		return devices[i].Path, nil
	}
	for _, d := range devices {
		if d.Problem != "" {
			return "", errors.New(d.Problem)
		}
	}
	return "", errors.New("no camera is connected: check its cable")
}

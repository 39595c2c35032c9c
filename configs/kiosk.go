package configs

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kiosk is the configuration of `canting run`. kiosk.yaml documents every key.
type Kiosk struct {
	Listen       string   `mapstructure:"listen"`
	AllowedHosts []string `mapstructure:"allowed_hosts"`
	// Model is the path of a .tflite file or the name of an installed model
	// (ModelSlot); empty is the activated one, and before any the embedded
	// demonstration model.
	Model  string `mapstructure:"model"`
	Models Models `mapstructure:"models"`
	// Motifs is the path of the names and stories; empty is the embedded file.
	Motifs   string  `mapstructure:"motifs"`
	Language string  `mapstructure:"language"` // id, en or min
	Camera   Camera  `mapstructure:"camera"`
	Live     Live    `mapstructure:"live"`
	Shutter  Shutter `mapstructure:"shutter"`
	Attract  Attract `mapstructure:"attract"`
	Button   Button  `mapstructure:"button"`
	Collect  Collect `mapstructure:"collect"`
	Curator  Curator `mapstructure:"curator"`
}

// Models says which models are taken and where they are kept.
type Models struct {
	// Store is the folder of installed models; empty keeps none.
	Store string `mapstructure:"store"`
	// Keys are minisign's public keys, in base64.
	Keys          []string `mapstructure:"keys"`
	AllowUnsigned bool     `mapstructure:"allow_unsigned"`
	MaxFileMiB    int      `mapstructure:"max_file_mib"`
	// MemoryMiB bounds what a model takes: its file and its arena.
	MemoryMiB int `mapstructure:"memory_mib"`
}

// slotName is a SHA-256 in hexadecimal or the beginning of one.
var slotName = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// ModelSlot is the name of the installed model that Model asks for: at least
// eight of its digits. ok is false if Model is a path or empty.
func (k *Kiosk) ModelSlot() (name string, ok bool) {
	return k.Model, slotName.MatchString(k.Model)
}

// The camera sources.
const (
	SourceV4L2      = "v4l2"
	SourceVideo     = "video"
	SourceImages    = "images"
	SourceGStreamer = "gstreamer"
	SourceDemo      = "demo"
)

// Sources are the values of camera.source.
var Sources = []string{SourceV4L2, SourceVideo, SourceImages, SourceGStreamer, SourceDemo}

// Camera chooses where frames come from. Device, Path and Pipeline belong to
// one source each.
type Camera struct {
	Source   string  `mapstructure:"source"`
	Device   string  `mapstructure:"device"`   // v4l2: a path such as /dev/video0, or auto for the first camera found
	Path     string  `mapstructure:"path"`     // video: a file; images: a folder or a pattern such as cloths/%03d.jpg
	Pipeline string  `mapstructure:"pipeline"` // gstreamer: ends in appsink; empty is the Raspberry Pi's own camera
	Width    int     `mapstructure:"width"`    // pixels
	Height   int     `mapstructure:"height"`   // pixels
	FPS      float64 `mapstructure:"fps"`      // frames a second; 0 is the source's own, 25 for pictures
	// Still says that the camera may repeat the very same picture, as test
	// patterns do; otherwise such a camera counts as frozen.
	Still bool `mapstructure:"still"`
	// Hold is how long the images and demo sources show each picture.
	Hold time.Duration `mapstructure:"hold"`
}

// Live is the label that follows the picture.
type Live struct {
	// Smoothing is the time constant of the label's running average; 0 shows
	// every frame's own answer.
	Smoothing time.Duration `mapstructure:"smoothing"`
	StreamFPS float64       `mapstructure:"stream_fps"`
	// Threads that the engine may use; 0 leaves one core to everything else.
	Threads int `mapstructure:"threads"`
}

// Shutter is what one press does.
type Shutter struct {
	Frames int `mapstructure:"frames"` // at most, classified and averaged
	// Budget is for how long after the press frames are looked at.
	Budget  time.Duration `mapstructure:"budget"`
	Timeout time.Duration `mapstructure:"timeout"` // for the first frame, until a press gives up
	Hold    time.Duration `mapstructure:"hold"`    // of the verdict on the screen
}

// MaxPress bounds a press's budget and timeout: two presses, one after the other,
// are to be answered within the time of an HTTP request.
const MaxPress = 10 * time.Second

// Attract is the screen that invites the next visitor.
type Attract struct {
	// After is how long nobody has touched the page until it shows; 0 is never.
	After time.Duration `mapstructure:"after"`
}

// Button is a shutter of its own on the machine's GPIO, and its LED: each the
// name of a line, or chip and number such as gpiochip0:17; empty is none.
type Button struct {
	Shutter  string        `mapstructure:"shutter"`
	LED      string        `mapstructure:"led"`
	Debounce time.Duration `mapstructure:"debounce"`
}

var (
	gpioName     = regexp.MustCompile(`^[A-Za-z0-9_.+#/-]{1,31}$`) // the kernel's names are as long at most
	gpioNumbered = regexp.MustCompile(`^(gpiochip[0-9]{1,3}):([0-9]{1,4})$`)
)

// GPIOOffset splits a line such as gpiochip0:17. ok is false for a name.
func GPIOOffset(line string) (chip string, offset int, ok bool) {
	parts := gpioNumbered.FindStringSubmatch(line)
	if parts == nil {
		return "", 0, false
	}
	offset, err := strconv.Atoi(parts[2])
	return parts[1], offset, err == nil
}

// Collect keeps the pictures of verdicts, for training.
type Collect struct {
	// Folder holds one folder a motif; empty keeps no picture.
	Folder string `mapstructure:"folder"`
	MaxMiB int    `mapstructure:"max_mib"`
}

// Curator is who may change the kiosk over the network.
type Curator struct {
	// SecretFile holds what such a request must know; empty lets nobody.
	SecretFile string `mapstructure:"secret_file"`
}

//go:embed demo.yaml
var demoYAML []byte

// DefaultKiosk is the embedded default (demo.yaml): the demonstration model
// on drawn cloths.
func DefaultKiosk() *Kiosk {
	k := kioskDefaults()
	if err := load("demo.yaml", demoYAML, k); err != nil {
		panic("the embedded demo.yaml is wrong: " + err.Error())
	}
	return k
}

// LoadKiosk reads the configuration at path over the defaults that kiosk.yaml
// documents. Relative paths in it start from its own folder. The error joins
// a Problem for every mistake.
func LoadKiosk(path string) (*Kiosk, error) {
	k := kioskDefaults()
	if err := loadFile(path, k); err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find the folder of the configuration: %w", err)
	}
	paths := []*string{&k.Models.Store, &k.Motifs, &k.Camera.Path, &k.Collect.Folder, &k.Curator.SecretFile}
	if _, slot := k.ModelSlot(); !slot {
		paths = append(paths, &k.Model)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(folder, *p)
		}
	}
	return k, nil
}

func kioskDefaults() *Kiosk {
	return &Kiosk{
		Listen:   "127.0.0.1:8080",
		Language: "id",
		Models:   Models{MaxFileMiB: 64, MemoryMiB: 256},
		Camera: Camera{
			Source: SourceV4L2,
			Device: "auto",
			Width:  640,
			Height: 480,
			Hold:   5 * time.Second,
		},
		Live:    Live{Smoothing: 400 * time.Millisecond, StreamFPS: 15},
		Shutter: Shutter{Frames: 5, Budget: 400 * time.Millisecond, Timeout: 3 * time.Second, Hold: 20 * time.Second},
		Attract: Attract{After: 45 * time.Second},
		Button:  Button{Debounce: 20 * time.Millisecond},
		Collect: Collect{MaxMiB: 512},
	}
}

// Validate reports every impossible value.
func (k *Kiosk) Validate() error {
	var p problems
	if what := checkListen(k.Listen); what != "" {
		p.add("listen", "is %q, %s", k.Listen, what)
	}
	for _, host := range k.AllowedHosts {
		if host == "" || strings.ContainsAny(host, "/: *") {
			p.add("allowed_hosts", "holds %q, it must hold bare host names such as kiosk.local", host)
		}
	}
	if !slices.Contains(Languages, k.Language) {
		p.add("language", "is %q, it must be one of %s", k.Language, strings.Join(Languages, ", "))
	}
	k.Models.validate(&p)
	if name, slot := k.ModelSlot(); slot && k.Models.Store == "" {
		p.add("model", "is the installed model %q, and models.store names no folder of them", name)
	}
	k.Camera.validate(&p)
	between(&p, "live.smoothing", k.Live.Smoothing, 0, 10*time.Second)
	between(&p, "live.stream_fps", k.Live.StreamFPS, 1, 60)
	between(&p, "live.threads", k.Live.Threads, 0, 64)
	between(&p, "shutter.frames", k.Shutter.Frames, 1, 60)
	between(&p, "shutter.budget", k.Shutter.Budget, 10*time.Millisecond, MaxPress)
	between(&p, "shutter.timeout", k.Shutter.Timeout, 100*time.Millisecond, MaxPress)
	between(&p, "shutter.hold", k.Shutter.Hold, time.Second, 10*time.Minute)
	between(&p, "attract.after", k.Attract.After, 0, time.Hour)
	k.Button.validate(&p)
	between(&p, "collect.max_mib", k.Collect.MaxMiB, 1, 1<<20)
	return p.err()
}

func (b *Button) validate(p *problems) {
	validateLine(p, "button.shutter", b.Shutter)
	validateLine(p, "button.led", b.LED)
	if b.Shutter != "" && b.Shutter == b.LED {
		p.add("button.led", "is %q, which is button.shutter already", b.LED)
	}
	between(p, "button.debounce", b.Debounce, time.Millisecond, time.Second)
}

func validateLine(p *problems, key, line string) {
	if line != "" && !gpioName.MatchString(line) && !gpioNumbered.MatchString(line) {
		p.add(key, "is %q, it must be a line's name such as GPIO17, or chip and number such as gpiochip0:17", line)
	}
}

func (m *Models) validate(p *problems) {
	for i, key := range m.Keys {
		// Minisign's form: the letters Ed, 8 bytes of the key's number, 32 of the key.
		b, err := base64.StdEncoding.DecodeString(key)
		if err != nil || len(b) != 42 || !bytes.HasPrefix(b, []byte("Ed")) {
			p.add(fmt.Sprintf("models.keys[%d]", i), "is %q, it must be the second line of a minisign .pub file", key)
		}
	}
	between(p, "models.max_file_mib", m.MaxFileMiB, 1, 1024)
	between(p, "models.memory_mib", m.MemoryMiB, 1, 4096)
}

func (c *Camera) validate(p *problems) {
	needed := map[string]struct{ key, value string }{
		SourceV4L2:   {"camera.device", c.Device},
		SourceVideo:  {"camera.path", c.Path},
		SourceImages: {"camera.path", c.Path},
	}
	if !slices.Contains(Sources, c.Source) {
		p.add("camera.source", "is %q, it must be one of %s", c.Source, strings.Join(Sources, ", "))
	} else if n, ok := needed[c.Source]; ok && n.value == "" {
		p.add(n.key, "is empty, and camera.source %s needs it", c.Source)
	}
	between(p, "camera.width", c.Width, 64, 4096)
	between(p, "camera.height", c.Height, 64, 4096)
	if c.FPS != 0 && !(c.FPS >= 1 && c.FPS <= 240) {
		p.add("camera.fps", "is %v, it must be from 1 to 240, or 0 for the source's own", c.FPS)
	}
	between(p, "camera.hold", c.Hold, 100*time.Millisecond, time.Hour)
}

// between is written so that a NaN is outside.
func between[T int | float64 | time.Duration](p *problems, key string, v, low, high T) {
	if !(v >= low && v <= high) {
		p.add(key, "is %v, it must be from %v to %v", v, low, high)
	}
}

func checkListen(address string) (what string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "it must be HOST:PORT, such as 127.0.0.1:8080"
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			return "its host must be an IP address or localhost"
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "its port must be from 0 to 65535"
	}
	return ""
}

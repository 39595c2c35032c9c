package firmware

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"canting/capture"
	"canting/configs"
)

// collector keeps pictures in one folder a label, as canting-trainer reads
// them, once the curator has switched it on. Pictures wait in a short queue, so
// that nobody waits for the disk.
type collector struct {
	queue   chan collected
	counter *prometheus.CounterVec
	log     *slog.Logger
}

// collected is a picture on its way to the disk.
type collected struct {
	to    configs.Collect
	label string
	frame capture.Frame
	// done, unless it is nil, is told where the picture lies; it never blocks.
	done chan<- kept
}

type kept struct {
	file string // LABEL/NAME.jpg
	err  error
}

const (
	collectQuality = 95
	// collectQueue is how many pictures may wait, each as large as a frame.
	collectQueue = 4
	// unknownLabel is the folder of pictures that the model did not name.
	unknownLabel = "unknown"
)

// The values of canting_collected_pictures_total's label result.
const (
	collectKept    = "kept"
	collectDropped = "dropped" // the queue was full
	collectFailed  = "failed"  // the disk or the label would not have it
)

func newCollector(m *metrics, log *slog.Logger) *collector {
	return &collector{queue: make(chan collected, collectQueue), counter: m.collected, log: log}
}

// offer keeps a picture if the curator wants it, and never blocks. It reports
// whether the picture has a place in the queue.
func (c *collector) offer(p collected) bool {
	if p.to.Folder == "" {
		return false
	}
	select {
	case c.queue <- p:
		return true
	default:
		c.counter.WithLabelValues(collectDropped).Inc()
		return false
	}
}

// run keeps pictures until ctx ends. It begins with what an earlier run may
// have left too much of.
func (c *collector) run(ctx context.Context, now configs.Collect) {
	if now.Folder != "" {
		if err := c.tidy(now); err != nil {
			c.log.Error("the folder of collected pictures was not looked through", "error", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-c.queue:
			file, err := p.keep()
			result := collectKept
			if err != nil {
				result = collectFailed
				c.log.Error("a picture was not kept", "label", p.label, "error", err)
			}
			c.counter.WithLabelValues(result).Inc()
			if p.done != nil {
				p.done <- kept{file, err}
			}
		}
	}
}

func (c *collector) tidy(to configs.Collect) error {
	root, err := openCollection(to.Folder)
	if err != nil {
		return err
	}
	defer root.Close()
	return trim(root, int64(to.MaxMiB)<<20)
}

func openCollection(folder string) (*os.Root, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of collected pictures: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open the folder of collected pictures: %w", err)
	}
	return root, nil
}

// keep writes the picture as FOLDER/LABEL/TIME-DIGEST.jpg, after making room
// for it.
func (p collected) keep() (file string, err error) {
	if err := checkFolderLabel(p.label); err != nil {
		return "", err
	}
	jpeg, err := capture.EncodeJPEG(p.frame, collectQuality)
	if err != nil {
		return "", err
	}
	limit := int64(p.to.MaxMiB) << 20
	if int64(len(jpeg)) > limit {
		return "", fmt.Errorf("the picture has %d bytes, more than all of collect.max_mib", len(jpeg))
	}
	root, err := openCollection(p.to.Folder)
	if err != nil {
		return "", err
	}
	defer root.Close()
	if err := trim(root, limit-int64(len(jpeg))); err != nil {
		return "", err
	}
	sum := sha256.Sum256(jpeg)
	file = path.Join(p.label, fmt.Sprintf("%s-%x.jpg", p.frame.At.UTC().Format(collectTime), sum[:4]))
	if err := root.Mkdir(p.label, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the label's folder: %w", err)
	}
	return file, writePicture(root, file, jpeg)
}

const pendingSuffix = ".pending"

// writePicture leaves a whole file or none.
func writePicture(root *os.Root, file string, jpeg []byte) error {
	pending := file + pendingSuffix
	f, err := root.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return fmt.Errorf("keep a picture: %w", err)
	}
	_, err = f.Write(jpeg)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(pending, file)
	}
	if err != nil {
		return fmt.Errorf("keep a picture: %w", errors.Join(err, root.Remove(pending)))
	}
	return nil
}

const collectTime = "20060102T150405.000Z"

// collectedName is what keep names its files, and all that trim removes.
var collectedName = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{8}\.jpg$`)

// trim removes what was not written to its end, and the oldest pictures until
// the others have at most limit bytes in all. It leaves files of other names,
// and those deeper than a label's folder, alone.
func trim(root *os.Root, limit int64) error {
	type picture struct {
		file string
		size int64
	}
	var pictures []picture
	var total int64
	files, err := fs.Glob(root.FS(), "*/*")
	if err != nil {
		return err
	}
	for _, file := range files {
		name, pending := strings.CutSuffix(path.Base(file), pendingSuffix)
		if !collectedName.MatchString(name) {
			continue
		}
		info, err := root.Lstat(file)
		if err != nil || !info.Mode().IsRegular() {
			continue // it has gone since, or is somebody's link
		}
		if pending {
			if err := root.Remove(file); err != nil {
				return fmt.Errorf("remove half a picture: %w", err)
			}
			continue
		}
		pictures = append(pictures, picture{file, info.Size()})
		total += info.Size()
	}
	slices.SortFunc(pictures, func(a, b picture) int { return cmp.Compare(path.Base(a.file), path.Base(b.file)) })
	for _, p := range pictures {
		if total <= limit {
			break
		}
		if err := root.Remove(p.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the oldest picture: %w", err)
		}
		total -= p.size
	}
	return nil
}

// checkFolderLabel refuses a label that is no name of a folder of pictures. A
// label comes from a model's file or from the network.
func checkFolderLabel(label string) error {
	const longest = 128 // bytes; file systems take 255
	switch {
	case label == "", len(label) > longest, !utf8.ValidString(label), strings.HasPrefix(label, "."),
		strings.ContainsAny(label, `/\`), strings.ContainsFunc(label, unicode.IsControl):
		return &denial{http.StatusBadRequest, "label", fmt.Sprintf("the label %q cannot name a folder: it must be a plain name of at most %d bytes", label, longest)}
	case label == "train" || label == "test":
		return &denial{http.StatusBadRequest, "label", fmt.Sprintf("a folder named %q has another meaning to canting-trainer", label)}
	}
	return nil
}

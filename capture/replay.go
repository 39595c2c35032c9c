package capture

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// replay shows the pictures of a file system one after the other, for ever.
type replay struct {
	fsys   fs.FS
	name   string // what messages call it
	wanted *regexp.Regexp
	notice func(string)

	pacer pacer
	hold  time.Duration

	queue   []string
	current Frame
	until   time.Time
}

var anyPicture = regexp.MustCompile(`(?i)\.(jpe?g|png|webp|bmp)$`)

// numbered is the one verb of a pattern: %d or %03d.
var numbered = regexp.MustCompile(`%0?\d*d`)

// openImages replays a folder, or the files of a folder whose names fit a
// pattern. Unlike OpenCV's own image sequences it does not stop at a gap in the
// numbers or at a damaged file.
func openImages(cfg Config, notice func(string)) (Source, error) {
	folder, wanted := cfg.Source, anyPicture
	if info, err := os.Stat(cfg.Source); err != nil || !info.IsDir() {
		var pattern string
		folder, pattern = filepath.Split(filepath.Clean(cfg.Source))
		verb := numbered.FindStringIndex(pattern)
		if verb == nil {
			return nil, fmt.Errorf("%s is neither a folder of pictures nor a pattern like cloth_%%03d.jpg", cfg.Source)
		}
		wanted = regexp.MustCompile("^" + regexp.QuoteMeta(pattern[:verb[0]]) + `\d+` + regexp.QuoteMeta(pattern[verb[1]:]) + "$")
		folder = filepath.Clean(folder)
	}
	return openReplay(os.DirFS(folder), folder, wanted, cfg, notice)
}

// openReplay shows the files directly in fsys whose names are wanted.
func openReplay(fsys fs.FS, name string, wanted *regexp.Regexp, cfg Config, notice func(string)) (Source, error) {
	fps := cfg.FPS
	if fps == 0 {
		fps = usualFPS
	}
	r := &replay{fsys: fsys, name: name, wanted: wanted, notice: notice, pacer: pacer{interval: interval(fps)}, hold: cfg.Hold}
	return r, r.advance()
}

func (r *replay) Read(ctx context.Context) (Frame, error) {
	if err := r.pacer.wait(ctx); err != nil {
		return Frame{}, err
	}
	now := time.Now()
	if r.until.IsZero() {
		r.until = now.Add(r.hold)
	} else if !now.Before(r.until) {
		if err := r.advance(); err != nil {
			return Frame{}, err
		}
		r.until = now.Add(r.hold)
	}
	r.current.At = now
	return r.current, nil
}

// advance decodes the next picture, passing over those that cannot be. At the
// end the folder is listed again: pictures may have come.
func (r *replay) advance() error {
	damaged := 0
	for listed := false; ; {
		if len(r.queue) == 0 {
			if listed {
				return fmt.Errorf("none of the %d pictures in %s can be read", damaged, r.name)
			}
			if err := r.list(); err != nil {
				return err
			}
			listed, damaged = true, 0
		}
		name := r.queue[0]
		r.queue = r.queue[1:]
		frame, err := readPicture(r.fsys, name)
		if err == nil {
			r.current = frame
			return nil
		}
		damaged++
		r.notice(fmt.Sprintf("%s in %s is passed over: %v", name, r.name, err))
	}
}

func (r *replay) list() error {
	entries, err := fs.ReadDir(r.fsys, ".")
	if err != nil {
		return fmt.Errorf("the pictures in %s cannot be listed: %w", r.name, err)
	}
	for _, entry := range entries {
		if !entry.IsDir() && r.wanted.MatchString(entry.Name()) {
			r.queue = append(r.queue, entry.Name())
		}
	}
	if len(r.queue) == 0 {
		return fmt.Errorf("there are no pictures in %s", r.name)
	}
	slices.SortStableFunc(r.queue, compareNumbered)
	return nil
}

var digits = regexp.MustCompile(`\d+`)

// compareNumbered orders cloth_9 before cloth_10.
func compareNumbered(a, b string) int {
	pad := func(s string) string {
		return digits.ReplaceAllStringFunc(s, func(n string) string {
			return strings.Repeat("0", max(0, 20-len(n))) + n
		})
	}
	return strings.Compare(pad(a), pad(b))
}

func (r *replay) Close() {}

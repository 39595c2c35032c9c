package firmware

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a folder must rest before a change counts as complete: an
// editor empties a file before it writes it.
const settle = 150 * time.Millisecond

// watcher tells of changes to files by watching their folders: an editor
// replaces a file by another of its name, which a watch on the file itself does
// not survive.
type watcher struct {
	notify  *fsnotify.Watcher
	mu      sync.Mutex
	files   map[string]bool
	changed chan struct{} // holds at most one
}

// watch watches files, which need not exist, unlike their folders.
func watch(files ...string) (*watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch for changes: %w", err)
	}
	w := &watcher{notify: notify, changed: make(chan struct{}, 1)}
	if err := w.follow(files...); err != nil {
		notify.Close()
		return nil, err
	}
	return w, nil
}

// follow watches these files from now on instead.
func (w *watcher) follow(files ...string) error {
	followed := map[string]bool{}
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err == nil {
			err = w.notify.Add(filepath.Dir(path)) // once more is no change
		}
		if err != nil {
			return fmt.Errorf("watch %s for changes: %w", file, err)
		}
		followed[path] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = followed
	return nil
}

func (w *watcher) follows(file string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files[file]
}

func (w *watcher) close() error { return w.notify.Close() }

// run passes changes on until ctx ends.
func (w *watcher) run(ctx context.Context) {
	rested := time.NewTimer(0)
	<-rested.C
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.notify.Events:
			if w.follows(event.Name) && event.Op != fsnotify.Chmod {
				rested.Reset(settle)
			}
		case <-w.notify.Errors: // events were lost, so anything may have changed
			rested.Reset(settle)
		case <-rested.C:
			select {
			case w.changed <- struct{}{}:
			default: // the reader has yet to see the last one
			}
		}
	}
}

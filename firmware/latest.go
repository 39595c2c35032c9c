package firmware

import "sync"

// latest holds the newest value of something that changes, and wakes whoever
// waits for the next one. A slow reader misses values; it never holds up the
// writer.
type latest[T any] struct {
	mu      sync.Mutex
	value   T
	changed chan struct{}
}

func newLatest[T any](value T) *latest[T] {
	return &latest[T]{value: value, changed: make(chan struct{})}
}

func (l *latest[T]) set(value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value = value
	close(l.changed)
	l.changed = make(chan struct{})
}

// get returns the newest value and a channel that closes when it is replaced.
func (l *latest[T]) get() (T, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value, l.changed
}

//go:build !amd64 && !arm64

package kernel

// architecture is empty: there is no assembly for this processor.
func architecture() []candidate { return nil }

package capture

import (
	"testing"
	"time"
)

// The cases that would take a test of two processes too long.
func TestJudge(t *testing.T) {
	start := time.Now()
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	loading := watch{started: start, patience: openFor}
	opening := watch{started: start, patience: openFor, opening: true, spoke: at(10)}
	asking := watch{started: start, patience: openFor, opening: true, spoke: at(14)}
	live := watch{started: start, opening: true, spoke: at(1), first: at(2), last: at(10), fresh: at(10)}
	frozen := watch{started: start, opening: true, spoke: at(1), first: at(2), last: at(14), fresh: at(10)}
	talking := watch{started: start, opening: true, spoke: at(25), first: at(2), last: at(10), fresh: at(10)}
	tests := []struct {
		name  string
		watch watch
		at    float64
		end   bool
		lost  bool
	}{
		{"loading libraries", loading, 19, false, false},
		{"loading for too long", loading, 21, true, true},
		{"opening", opening, 15, false, false},
		{"opening for too long", opening, 16.5, true, true},
		{"asking for an absent camera", asking, 14.5, false, false},
		{"asking in vain", asking, 15.5, true, true},
		{"live", live, 11.5, false, false},
		{"late", live, 11.9, false, true},
		{"silent", live, 13.1, true, true},
		{"repeating", frozen, 14, false, true},
		{"frozen", frozen, 15.1, true, true},
		{"no frames but words", talking, 24.9, false, true},
		{"nothing but words", talking, 25.1, true, true},
	}
	for _, test := range tests {
		reason, lost := test.watch.judge(at(test.at))
		if (reason != "") != test.end || lost != test.lost {
			t.Errorf("%s: reason %q, lost %v; want an end: %v, lost %v", test.name, reason, lost, test.end, test.lost)
		}
	}
}

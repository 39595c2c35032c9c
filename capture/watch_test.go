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
	opening := watch{started: start, patience: openFor, opening: true, asked: at(5), spoke: at(10)}
	asking := watch{started: start, patience: openFor, opening: true, asked: start, spoke: at(14)}
	loaded := watch{started: start, patience: openFor, opening: true, asked: at(50), spoke: at(50)}
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
		{"loading libraries", loading, 59, false, false},
		{"loading for too long", loading, 61, true, true},
		{"opening", opening, 15, false, false},
		{"opening for too long", opening, 16.5, true, true},
		{"asking for an absent camera", asking, 14.5, false, false},
		{"asking in vain", asking, 15.5, true, true},
		{"opening after long loading", loaded, 55.5, false, false},
		{"opening too long after long loading", loaded, 56.5, true, true},
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

// A process that asked in vain is ended with what it found, which tells a person
// what to do.
func TestJudgeNamesTheProblem(t *testing.T) {
	start := time.Now()
	const problem = "no permission to use the camera /dev/video0"
	w := watch{started: start, patience: openFor, opening: true, asked: start, problem: problem, spoke: start.Add(fruitlessFor)}
	if reason, _ := w.judge(start.Add(fruitlessFor + time.Second)); reason != problem {
		t.Errorf("the reason is %q, want %q", reason, problem)
	}
}

// However a process hangs when the fault ends, the next one starts early enough
// for a camera that is back within 10 s. Only the loading of libraries takes
// longer: the camera is not touched before it is done.
func TestWayBackFromEveryHang(t *testing.T) {
	const within, start = 10 * time.Second, 3 * time.Second // the next process, until its first frame
	now := time.Now()
	for name, w := range map[string]watch{
		"opening":                    {started: now, patience: openFor, opening: true, asked: now, spoke: now},
		"opening, after asking long": {started: now.Add(-fruitlessFor), patience: openFor, opening: true, asked: now.Add(-fruitlessFor), spoke: now},
		"after its first frame":      {started: now, opening: true, spoke: now, first: now, last: now, fresh: now},
		"after many frames":          {started: now.Add(-time.Hour), opening: true, spoke: now.Add(-time.Hour), first: now.Add(-time.Hour), last: now, fresh: now},
		"after repeating itself":     {started: now.Add(-time.Hour), opening: true, first: now.Add(-time.Hour), last: now, fresh: now.Add(-frozenFor)},
	} {
		hung := time.Duration(0)
		for reason := ""; reason == ""; hung += lookEvery {
			reason, _ = w.judge(now.Add(hung))
		}
		if back := hung + pauseAfter(now.Add(hung).Sub(w.started), longPause) + start; back > within {
			t.Errorf("%s: back %v after the fault's end, want within %v", name, back, within)
		}
	}
	if back := longPause + start; back > within {
		t.Errorf("a process that ended: back %v after the fault's end, want within %v", back, within)
	}
}

package infer

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// team splits the operators' output rows among threads. All of them, the caller
// of run being one, walk through the steps side by side: each takes its own piece
// of a step, which lies beside what it has in its cache from the last one, then
// those that nobody took, and waits for the others before it goes on. They wait
// by looking again and again, since the next step is only microseconds away and
// waking a thread takes longer; between runs the helpers sleep. A helper that
// wakes late finds less to do, and nobody waits for one that has not come. Rows
// are computed the same whoever does it, so that results do not depend on this.
type team struct {
	scratch [][]int8
	steps   []boundStep
	// wake has a channel for each helper.
	wake     []chan struct{}
	running  sync.WaitGroup
	stopping sync.Once
	// present counts the helpers that came to this run; it is closed between runs.
	present atomic.Int32
	left    atomic.Int32
	// fault is the first panic of a kernel.
	fault atomic.Pointer[fault]
}

type fault struct {
	step int
	err  error
}

// closed is present's value between runs.
const closed = -1

// maxPieces is how many pieces a step is cut into at most.
const maxPieces = 64

// progress is how far a step has come: which pieces are taken, a bit for each,
// and how many are done.
type progress struct {
	taken atomic.Uint64
	done  atomic.Int32
}

// take takes a piece unless somebody did.
func (p *progress) take(n int) bool {
	bit := uint64(1) << n
	return p.taken.Load()&bit == 0 && p.taken.Or(bit)&bit == 0
}

func newTeam(threads, scratch int, steps []boundStep) *team {
	t := &team{steps: steps, wake: make([]chan struct{}, threads-1)}
	for range threads {
		t.scratch = append(t.scratch, alignedBytes(scratch))
	}
	t.present.Store(closed)
	for i := range t.wake {
		t.wake[i] = make(chan struct{}, 1)
		t.running.Go(func() {
			for range t.wake[i] {
				if t.enter() {
					t.walk(i+1, nil)
					t.left.Add(1)
				}
			}
		})
	}
	return t
}

// stop ends the helpers and waits for them.
func (t *team) stop() {
	t.stopping.Do(func() {
		for _, c := range t.wake {
			close(c)
		}
	})
	t.running.Wait()
}

// run computes all steps. With times it adds to each the time of its step.
func (t *team) run(times []time.Duration) *fault {
	t.open()
	t.walk(0, times)
	wait(&t.left, t.present.Swap(closed))
	return t.fault.Load()
}

// open starts a run. Nobody is present, so that the counters may be set.
func (t *team) open() {
	for i := range t.steps {
		t.steps[i].taken.Store(0)
		t.steps[i].done.Store(0)
	}
	t.fault.Store(nil)
	t.left.Store(0)
	t.present.Store(0)
	for _, c := range t.wake {
		select {
		case c <- struct{}{}:
		default: // it has not woken from the last call yet
		}
	}
}

// enter counts a helper in, unless the run is over already.
func (t *team) enter() bool {
	for {
		n := t.present.Load()
		if n == closed {
			return false
		}
		if t.present.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// walk is one thread's way through the steps.
func (t *team) walk(thread int, times []time.Duration) {
	var start time.Time
	for i := range t.steps {
		s := &t.steps[i]
		if times != nil {
			start = time.Now()
		}
		pieces := min(len(t.scratch), s.operator.Rows(), maxPieces)
		for n := range pieces {
			if n = (thread + n) % pieces; s.take(n) {
				t.piece(i, t.scratch[thread], n, pieces)
				s.done.Add(1)
			}
		}
		wait(&s.done, int32(pieces))
		if times != nil {
			times[i] += time.Since(start)
		}
	}
}

// piece computes piece n of a step.
func (t *team) piece(step int, scratch []int8, n, pieces int) {
	// A panic in a helper would take the whole program down.
	defer func() {
		if r := recover(); r != nil {
			t.fault.CompareAndSwap(nil, &fault{step, fmt.Errorf("panic: %v", r)})
		}
	}()
	s := &t.steps[step]
	rows := s.operator.Rows()
	s.operator.Run(s.out, s.a, s.b, scratch, rows*n/pieces, rows*(n+1)/pieces)
}

// A thread that waits looks at the counter patience times, some 10 microseconds;
// then it lets other goroutines run in between, and when that was not enough
// either, the other thread has lost its core and needs one to go on.
const (
	patience = 1 << 13
	courtesy = patience + 1<<9
)

// wait waits until a counter has come to n.
func wait(counter *atomic.Int32, n int32) {
	for i := 0; counter.Load() != n; i++ {
		switch {
		case i > courtesy:
			time.Sleep(20 * time.Microsecond)
		case i > patience:
			runtime.Gosched()
		}
	}
}

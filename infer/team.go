package infer

import (
	"fmt"
	"sync"
)

// team splits an operator's output rows among threads; the caller is one of them.
type team struct {
	scratch [][]int8
	// work wakes the helpers, one channel each.
	work     []chan *boundStep
	busy     sync.WaitGroup
	running  sync.WaitGroup
	stopping sync.Once
	// faults has an element for each thread, set when its kernel panicked.
	faults []error
}

func newTeam(threads, scratch int) *team {
	t := &team{faults: make([]error, threads), work: make([]chan *boundStep, threads-1)}
	for range threads {
		t.scratch = append(t.scratch, alignedBytes(scratch))
	}
	for i := range t.work {
		t.work[i] = make(chan *boundStep, 1)
		t.running.Go(func() {
			for s := range t.work[i] {
				t.part(s, i+1, min(threads, s.operator.Rows()))
				t.busy.Done()
			}
		})
	}
	return t
}

// stop ends the helpers and waits for them.
func (t *team) stop() {
	t.stopping.Do(func() {
		for _, c := range t.work {
			close(c)
		}
	})
	t.running.Wait()
}

// run computes one operator.
func (t *team) run(s *boundStep) error {
	helpers := t.work[:min(len(t.work), s.operator.Rows()-1)]
	t.busy.Add(len(helpers))
	for _, c := range helpers {
		c <- s
	}
	t.part(s, 0, len(helpers)+1)
	t.busy.Wait()
	for _, err := range t.faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// part computes the share of thread i of so many.
func (t *team) part(s *boundStep, i, threads int) {
	// A panic in a helper would take the whole program down.
	defer func() {
		if r := recover(); r != nil {
			t.faults[i] = fmt.Errorf("panic: %v", r)
		}
	}()
	rows := s.operator.Rows()
	s.operator.Run(s.out, s.a, s.b, t.scratch[i], rows*i/threads, rows*(i+1)/threads)
}

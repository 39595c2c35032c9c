package infer

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// tally counts how often each of its rows is computed, and panics at row bad.
type tally struct {
	rows []atomic.Int32
	bad  int
}

func (o *tally) Rows() int    { return len(o.rows) }
func (o *tally) Scratch() int { return 0 }
func (o *tally) Run(_, _, _, _ []int8, from, to int) {
	for y := from; y < to; y++ {
		if y == o.bad {
			panic("a fault in a kernel")
		}
		o.rows[y].Add(1)
	}
}

func TestEveryRowIsComputedOnce(t *testing.T) {
	const runs = 300
	for _, threads := range []int{1, 2, 3, 100} {
		steps := make([]boundStep, 5)
		for i := range steps {
			steps[i].operator = &tally{rows: make([]atomic.Int32, []int{1, 7, 2, 64, 200}[i]), bad: none}
		}
		team := newTeam(threads, 0, steps)
		for range runs {
			if f := team.run(nil); f != nil {
				t.Fatal(f.err)
			}
		}
		team.stop()
		for i := range steps {
			o := steps[i].operator.(*tally)
			for y := range o.rows {
				if n := o.rows[y].Load(); n != runs {
					t.Errorf("%d threads: row %d of step %d was computed %d times in %d runs", threads, y, i, n, runs)
				}
			}
		}
	}
}

// A panic becomes an error of its run, whichever thread it is in, and of no
// other run.
func TestPanicsAreFaults(t *testing.T) {
	for _, threads := range []int{1, 3} {
		good, bad := &tally{rows: make([]atomic.Int32, 9), bad: none}, &tally{rows: make([]atomic.Int32, 9), bad: 8}
		team := newTeam(threads, 0, []boundStep{{operator: good}, {operator: bad}, {operator: good}})
		if f := team.run(nil); f == nil || f.step != 1 {
			t.Errorf("%d threads: %+v, want a fault of step 1", threads, f)
		}
		bad.bad = none
		if f := team.run(nil); f != nil {
			t.Errorf("%d threads: the next run has the fault %+v", threads, f)
		}
		team.stop()
	}
}

// BenchmarkThreads times MobileNetV2 by one and more threads.
func BenchmarkThreads(b *testing.B) {
	for _, threads := range []int{1, 2, 4} {
		b.Run(fmt.Sprint("threads=", threads), func(b *testing.B) {
			s := load(b, "google-coral/tf2_mobilenet_v2_1.0_224_ptq.tflite", Options{Threads: threads}).NewSession()
			defer s.Close()
			for b.Loop() {
				if err := s.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package infer

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
)

func fill(b []byte, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

func TestRunDoesNotAllocate(t *testing.T) {
	for _, threads := range []int{1, 2} {
		s := load(t, "mlcommons-tiny/kws_ref_model.tflite", Options{Threads: threads}).NewSession()
		defer s.Close()
		n := testing.AllocsPerRun(20, func() {
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%d threads: a run allocates %v times", threads, n)
		}
	}
}

func TestThreadsDoNotChangeResults(t *testing.T) {
	const name = "mlcommons-tiny/vww_96_int8.tflite"
	one := load(t, name, Options{}).NewSession()
	fill(one.Input(), 1)
	if err := one.Run(); err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{2, 3, 7, 200} {
		s := load(t, name, Options{Threads: threads}).NewSession()
		defer s.Close()
		copy(s.Input(), one.Input())
		for range 3 {
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			// The input is still there, so that running again gives the same.
			if !bytes.Equal(s.Output(), one.Output()) || !bytes.Equal(s.Input(), one.Input()) {
				t.Errorf("%d threads: %v, 1 thread: %v", threads, s.Output(), one.Output())
			}
		}
		s.Close() // twice is harmless
	}
}

func TestSessionsOfOneModelRunAtOnce(t *testing.T) {
	m := load(t, "mlcommons-tiny/kws_ref_model.tflite", Options{Threads: 2})
	answers := make([][]byte, 4)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			s := m.NewSession()
			defer s.Close()
			fill(s.Input(), uint64(i%2))
			for range 5 {
				if err := s.Run(); err != nil {
					t.Error(err)
				}
			}
			answers[i] = s.Output()
		})
	}
	group.Wait()
	if !bytes.Equal(answers[0], answers[2]) || !bytes.Equal(answers[1], answers[3]) {
		t.Errorf("the same inputs gave %v", answers)
	}
}

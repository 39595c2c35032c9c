package firmware

import (
	"math"
	"testing"
	"time"
)

// After one time constant, 1-1/e of a step has been followed, whatever the
// frame rate.
func TestSmootherFollowsTimeNotFrames(t *testing.T) {
	start := time.Now()
	for _, fps := range []int{5, 25, 100} {
		s := smoother{constant: time.Second}
		s.add(start, []float32{1, 0})
		var mean []float32
		for i := 1; i <= fps; i++ {
			mean = s.add(start.Add(time.Duration(i)*time.Second/time.Duration(fps)), []float32{0, 1})
		}
		if got, want := float64(mean[1]), 1-1/math.E; math.Abs(got-want) > 1e-4 {
			t.Errorf("at %d frames a second %.4f of the step is followed, want %.4f", fps, got, want)
		}
	}
}

func TestSmootherStartsAnew(t *testing.T) {
	now := time.Now()
	s := smoother{constant: 400 * time.Millisecond}
	s.add(now, []float32{1, 0})
	s.forget()
	if mean := s.add(now.Add(time.Millisecond), []float32{0, 1}); mean[1] != 1 {
		t.Errorf("after forget the average is %v", mean)
	}
	if mean := s.add(now.Add(time.Minute), []float32{1, 0}); mean[0] != 1 {
		t.Errorf("after a minute without frames the average is %v", mean)
	}
	off := smoother{}
	off.add(now, []float32{1, 0})
	if mean := off.add(now, []float32{0, 1}); mean[1] != 1 {
		t.Errorf("without smoothing the average is %v", mean)
	}
}

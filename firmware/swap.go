package firmware

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"canting/capture"
	"canting/configs"
	"canting/firmware/store"
)

// swapper changes the model and the settings of the running kiosk. Everything
// slow happens beside the live loop, which only exchanges pointers.
type swapper struct {
	kiosk   *kiosk
	library *library
	load    func() (*configs.Kiosk, error)
	changed <-chan struct{} // the configuration, the store or the motifs
	follow  func(*configs.Kiosk) error
	trial   trial
	log     *slog.Logger

	proved <-chan time.Time // ends the serving model's trial
	// failed is the digest of the model that was taken back last: it is not
	// tried again.
	failed string
}

// trial is what a new model has to pass.
type trial struct {
	frames  int           // live ones that it classifies before it serves
	wait    time.Duration // for them; without a live picture they are skipped
	slowest time.Duration // of one classification
	watch   time.Duration // for which the previous model stands ready
}

var usualTrial = trial{frames: 10, wait: 3 * time.Second, slowest: 500 * time.Millisecond, watch: time.Minute}

// The problems that are no refusals of a model.
const (
	wrongConfiguration store.Reason = "configuration"
	rolledBack         store.Reason = "rolled_back"
)

// giveUp is a model that failed on a live frame.
type giveUp struct {
	model *classifier
	err   error
}

// run follows changes until ctx ends.
func (s *swapper) run(ctx context.Context) {
	s.proved = time.After(s.trial.watch)
	for {
		select {
		case <-ctx.Done():
			s.end()
			return
		case <-s.changed:
			s.reload(ctx)
		case gone := <-s.kiosk.gaveUp:
			s.settleFailure(gone)
		case <-s.proved:
			s.settleTrial(ctx)
		}
	}
}

// end lets go of the folder of models. A clean stop says nothing against a
// model that is on trial.
func (s *swapper) end() {
	if s.proved != nil {
		s.library.endTrial(s.kiosk.serving.Load().origin, false)
	}
	if err := s.library.close(); err != nil {
		s.log.Warn("the folder of models was not closed", "error", err)
	}
}

// candidate is the model that the configuration asks for, built, tried and
// ready to serve; nil when it serves already.
func (s *swapper) candidate(ctx context.Context, lib *library) (origin, *classifier, error) {
	o, wrong, err := lib.find()
	if err != nil {
		return origin{}, nil, err
	}
	if wrong != nil {
		s.log.Warn("the current model is passed over", "error", wrong)
	}
	switch o.Digest {
	case s.kiosk.serving.Load().origin.Digest:
		return o, nil, nil
	case s.failed:
		return origin{}, nil, store.Refuse(failed, "the model %.12s failed when it served; it is tried again only after a restart", o.Digest)
	}
	c, err := lib.prepareOnTrial(o)
	if err != nil {
		return origin{}, nil, err
	}
	if err := s.shadow(ctx, c); err != nil {
		lib.endTrial(o, false)
		c.close()
		return origin{}, nil, err
	}
	return o, c, nil
}

// shadow lets a model classify live frames whose answers nobody sees.
func (s *swapper) shadow(ctx context.Context, c *classifier) error {
	ctx, cancel := context.WithTimeout(ctx, s.trial.wait)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	fastest := time.Duration(math.MaxInt64)
	var seq uint64
	for seen := 0; seen < s.trial.frames; {
		if frame, ok := s.kiosk.camera.Latest(seq); ok && s.kiosk.camera.Status().State == capture.Live {
			seq = frame.Seq
			seen++
			_, took, err := c.classify(frame)
			if err != nil {
				return store.Refuse(failed, "the model fails on a live frame: %w", err)
			}
			fastest = min(fastest, took)
			continue
		}
		select {
		case <-ctx.Done():
			s.log.Warn("the new model is tried on fewer live frames than usual", "frames", seen, "of", s.trial.frames)
			return nil
		case <-tick.C:
		}
	}
	if fastest > s.trial.slowest {
		return store.Refuse(tooSlow, "the model needs %v for one frame, more than %v", fastest, s.trial.slowest)
	}
	return nil
}

// rollBackStore makes the store agree with what serves.
func (s *swapper) rollBackStore(lib *library) {
	if lib.store == nil {
		return
	}
	if _, err := lib.store.Rollback(); err != nil {
		s.log.Warn("the store's current model stays, though it does not serve", "error", err)
	}
}

func (s *swapper) settleFailures() {
	for {
		select {
		case gone := <-s.kiosk.gaveUp:
			s.settleFailure(gone)
		default:
			return
		}
	}
}

// settleFailure tells that a model was taken back, and does the same in the
// store.
func (s *swapper) settleFailure(gone giveUp) {
	o := gone.model.origin
	s.failed, s.proved = o.Digest, nil
	s.kiosk.metrics.rollbacks.WithLabelValues(string(failed)).Inc()
	s.library.endTrial(o, false)
	if o.Source == sourceActive {
		s.rollBackStore(s.library)
	}
	s.log.Error("the new model failed and the one before it serves again", "sha256", o.Digest, "error", gone.err)
	s.kiosk.problem.Store(&problem{
		Reason: rolledBack, What: fmt.Sprintf("the model %.12s failed while it served: %v", o.Digest, gone.err),
		At: time.Now(), asked: s.library.config,
	})
	gone.model.close()
}

// settleTrial lets go of the previous model, and raises the floor of versions.
func (s *swapper) settleTrial(ctx context.Context) {
	s.proved = nil
	var retired *classifier
	s.kiosk.betweenFrames(ctx, func() { retired, s.kiosk.previous = s.kiosk.previous, nil })
	if retired != nil {
		retired.close()
	}
	o := s.kiosk.serving.Load().origin
	s.log.Info("the model has proved itself", "sha256", o.Digest, "version", o.Version)
	s.library.endTrial(o, true)
	if s.library.store == nil {
		return
	}
	if err := s.library.store.Confirm(o.Model); err != nil {
		s.log.Error("the floor of versions was not raised", "error", err)
	}
}

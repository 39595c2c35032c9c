package firmware

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"canting/configs"
	"canting/firmware/store"
)

// reload reads the configuration anew and makes it so, or leaves everything as
// it is and says why.
func (s *swapper) reload(ctx context.Context) {
	s.settleFailures()
	config, err := s.load()
	if err != nil {
		s.refuse(wrongConfiguration, err, nil)
		return
	}
	now := s.kiosk.settings.Load()
	keepFixed(config, now.config, s.log)
	if err := s.follow(config); err != nil {
		s.log.Warn("a file's changes will go unseen", "error", err)
	}
	motifs, err := loadMotifs(config.Motifs)
	if err != nil {
		s.refuse(wrongConfiguration, err, nil)
		return
	}
	lib, err := openLibrary(config)
	if err != nil {
		s.refuse(wrongConfiguration, err, config)
		return
	}
	with := settings{config, motifs}
	o, next, err := s.candidate(ctx, lib)
	if err != nil {
		s.refuseModel(lib, err)
	} else {
		s.forget(config, next != nil)
		if next != nil || !s.kiosk.serving.Load().origin.same(o) || !reflect.DeepEqual(*now, with) {
			s.apply(ctx, with, o, next)
			s.library, lib = lib, s.library
		}
	}
	if err := lib.close(); err != nil {
		s.log.Warn("the folder of models was not closed", "error", err)
	}
}

// forget takes a problem off the page once something else than what caused it
// is asked for and taken. What was taken back by itself stays until then.
func (s *swapper) forget(config *configs.Kiosk, swapped bool) {
	if p := s.kiosk.problem.Load(); p != nil && (swapped || !reflect.DeepEqual(p.asked, config)) {
		s.kiosk.problem.Store(nil)
	}
}

// apply makes settings and, unless it is nil, a model current between two
// frames. Without one, the model that serves has come from elsewhere too.
func (s *swapper) apply(ctx context.Context, with settings, from origin, next *classifier) {
	retired := next // if the kiosk ends first
	before := s.kiosk.serving.Load().origin
	s.kiosk.betweenFrames(ctx, func() {
		s.kiosk.settings.Store(&with)
		s.kiosk.smoother.constant = with.config.Live.Smoothing
		if next != nil {
			retired = s.kiosk.exchange(next)
			return
		}
		same := *s.kiosk.serving.Load() // others read the old one
		same.origin = from
		same.origin.File = nil
		s.kiosk.serving.Store(&same)
	})
	if retired != nil {
		retired.close()
	}
	switch {
	case next == nil:
	case retired == next:
		s.library.endTrial(next.origin, false)
	case s.proved != nil:
		s.library.endTrial(before, false)
	}
	s.kiosk.metrics.reloads.WithLabelValues("applied").Inc()
	s.log.Info("configuration applied", "model", with.config.Model)
	if next != nil {
		s.kiosk.metrics.swaps.WithLabelValues(next.origin.Source).Inc()
		s.proved = time.After(s.trial.watch)
		tellModel(next, with.motifs, s.log)
	}
}

// refuse tells that a change was not made. asked is nil if the configuration,
// or its motifs, could not be read.
func (s *swapper) refuse(reason store.Reason, err error, asked *configs.Kiosk) {
	if reason == wrongConfiguration {
		s.kiosk.metrics.reloads.WithLabelValues("refused").Inc()
	}
	s.log.Error("refused: the model and settings from before stay", "reason", reason, "error", err)
	s.kiosk.problem.Store(&problem{Reason: reason, What: err.Error(), At: time.Now(), asked: asked})
}

// refuseFirst tells why the kiosk starts with another model than asked for.
func (s *swapper) refuseFirst(err error, asked *configs.Kiosk) {
	reason, count := store.ReasonOf(err), s.kiosk.metrics.refusals
	if reason == store.Crashed {
		count = s.kiosk.metrics.rollbacks
	}
	count.WithLabelValues(string(reason)).Inc()
	s.refuse(reason, err, asked)
}

func (s *swapper) refuseModel(lib *library, err error) {
	reason := store.ReasonOf(err)
	s.kiosk.metrics.refusals.WithLabelValues(string(reason)).Inc()
	if lib.config.Model == "" {
		s.rollBackStore(lib)
	}
	s.refuse(reason, err, lib.config)
}

// keepFixed puts back what a running kiosk cannot change, and says so.
func keepFixed(config, running *configs.Kiosk, log *slog.Logger) {
	keep(&config.Listen, running.Listen, "listen", log)
	keep(&config.AllowedHosts, running.AllowedHosts, "allowed_hosts", log)
	keep(&config.Models.Store, running.Models.Store, "models.store", log)
	keep(&config.Camera, running.Camera, "camera", log)
	keep(&config.Live.StreamFPS, running.Live.StreamFPS, "live.stream_fps", log)
	keep(&config.Live.Threads, running.Live.Threads, "live.threads", log)
	keep(&config.Button, running.Button, "button", log)
}

func keep[T any](wanted *T, running T, key string, log *slog.Logger) {
	if !reflect.DeepEqual(*wanted, running) {
		log.Warn("this setting changes only with a restart", "key", key, "now", running, "after the restart", *wanted)
		*wanted = running
	}
}

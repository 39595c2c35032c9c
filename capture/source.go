package capture

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// Source gives frames one after the other. It may block for ever, in C++ where
// no context reaches it: that is why sources live in a process of their own.
type Source interface {
	// Read waits for the next frame, whose BGR is good until the next call.
	// After an error the source is of no more use.
	Read(ctx context.Context) (Frame, error)
	Close()
}

// openSource opens what cfg names. demo holds the pictures of KindDemo; notice
// is told what a person should know though the source goes on.
func openSource(cfg Config, demo fs.FS, notice func(string)) (Source, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	switch cfg.Kind {
	case KindDevice:
		return openDevice(cfg)
	case KindCSI:
		return openPipeline(csiPipeline(cfg))
	case KindPipeline:
		return openPipeline(cfg.Source)
	case KindVideo:
		return openVideo(cfg)
	case KindImages:
		return openImages(cfg, notice)
	default:
		if demo == nil {
			return nil, errors.New("this program has no demonstration pictures; configure a camera")
		}
		return openReplay(demo, "demonstration", anyPicture, cfg, notice)
	}
}

// pacer spaces the frames of a source that has no speed of its own.
type pacer struct {
	interval time.Duration
	next     time.Time
}

// wait returns when the next frame is due. After a delay it does not hurry to
// make up for the frames that were missed.
func (p *pacer) wait(ctx context.Context) error {
	now := time.Now()
	if p.next.Before(now.Add(-p.interval)) {
		p.next = now
	}
	err := sleep(ctx, time.Until(p.next))
	p.next = p.next.Add(p.interval)
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// usualFPS is for pictures, and for videos that do not say their speed.
const usualFPS = 25

func interval(fps float64) time.Duration {
	return time.Duration(float64(time.Second) / fps)
}

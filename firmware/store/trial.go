package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A model is on trial until it has served for a while. The file trials holds a
// line for each model that has been: its digest, and how many of its trials
// began and never ended, or that it has proved itself, and the machine's boot in
// which the last one began. A trial that never ended was cut off by a crash of
// the whole program; one of an earlier boot perhaps by the power.
const (
	trialsFile = "trials"
	// maxCut is how many trials may be cut off in one boot: one may be the doing
	// of a person who kills the program.
	maxCut = 2
	// maxTrials bounds the lines, of which the oldest go.
	maxTrials      = 32
	maxTrialsBytes = maxTrials * 128
	provedMark     = "proved"
)

// trial is a line of trials.
type trial struct {
	digest string
	proved bool
	cut    int // begun and not ended
	boot   string
}

// thisBoot is the machine's boot (random(4), boot_id), "" where none is told.
func thisBoot() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// trials reads the file, the oldest first. A damaged line counts as none: the
// kiosk must start.
func (s *Store) trials() ([]trial, error) {
	text, err := s.disk.Read(trialsFile, maxTrialsBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && ReasonOf(err) != TooLarge {
		return nil, fmt.Errorf("read how the models' trials went: %w", err)
	}
	var all []trial
	for line := range strings.Lines(string(text)) {
		digest, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		how, boot, _ := strings.Cut(rest, " ")
		cut, err := strconv.Atoi(how)
		if t := (trial{digest, how == provedMark, cut, boot}); digestForm.MatchString(digest) && (t.proved || err == nil && cut > 0) {
			all = append(all, t)
		}
	}
	return all, nil
}

func find(trials []trial, digest string) trial {
	for _, t := range trials {
		if t.digest == digest {
			return t
		}
	}
	return trial{digest: digest}
}

// record writes the line of one model anew, or leaves it out if there is
// nothing to say.
func (s *Store) record(before []trial, now trial) error {
	after := slices.DeleteFunc(slices.Clone(before), func(t trial) bool { return t.digest == now.digest })
	if now.proved || now.cut > 0 {
		after = append(after, now)
	}
	if slices.Equal(before, after) {
		return nil
	}
	var text strings.Builder
	for _, t := range after[max(len(after)-maxTrials, 0):] {
		how := provedMark
		if !t.proved {
			how = strings.TrimSpace(fmt.Sprint(t.cut, " ", t.boot))
		}
		fmt.Fprintf(&text, "%s %s\n", t.digest, how)
	}
	return s.replace(trialsFile, []byte(text.String()))
}

// BeginTrial notes, before a model runs for the first time, that it is on trial.
// A model that has proved itself is not. The error is a Refusal with the reason
// Crashed when two trials in one boot of the machine were cut off.
func (s *Store) BeginTrial(digest string) error {
	return s.alone(func() error {
		all, err := s.trials()
		if err != nil {
			return err
		}
		t := find(all, digest)
		switch {
		case t.proved:
			return nil
		case t.cut >= maxCut:
			return Refuse(Crashed, "the model %.12s took the kiosk down with it %d times in a row, each within its first minute", digest, t.cut)
		}
		if t.boot != s.boot {
			t.cut, t.boot = 0, s.boot
		}
		t.cut++
		return s.record(all, t)
	})
}

// EndTrial notes that a model's trial came to its end: proved, or without a
// result, which says nothing against the model.
func (s *Store) EndTrial(digest string, proved bool) error {
	return s.alone(func() error {
		all, err := s.trials()
		if err != nil || find(all, digest).proved {
			return err
		}
		return s.record(all, trial{digest: digest, proved: proved})
	})
}

// GiveUp makes the previous model the current one instead of digest, which is
// then neither: a rollback does not lead back to it. The error says that there
// is no previous model, or none that is any better.
func (s *Store) GiveUp(digest string) (m Model, err error) {
	err = s.alone(func() error {
		current, previous, err := s.active()
		if err != nil {
			return err
		}
		if current != digest {
			m, err = s.Read(current)
			return err
		}
		all, err := s.trials()
		if err != nil {
			return err
		}
		if previous == "" || find(all, previous).cut >= maxCut {
			return errNoPrevious
		}
		if m, err = s.Read(previous); err != nil {
			return fmt.Errorf("the previous model cannot be used: %w", err)
		}
		return s.activate(previous, "")
	})
	return m, err
}

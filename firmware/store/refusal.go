package store

import (
	"errors"
	"fmt"
)

// Reason names why a model is refused or given up. It is a metric's label and
// the key of the page's own sentence.
type Reason string

// The reasons that a file alone gives. The kiosk adds those that it finds by
// running a model.
const (
	Unread    Reason = "unread"
	TooLarge  Reason = "too_large"
	Truncated Reason = "truncated"
	Altered   Reason = "altered"
	Unsigned  Reason = "unsigned"
	WrongKey  Reason = "wrong_key"
	NoVersion Reason = "no_version"
	Older     Reason = "older"
	Crashed   Reason = "crashed"
)

// Refusal is an error with its Reason.
type Refusal struct {
	Reason Reason
	Err    error
}

func (r *Refusal) Error() string { return r.Err.Error() }
func (r *Refusal) Unwrap() error { return r.Err }

// Refuse makes a Refusal, its text as fmt.Errorf makes it.
func Refuse(reason Reason, format string, args ...any) error {
	return &Refusal{reason, fmt.Errorf(format, args...)}
}

// ReasonOf is the reason of the refusal in err, and Unread for any other error.
func ReasonOf(err error) Reason {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal.Reason
	}
	return Unread
}

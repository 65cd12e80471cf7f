package store

import "time"

// A Once marks an append that is to have its effect once, however often it is
// asked for.
type Once struct {
	// Key stands for who asks and for what they call it.
	Key [32]byte
	// Content is a hash of everything that is appended. The same key with
	// another content is a mistake of the caller's.
	Content [32]byte
}

// A Window says how long the keys of [Log.AppendOnce] are remembered: each until
// it is too old, or so many came after it. Zero limits mean the default.
type Window struct {
	MaxAge   time.Duration // since the append; negative: no key is remembered, and none is accepted
	MaxCount int64         // keys
}

// DefaultWindow is how long keys are remembered unless configured otherwise.
var DefaultWindow = Window{MaxAge: 24 * time.Hour, MaxCount: 100_000}

// Default returns w with the default in place of each unset limit.
func (w Window) Default() Window {
	if w.MaxAge == 0 {
		w.MaxAge = DefaultWindow.MaxAge
	}
	if w.MaxCount <= 0 {
		w.MaxCount = DefaultWindow.MaxCount
	}
	return w
}

// Off reports whether no key is accepted.
func (w Window) Off() bool { return w.MaxAge < 0 }

// Past reports whether the key of something appended at a time is forgotten for
// its age.
func (w Window) Past(at, now time.Time) bool { return now.Sub(at) > w.MaxAge }

package store

import (
	"time"

	"cinnabar/spec"
)

// A Retention says how much of the past a history keeps of one kind of entries.
// They are trimmed from the oldest on while any limit is exceeded; the newest
// always stays. What is configured is that of updates.
type Retention struct {
	MaxBytes int64         // bytes of records
	MaxCount int64         // entries
	MaxAge   time.Duration // since they were appended

	// Keys is how long those of [Log.AppendOnce] are remembered, whatever
	// becomes of their updates.
	Keys Window

	// Rules are limits of their own for updates about some topics. What a rule
	// is about counts for no other limit.
	Rules []Rule
}

// MaxRules is how many rules a retention may have: what is gone is kept for each
// pair of them.
const MaxRules = 16

// A Rule says how long updates about some topics are kept. An update is under
// the first rule that one of its topics matches.
type Rule struct {
	Selector *spec.Selector
	// Limits, which are those of these updates alone; 0 and less is no limit.
	MaxBytes, MaxCount int64
	MaxAge             time.Duration
}

// Default returns r with bytes in place of an unset MaxBytes, and the default of
// keys. A negative limit is no limit, and so is an unset count or age.
func (r Retention) Default(bytes int64) Retention {
	if r.MaxBytes == 0 {
		r.MaxBytes = bytes
	}
	r.Keys = r.Keys.Default()
	return r
}

// Presence returns the retention of subscription entries beside updates kept as
// r says: so many bytes, whatever is configured, so that neither kind pushes the
// other out, and no older than updates may be.
func (r Retention) Presence(bytes int64) Retention {
	return Retention{MaxBytes: bytes, MaxAge: r.MaxAge}
}

// Exceeded reports whether the oldest entry, appended at that time, has to go
// from a history of that size.
func (r Retention) Exceeded(bytes, count int64, oldest, now time.Time) bool {
	return r.MaxBytes > 0 && bytes > r.MaxBytes ||
		r.MaxCount > 0 && count > r.MaxCount ||
		r.MaxAge > 0 && now.Sub(oldest) > r.MaxAge
}

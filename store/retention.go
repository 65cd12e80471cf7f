package store

import "time"

// A Retention says how much of the past a history keeps of one kind of entries.
// They are trimmed from the oldest on while any limit is exceeded; the newest
// always stays. What is configured is that of updates.
type Retention struct {
	MaxBytes int64         // bytes of records
	MaxCount int64         // entries
	MaxAge   time.Duration // since they were appended
}

// Default returns r with bytes in place of an unset MaxBytes. A negative limit
// is no limit, and so is an unset count or age.
func (r Retention) Default(bytes int64) Retention {
	if r.MaxBytes == 0 {
		r.MaxBytes = bytes
	}
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

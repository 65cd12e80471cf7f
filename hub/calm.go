package hub

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// calmInterval is how often one and the same trouble is told.
	calmInterval = 10 * time.Second
	// maxTroubles bounds the troubles told apart at a time.
	maxTroubles = 64
)

// Calm returns a logger that tells warnings and errors of one kind once in ten
// seconds, with the number of those in between as "untold": what is told for
// every request while a disk is full or a storm blows would itself fill the
// disk. Of one kind are lines with the same message and the same reason or
// error, numbers apart: addresses and positions differ from line to line. New
// makes the hub's logger calm.
func Calm(l *slog.Logger) *slog.Logger {
	if _, ok := l.Handler().(*calm); ok {
		return l
	}
	return slog.New(&calm{next: l.Handler(), troubles: &troubles{seen: make(map[trouble]*silence)}})
}

// A calm handler passes on what is not repeated too often.
type calm struct {
	next slog.Handler
	*troubles
}

// troubles are shared by a handler and those made from it.
type troubles struct {
	mu   sync.Mutex
	seen map[trouble]*silence
}

// A trouble is a kind of line.
type trouble struct {
	level           slog.Level
	message, reason string
}

// A silence follows a line that was told.
type silence struct {
	since  time.Time
	untold uint64
}

// Enabled implements [slog.Handler].
func (c *calm) Enabled(ctx context.Context, l slog.Level) bool { return c.next.Enabled(ctx, l) }

// WithAttrs implements [slog.Handler].
func (c *calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &calm{c.next.WithAttrs(attrs), c.troubles}
}

// WithGroup implements [slog.Handler].
func (c *calm) WithGroup(name string) slog.Handler { return &calm{c.next.WithGroup(name), c.troubles} }

// Handle implements [slog.Handler].
func (c *calm) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		untold, tell := c.tell(troubleOf(r), r.Time)
		if !tell {
			return nil
		}
		if untold > 0 {
			r = r.Clone()
			r.AddAttrs(slog.Uint64("untold", untold))
		}
	}
	return c.next.Handle(ctx, r)
}

func troubleOf(r slog.Record) trouble {
	t := trouble{level: r.Level, message: withoutNumbers(r.Message)}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "reason" && a.Key != "error" {
			return true
		}
		t.reason = withoutNumbers(a.Value.String())
		return false
	})
	return t
}

func withoutNumbers(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, clip(s))
}

// tell reports whether a line is to be told, and how many like it were not
// since the last.
func (t *troubles) tell(kind trouble, now time.Time) (untold uint64, tell bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.seen[kind]
	if s != nil && now.Sub(s.since) < calmInterval {
		s.untold++
		return 0, false
	}
	if s == nil {
		if len(t.seen) == maxTroubles {
			clear(t.seen) // so many at once are not a storm of one
		}
		s = new(silence)
		t.seen[kind] = s
	}
	untold, s.untold, s.since = s.untold, 0, now
	return untold, true
}

package fanout

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// Config is what an [Engine] is made of. Only Log is required.
type Config struct {
	Log       store.Log
	Heartbeat time.Duration // comment after this much silence; 0: never
	Logger    *slog.Logger  // nil means slog.Default()
}

// An Engine follows one log and serves its subscribers.
type Engine struct{}

// New starts an engine at the visible head of the log.
func New(c Config) (*Engine, error) { panic("fanout: being written") }

// A Subscription is what a subscriber asked for and may have.
type Subscription struct {
	// Selectors: an update about a topic that any of them matches is meant.
	Selectors []*spec.Selector
	// CanReceive decides about private updates by their topics; nil means no.
	CanReceive func(topics []string) bool
	// Replay makes the stream begin after position After of the history, and
	// not with what is published from now on.
	Replay bool
	After  store.Position
	// Ends is when the stream has to end, with reason EndsWith; zero: never.
	Ends     time.Time
	EndsWith Reason
	// Closed is called once when the stream has ended, whoever ended it, from
	// a goroutine of the engine's choosing; it must not block. May be nil.
	Closed func(Reason, Tally)
}

// A Tally is what one stream carried.
type Tally struct {
	Events, Bytes uint64
	Opened        time.Time
}

// Join fixes the subscriber's position: from here on nothing meant for it is
// missed. The caller goes on with Carry or, failing that, Abandon. After Close
// it returns an error.
func (e *Engine) Join(s Subscription) (*Subscriber, error) { panic("fanout: being written") }

// A Subscriber is a cursor on the log with a filter.
type Subscriber struct{}

// Carry answers the request with status 200, the headers already set on w, the
// opening bytes, and then the subscriber's events until the stream ends. It
// may return before that: nothing after it may assume that the stream is over.
// Subscription.Closed says when it is.
func (s *Subscriber) Carry(w http.ResponseWriter, r *http.Request, opening []byte) {
	panic("fanout: being written")
}

// Abandon gives up a subscriber that was never carried.
func (s *Subscriber) Abandon(r Reason) { panic("fanout: being written") }

// Stats is a snapshot of the engine's counters.
type Stats struct {
	Live, CatchingUp int64             // subscribers by state
	Joined           uint64            // subscribers ever
	Delivered        uint64            // events handed to sockets
	FellBehind       uint64            // live → catching up
	CaughtUp         uint64            // catching up → live
	Closed           map[Reason]uint64 // streams ended, by reason
	Position         store.Position    // the dispatcher's
}

// Stats returns a snapshot.
func (e *Engine) Stats() Stats { panic("fanout: being written") }

// Close ends every stream on an event boundary with the reason, refuses new
// ones and stops the engine's goroutines, or returns ctx's error.
func (e *Engine) Close(ctx context.Context, r Reason) error { panic("fanout: being written") }

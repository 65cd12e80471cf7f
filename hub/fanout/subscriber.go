package fanout

import (
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// A state is where a subscriber's events come from.
//
//	           at the dispatcher's position
//	CATCHING UP ───────────────────────────▶ LIVE
//	           ◀───────────────────────────
//	               its stream is full
//
// A live subscriber whose selectors are too dear for the dispatcher is DECIDING
// while a worker reads what they may match.
//
// Each ends in gone when the stream ends. Whether the socket takes bytes is
// not a state of the subscriber but of its stream.
type state uint8

const (
	catchingUp state = iota + 1 // a worker reads the log for it, or waits for room in its stream
	live                        // the dispatcher hands it what appears
	deciding                    // a worker reads for it what the dispatcher would not evaluate its selectors for
	gone                        // its stream has ended
)

// A Subscriber is a cursor on the log with a filter.
type Subscriber struct {
	engine *Engine
	stream Stream
	filter filter

	// Of its [Subscription], what is needed later, in few bytes: a hub has
	// many that never get anything.
	owner       any
	closed      func(Reason, Tally)
	receiveCost spec.Cost
	opened      int64 // ns since 1970
	ends        int64 // likewise; 0: never
	endsWith    Reason
	watches     spec.Generation // how subscription entries are shown to it; 0: it gets none

	// searching says that its last turn found nothing for it; it passes with
	// position.
	searching bool

	// Guarded by Engine.mu.
	state state
	seats []*seat
	stamp store.Position // of the last entry whose topics matched

	// position is the last entry considered, meant for it or not. While
	// catching up it belongs to whoever holds the subscriber: the queue, the
	// worker whose turn it is, or the stream that will announce room; it
	// passes between them through their locks. A live subscriber has
	// considered what the dispatcher has; position is then the entry where it
	// became live, which may lie ahead of the dispatcher.
	position store.Position
	// lag is what it takes to catch up; nil before it is needed, and while the
	// subscriber is live. It passes with position.
	lag *lag
	// gaps are what it is to be told of missing entries in the stream itself, nil
	// for nothing. Its content passes with position.
	gaps *gaps
}

// A lag is what a subscriber needs while it catches up, and not later: most are
// live, and have none.
type lag struct {
	// lossTold excuses what is found trimmed before its first event.
	lossTold bool
	// told is what was excused, as of so many reads of the log: of one kind it may
	// be gone from among the other.
	told   store.Gone
	toldAt uint64
	// toldOf excuses, where rules keep some updates for less long than others,
	// what goes of those that were there when its client was told before the
	// stream began: ending it as often as a rule removes something would let
	// nobody catch up who reads what a rule is about.
	toldOf store.Position
	// reads is what may be missing for it.
	reads store.Reader
	// unreadable is since when reading the history failed for it, zero when the
	// last read did not.
	unreadable time.Time
}

// behind returns the subscriber's lag, for whoever holds it.
func (s *Subscriber) behind() *lag {
	if s.lag == nil {
		s.lag = &lag{reads: store.Reader{Selectors: &s.filter.selectors}}
	}
	return s.lag
}

func newSubscriber(e *Engine, s Subscription) *Subscriber {
	sub := &Subscriber{
		engine:      e,
		filter:      newFilter(&s),
		owner:       s.Owner,
		closed:      s.Closed,
		receiveCost: s.ReceiveCost,
		opened:      time.Now().UnixNano(),
		ends:        nanoseconds(s.Ends),
		endsWith:    s.EndsWith,
		watches:     e.watches(&s),
		position:    s.After,
		gaps:        newGaps(&s),
	}
	if s.LossTold {
		sub.behind().lossTold = true
	}
	return sub
}

// nanoseconds is a time in few bytes, 0 for none.
func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// lasts returns how long the subscriber may stay, and whether there is an end
// to it.
func (s *Subscriber) lasts() (left time.Duration, ends bool) {
	if s.ends == 0 {
		return 0, false
	}
	return time.Until(time.Unix(0, s.ends)), true
}

// expired reports whether the end has come.
func (s *Subscriber) expired() bool { return s.ends != 0 && time.Now().UnixNano() >= s.ends }

// roomy is called by the stream, without its lock, when it refused an event
// and has room again: the subscriber's next turn has come.
func (s *Subscriber) roomy() { s.engine.lagging.push(s) }

// ended is called by the stream, once, when it is over.
func (s *Subscriber) ended(r Reason, events, bytes uint64) {
	s.engine.leave(s, r)
	if s.closed != nil {
		s.closed(r, Tally{Opened: time.Unix(0, s.opened), Events: events, Bytes: bytes})
	}
}

// promote makes a subscriber live if nothing the dispatcher has passed is left
// to read for it, or to be told. The caller holds e.mu, so nothing can pass in between.
func (e *Engine) promote(s *Subscriber) bool {
	if s.state != catchingUp && s.state != deciding || s.position < e.position || s.gaps.untold() {
		return false
	}
	if s.state == catchingUp {
		e.stats.CatchingUp--
		e.stats.Live++
	}
	s.state = live
	// What it is not given from here on nobody has told it: a dispatcher that lags
	// may yet give it some of what is gone from the history, and not the rest.
	s.lag = nil
	return true
}

// ask leaves it to a worker to decide what a live subscriber is given from the
// entry after before on. The caller holds e.mu.
func (e *Engine) ask(s *Subscriber, before store.Position) {
	s.state = deciding
	s.position = max(s.position, before)
	e.lagging.push(s)
}

// demote sends a live subscriber whose stream refused an entry back to
// catching up; before is the entry it has considered last. The stream will
// announce room. The caller holds e.mu.
func (e *Engine) demote(s *Subscriber, before store.Position) {
	s.state = catchingUp
	s.position = max(s.position, before)
	e.stats.Live--
	e.stats.CatchingUp++
	e.stats.FellBehind++
}

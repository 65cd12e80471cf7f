package fanout

import (
	"context"
	"errors"
	"runtime"
	"time"

	"cinnabar/store"
)

// turnLimit is how long a turn may take: whoever publishes or is live waits
// no longer for a worker, however expensive the selectors of its subscriber.
const turnLimit = 250 * time.Microsecond

// While something was delivered no longer than busyFor ago, a turn that found
// nothing for its subscriber is followed by a pause. A core that searches
// without end delays everybody else on the machine, other programs included:
// what the pause takes from searching it gives to publishing and live delivery.
const (
	busyFor     = 50 * time.Millisecond
	searchPause = time.Millisecond
)

// catchUp is one worker: it gives a turn to one subscriber after the other.
func (e *Engine) catchUp(ctx context.Context) {
	for {
		s := e.lagging.next()
		if s == nil {
			return
		}
		found := e.turn(ctx, s)
		e.writers.wake()
		if found || time.Now().UnixNano()-e.delivering.Load() > int64(busyFor) {
			runtime.Gosched() // live delivery and publishing come first
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(searchPause):
		}
	}
}

// historyPatience is how long the history may be unreadable for a subscriber: an
// engine may have to open a file again, or find another server. Its client
// would come back at once and ask the same history.
const historyPatience = 30 * time.Second

// unreadable gives a subscriber whose turn failed another one later. The worker
// pauses: the history that fails one reader fails the others.
func (e *Engine) unreadable(ctx context.Context, s *Subscriber, err error) {
	if ctx.Err() != nil {
		return
	}
	now := time.Now()
	l := s.behind()
	if l.unreadable.IsZero() {
		l.unreadable = now
	}
	if errors.Is(err, store.ErrClosed) || now.Sub(l.unreadable) >= historyPatience {
		e.logger.Error("reading the history for a subscriber failed", "error", err, "after", s.position)
		s.stream.Close(HistoryFailed)
		return
	}
	e.logger.Warn("reading the history for a subscriber failed, trying again", "error", err, "after", s.position)
	e.lagging.push(s)
	select {
	case <-ctx.Done():
	case <-time.After(retryDelay):
	}
}

// turn goes on reading the history for a subscriber. Afterwards it is live, at
// the end of its line, or in the hands of its stream, which is full. It reports
// false when it searched and found nothing for the subscriber.
func (e *Engine) turn(ctx context.Context, s *Subscriber) (found bool) {
	e.mu.Lock()
	state := s.state
	e.mu.Unlock()
	if state != catchingUp && state != deciding || s.stream.Ending() {
		return true // a blocked stream may take long to end
	}
	part, first, err := e.history.read(ctx, s)
	if err != nil {
		e.unreadable(ctx, s, err)
		return true
	}
	l := s.behind()
	l.unreadable = time.Time{}
	if lost := part.lost(s); lost && !l.lossTold && !s.gaps.open(Trimmed) {
		s.stream.Close(HistoryTrimmed)
		return true
	} else if lost || l.lossTold {
		l.told, l.toldAt = part.gone, e.history.begun()
	}
	s.searching = false
	until := time.Now().Add(turnLimit)
	for i := first; i < len(part.entries); i++ {
		entry := &part.entries[i]
		update := part.shown(i, s.watches)
		selected, done := false, true
		if update != nil {
			selected, done = s.filter.selects(update, entry.Position, until)
		}
		if selected && s.filter.mayRead(update) {
			if !s.tellGap(entry.ID.String()) || !s.stream.Enqueue(part.event(i, s.watches)) {
				e.refused(s)
				return true // from here on s is the stream's: it announces room
			}
			found = true
			l.lossTold = false
			s.gaps.given(entry.ID)
		}
		if done {
			s.position = entry.Position
		}
		if !done || i%4 == 3 && time.Now().After(until) {
			s.searching = !found
			e.lagging.push(s)
			return found
		}
	}
	s.position = max(s.position, part.through)
	s.searching = !found
	if s.position >= e.passed() && !s.tellGap("") {
		e.refused(s)
		return true
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.promote(s) {
		e.lagging.push(s)
		return found
	}
	if state == deciding {
		return found // and searching stays what it is, for when it is asked again
	}
	s.searching = false
	e.stats.CaughtUp++
	return true
}

// refused notes that the stream of a subscriber is full. It may have announced
// room already, and the subscriber may be in other hands.
func (e *Engine) refused(s *Subscriber) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.state == deciding {
		s.state = catchingUp
		e.stats.Live--
		e.stats.CatchingUp++
		e.stats.FellBehind++
	}
}

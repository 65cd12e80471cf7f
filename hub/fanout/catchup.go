package fanout

import (
	"context"
	"runtime"
	"time"
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

// turn goes on reading the history for a subscriber. Afterwards it is live, at
// the end of its line, or in the hands of its stream, which is full. It reports
// false when it searched and found nothing for the subscriber.
func (e *Engine) turn(ctx context.Context, s *Subscriber) (found bool) {
	e.mu.Lock()
	over := s.state != catchingUp
	e.mu.Unlock()
	if over {
		return true
	}
	part, first, err := e.history.read(ctx, s.position)
	if err != nil {
		if ctx.Err() == nil {
			e.logger.Error("reading the history for a subscriber failed", "error", err, "after", s.position)
			s.stream.Close(HistoryFailed)
		}
		return true
	}
	if part.lost(s.position) && !s.lossTold {
		s.stream.Close(HistoryTrimmed)
		return true
	}
	s.lossTold, s.searching = false, false
	began := time.Now()
	for i := first; i < len(part.entries); i++ {
		entry := &part.entries[i]
		if s.filter.selects(entry.Update) && s.filter.mayRead(entry.Update) {
			if !s.stream.Enqueue(part.event(i)) {
				return true // from here on s is the stream's: it announces room
			}
			found = true
		}
		s.position = entry.Position
		if i%4 == 3 && time.Since(began) > turnLimit {
			s.searching = !found
			e.lagging.push(s)
			return found
		}
	}
	s.position = max(s.position, part.through)

	e.mu.Lock()
	if e.promote(s) {
		e.stats.CaughtUp++
		e.mu.Unlock()
		return true
	}
	e.mu.Unlock()
	s.searching = !found
	e.lagging.push(s)
	return found
}

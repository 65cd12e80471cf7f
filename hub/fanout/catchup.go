package fanout

import (
	"context"
	"runtime"
	"time"
)

// turnLimit is how long a turn may take: whoever publishes or is live waits
// no longer for a worker, however expensive the selectors of its subscriber.
const turnLimit = 250 * time.Microsecond

// catchUp is one worker: it gives a turn to one subscriber after the other.
func (e *Engine) catchUp(ctx context.Context) {
	for {
		s := e.lagging.next()
		if s == nil {
			return
		}
		e.turn(ctx, s)
		runtime.Gosched() // live delivery and publishing come first
	}
}

// turn goes on reading the history for a subscriber. Afterwards it is live, at
// the end of its line, or in the hands of its stream, which is full.
func (e *Engine) turn(ctx context.Context, s *Subscriber) {
	e.mu.Lock()
	over := s.state != catchingUp
	e.mu.Unlock()
	if over {
		return
	}
	part, first, err := e.history.read(ctx, s.position)
	if err != nil {
		if ctx.Err() == nil {
			e.logger.Error("reading the history for a subscriber failed", "error", err, "after", s.position)
			s.stream.Close(HistoryFailed)
		}
		return
	}
	if part.lost(s.position) && !s.lossTold {
		s.stream.Close(HistoryTrimmed)
		return
	}
	s.lossTold = false
	began := time.Now()
	for i := first; i < len(part.entries); i++ {
		entry := &part.entries[i]
		if s.filter.selects(entry.Update) && s.filter.mayRead(entry.Update) && !s.stream.Enqueue(part.event(i)) {
			return // from here on s is the stream's: it announces room
		}
		s.position = entry.Position
		if i%4 == 3 && time.Since(began) > turnLimit {
			e.lagging.push(s)
			return
		}
	}
	s.position = max(s.position, part.through)

	e.mu.Lock()
	if e.promote(s) {
		e.stats.CaughtUp++
		e.mu.Unlock()
		return
	}
	e.mu.Unlock()
	e.lagging.push(s)
}

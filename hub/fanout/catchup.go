package fanout

import (
	"context"
	"sync"
)

// chunkSize bounds what one turn reads from the log, in bytes: small enough
// that turns are short and a stalled reader holds little.
const chunkSize = 256 << 10

// catchUp is one worker: it gives a turn to one subscriber after the other.
func (e *Engine) catchUp(ctx context.Context) {
	for {
		s := e.lagging.next()
		if s == nil {
			return
		}
		e.turn(ctx, s)
	}
}

// turn reads one chunk for a subscriber. Afterwards it is live, at the end of
// the queue, or in the hands of its stream, which is full.
func (e *Engine) turn(ctx context.Context, s *Subscriber) {
	e.mu.Lock()
	over := s.state != catchingUp
	e.mu.Unlock()
	if over {
		return
	}
	chunk, err := e.log.Read(ctx, s.position, chunkSize)
	if err != nil {
		if ctx.Err() == nil {
			e.logger.Error("reading the history for a subscriber failed", "error", err, "after", s.position)
			s.stream.Close(HistoryFailed)
		}
		return
	}
	if chunk.Trimmed && !s.lossTold {
		s.stream.Close(HistoryTrimmed)
		return
	}
	s.lossTold = false
	for i := range chunk.Entries {
		entry := &chunk.Entries[i]
		if s.selects(entry.Update) && s.mayRead(entry.Update) && !s.stream.Enqueue(newEvent(entry)) {
			return // from here on s is the stream's: it announces room
		}
		s.position = entry.Position
	}
	s.position = max(s.position, chunk.Through)

	e.mu.Lock()
	if e.promote(s) {
		e.stats.CaughtUp++
		e.mu.Unlock()
		return
	}
	e.mu.Unlock()
	e.lagging.push(s)
}

// A queue holds the subscribers whose turn has come, in order of arrival. A
// subscriber is in it at most once, so its length is bounded by theirs.
type queue struct {
	mu     sync.Mutex
	some   *sync.Cond
	subs   []*Subscriber
	closed bool
}

func newQueue() *queue {
	q := new(queue)
	q.some = sync.NewCond(&q.mu)
	return q
}

// push appends a subscriber.
func (q *queue) push(s *Subscriber) {
	q.mu.Lock()
	q.subs = append(q.subs, s)
	q.mu.Unlock()
	q.some.Signal()
}

// next takes the first subscriber, waiting for one; nil after close.
func (q *queue) next() *Subscriber {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.subs) == 0 && !q.closed {
		q.some.Wait()
	}
	if q.closed {
		return nil
	}
	s := q.subs[0]
	q.subs[0] = nil
	q.subs = q.subs[1:]
	return s
}

// close wakes every worker with nothing to do.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.some.Broadcast()
}

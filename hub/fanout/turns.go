package fanout

import "sync"

// turns says whose turn it is to catch up. Owners take turns, and the
// subscribers of an owner do: who opens many connections waits among their
// own. A subscriber is in it at most once, so its length is bounded by theirs.
type turns struct {
	mu     sync.Mutex
	some   *sync.Cond
	lines  map[any]*line
	order  []*line // lines with somebody in them, each once
	closed bool
}

// A line is the subscribers of one owner that wait, in order of arrival.
type line struct {
	owner any
	subs  []*Subscriber
}

func newTurns() *turns {
	q := &turns{lines: make(map[any]*line)}
	q.some = sync.NewCond(&q.mu)
	return q
}

// push puts a subscriber at the end of its owner's line.
func (q *turns) push(s *Subscriber) {
	q.mu.Lock()
	l := q.lines[s.want.Owner]
	if l == nil {
		l = &line{owner: s.want.Owner}
		q.lines[l.owner] = l
		q.order = append(q.order, l)
	}
	l.subs = append(l.subs, s)
	q.mu.Unlock()
	q.some.Signal()
}

// next takes the first subscriber of the owner whose turn it is, waiting for
// one; nil after close.
func (q *turns) next() *Subscriber {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.order) == 0 && !q.closed {
		q.some.Wait()
	}
	if q.closed {
		return nil
	}
	l := q.order[0]
	q.order[0] = nil
	q.order = q.order[1:]
	s := l.subs[0]
	l.subs[0] = nil
	l.subs = l.subs[1:]
	if len(l.subs) > 0 {
		q.order = append(q.order, l)
	} else {
		delete(q.lines, l.owner)
	}
	return s
}

// close wakes every worker with nothing to do.
func (q *turns) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.some.Broadcast()
}

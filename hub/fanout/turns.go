package fanout

import "sync"

// turns says whose turn it is to catch up. Owners take turns, and the
// subscribers of an owner do: who opens many connections waits among their
// own. A subscriber is in it at most once, so its length is bounded by theirs.
//
// Subscribers that only search, whose last turn found nothing for them, stand
// apart: most turns go to the others, so that nobody who would receive
// something waits for those who ask for what is not there.
type turns struct {
	mu        sync.Mutex
	some      *sync.Cond
	receiving lines
	searching lines
	passed    int // turns of others since somebody searched
	closed    bool
}

// searchEvery is how many turns others may have before one goes to somebody
// who searches.
const searchEvery = 8

// lines are the owners that wait, in the order of their turns.
type lines struct {
	of    map[any]*line
	order []*line // lines with somebody in them, each once
}

// A line is the subscribers of one owner that wait, in order of arrival.
type line struct {
	owner any
	subs  []*Subscriber
}

func newTurns() *turns {
	q := &turns{
		receiving: lines{of: make(map[any]*line)},
		searching: lines{of: make(map[any]*line)},
	}
	q.some = sync.NewCond(&q.mu)
	return q
}

// push puts a subscriber at the end of its owner's line.
func (q *turns) push(s *Subscriber) {
	q.mu.Lock()
	if s.searching {
		q.searching.push(s)
	} else {
		q.receiving.push(s)
	}
	q.mu.Unlock()
	q.some.Signal()
}

// next takes the first subscriber of the owner whose turn it is, waiting for
// one; nil after close.
func (q *turns) next() *Subscriber {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.receiving.order)+len(q.searching.order) == 0 && !q.closed {
		q.some.Wait()
	}
	switch {
	case q.closed:
		return nil
	case len(q.searching.order) == 0, len(q.receiving.order) > 0 && q.passed < searchEvery:
		q.passed++
		return q.receiving.next()
	}
	q.passed = 0
	return q.searching.next()
}

// close wakes every worker with nothing to do.
func (q *turns) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.some.Broadcast()
}

func (w *lines) push(s *Subscriber) {
	l := w.of[s.owner]
	if l == nil {
		l = &line{owner: s.owner}
		w.of[l.owner] = l
		w.order = append(w.order, l)
	}
	l.subs = append(l.subs, s)
}

// next takes the first of the first line, which goes to the end.
func (w *lines) next() *Subscriber {
	l := w.order[0]
	w.order[0] = nil
	w.order = w.order[1:]
	s := l.subs[0]
	l.subs[0] = nil
	l.subs = l.subs[1:]
	if len(l.subs) > 0 {
		w.order = append(w.order, l)
	} else {
		delete(w.of, l.owner)
	}
	return s
}

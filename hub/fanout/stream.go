package fanout

import (
	"sync"
	"time"
)

// defaultStallLimit is how long a socket may refuse bytes where nothing else is
// configured.
const defaultStallLimit = 30 * time.Second

// vanishLimit is how long a peer may acknowledge nothing before it is given up.
// It is longer than the stall limit: a peer that answers, but takes nothing, is
// too slow, and that is what its subscriber is told to be.
func (e *Engine) vanishLimit() time.Duration { return e.stallLimit * 3 / 2 }

const defaultVanishLimit = defaultStallLimit * 3 / 2 // what owned connections begin with

// A Stream is the open connection of one subscriber, whatever carries it. Its
// methods never block and are safe for concurrent use.
type Stream interface {
	// Enqueue takes an event to be sent after those taken before. False means
	// that the stream is full and the event was not taken; once it has room
	// the stream calls the subscriber's roomy, once. A stream that has ended
	// takes everything and sends nothing.
	Enqueue(*Event) bool
	// Close ends the stream on an event boundary. What was taken is still
	// sent, unless the reason is that the subscriber may not have it any more.
	// The first reason stays.
	Close(Reason)
	// Ending reports whether the stream takes everything and keeps nothing,
	// since it was closed: nobody needs to read for it.
	Ending() bool
}

// Bounds of a pending list. One event is always taken by an empty one, unless
// it is heavy, which is larger than a list may be, and another such is being
// written: what a stream refers to is at most one list and, being written,
// another list or one heavy event.
const (
	pendingBytes  = 64 << 10
	pendingEvents = 256
	pendingAge    = 5 * time.Second // between its first event and its last
)

// A pending list is the part of a stream that every carrier shares: events
// taken and not yet handed to the socket, within bounds. When it is full the
// subscriber goes back to catching up; the publisher never waits.
type pending struct {
	wake func() // tells the carrier that there is something to do; must not block

	mu      sync.Mutex
	events  []*Event
	bytes   int
	heavy   bool   // a heavy event is being written
	refused bool   // an event was refused: announce room
	closing Reason // no more events are taken
	ended   bool   // the carrier has let go
}

// Enqueue implements [Stream].
func (p *pending) Enqueue(e *Event) bool {
	p.mu.Lock()
	if p.ended || p.closing != "" {
		p.mu.Unlock()
		return true
	}
	if p.full(e) {
		p.refused = true
		p.mu.Unlock()
		return false
	}
	first := len(p.events) == 0
	p.events = append(p.events, e)
	p.bytes += len(e.plain)
	p.mu.Unlock()
	if first {
		p.wake()
	}
	return true
}

// full reports whether an event would exceed a bound. The lock is held.
func (p *pending) full(e *Event) bool {
	n := len(p.events)
	if n == 0 {
		return p.heavy && e.heavy()
	}
	return !fits(n, p.bytes, p.events[0].made, e)
}

// fits reports whether one more event is within the bounds of a pending list
// that is not empty.
func fits(count, size int, since time.Time, e *Event) bool {
	return count < pendingEvents && size+len(e.plain) <= pendingBytes && e.made.Sub(since) <= pendingAge
}

// Close implements [Stream].
func (p *pending) Close(r Reason) {
	p.mu.Lock()
	if p.closing == "" {
		p.closing = r
	}
	if r.endsPermission() {
		p.events, p.bytes = nil, 0
	}
	p.mu.Unlock()
	p.wake()
}

// Ending implements [Stream].
func (p *pending) Ending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended || p.closing != ""
}

// take hands everything pending to the carrier, in exchange for the emptied
// slice of the last time. room says that the subscriber has to be told;
// closing, once nothing is pending after this, why the stream ends.
func (p *pending) take(spare []*Event) (events []*Event, room bool, closing Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heavy = p.bytes > pendingBytes
	events, p.events, p.bytes = p.events, spare[:0], 0
	room, p.refused = p.refused, false
	return events, room, p.closing
}

// sent says that the heavy event last taken has left. room says that the
// subscriber has to be told.
func (p *pending) sent() (room bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heavy = false
	room, p.refused = p.refused, false
	return room
}

// end makes the list take everything and keep nothing.
func (p *pending) end() {
	p.mu.Lock()
	p.ended = true
	p.events, p.bytes = nil, 0
	p.mu.Unlock()
}

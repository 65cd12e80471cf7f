package load

import (
	"errors"
	"sync"
)

// A reader reads some of the streams and owns what they count.
type reader struct {
	streams *Streams
	poller  // as this system has it

	mu    sync.Mutex
	tally Tally // since it was last collected
}

// take feeds a stream what came, and reports whether it goes on. The caller
// holds the lock.
func (r *reader) take(c *connection, piece []byte) (more bool) {
	opened, events := c.open, r.tally.Events
	err := c.feed(piece, clock(), &r.tally)
	if c.open && !opened {
		r.streams.opened.Add(1)
	}
	r.streams.events.Add(r.tally.Events - events)
	switch {
	case err == nil:
		return true
	case !c.open:
		r.streams.fail(err)
	default:
		r.tally.Damaged++
	}
	return false
}

// over notes that the hub has ended a stream. The caller holds the lock.
func (r *reader) over(c *connection) {
	if c.open {
		r.tally.Ended++
		r.streams.ended.Add(1)
		return
	}
	r.streams.fail(errNoAnswer)
}

var errNoAnswer = errors.New("the hub closed a connection without an answer")

package fanout

import "time"

// A batch is events that wait for the same thing, in order. It grows at its
// end by making a longer one, so streams that wait for the same events have
// the same batch: what a stream has pending is one pointer, and what is joined
// for one of them is joined for all.
type batch struct {
	earlier *batch // nil: event is the first
	event   *Event
	count   int       // of events
	size    int       // of their bytes
	since   time.Time // when the first was made

	grown *batch // with one event more, as last asked for; of whoever guards the batch

	bytes payload // all events joined, once they are sent; of whoever sends
}

// The empty batch is a nil pointer; a stream that has nothing pending holds it.

// with returns the batch with one event more, nil when that would exceed a
// bound of pending events. next is where the last answer is kept.
func (b *batch) with(e *Event, next **batch) *batch {
	if n := *next; n != nil && n.event == e {
		return n
	}
	grown := &batch{event: e, count: 1, size: len(e.plain), since: e.made}
	if b != nil {
		if !fits(b.count, b.size, b.since, e) {
			return nil
		}
		grown.earlier, grown.count, grown.size, grown.since = b, b.count+1, b.size+grown.size, b.since
	}
	*next = grown
	return grown
}

// payload returns the events joined, for one write.
func (b *batch) payload() *payload {
	if b.count == 1 {
		return &b.event.payload
	}
	if b.bytes.plain == nil {
		joined := make([]byte, chunkHead+b.size, chunkHead+b.size+len("\r\n"))
		end := len(joined)
		for at := b; at != nil; at = at.earlier {
			end -= len(at.event.plain)
			copy(joined[end:], at.event.plain)
		}
		b.bytes = newPayload(joined)
	}
	return &b.bytes
}

package fanout

import (
	"strconv"
	"time"

	"cinnabar/spec"
)

// A payload is bytes of a stream in the two forms in which they travel. Both
// are parts of one piece of memory, which nobody changes.
type payload struct {
	plain []byte // as they are: HTTP/1.0, and wherever net/http does the framing
	chunk []byte // as one chunk of HTTP/1.1
}

// chunkHead is the room a payload needs before its first byte: a length of
// eight hexadecimal digits and a line break.
const chunkHead = 10

// newPayload makes a payload of a buffer that begins with chunkHead bytes of
// room. The buffer is the payload's from here on.
func newPayload(b []byte) payload {
	end := len(b)
	b = append(b, "\r\n"...)
	var digits [16]byte
	size := strconv.AppendUint(digits[:0], uint64(end-chunkHead), 16)
	start := chunkHead - len("\r\n") - len(size)
	copy(b[start:], size)
	copy(b[start+len(size):], "\r\n")
	return payload{plain: b[chunkHead:end:end], chunk: b[start:]}
}

// framed returns the form that a connection needs.
func (p *payload) framed(chunked bool) []byte {
	if chunked {
		return p.chunk
	}
	return p.plain
}

// An Event is an entry as it goes over the wire, encoded once and shared by
// all streams that send it. It is immutable.
type Event struct {
	payload           // the whole event, first byte to blank line
	made    time.Time // when it was encoded
}

// heavy says that it is larger than a pending list may be.
func (e *Event) heavy() bool { return len(e.plain) > pendingBytes }

// newEvent encodes an entry as it is shown.
func newEvent(id spec.EventID, u *spec.Update) *Event {
	b := make([]byte, chunkHead, chunkHead+128+len(u.Data()))
	return &Event{
		payload: newPayload(spec.AppendEvent(b, id, u)),
		made:    time.Now(),
	}
}

// heartbeat is a comment without the blank line that would end an event:
// some old parsers take a lone comment block for an empty message.
var heartbeat = newPayload(append(make([]byte, chunkHead), ":\n"...))

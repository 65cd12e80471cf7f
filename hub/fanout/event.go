package fanout

import (
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// An Event is an entry as it goes over the wire, encoded once and shared by
// all streams that send it. It is immutable.
type Event struct {
	wire []byte    // the whole event, first byte to blank line
	made time.Time // when it was encoded
}

// newEvent encodes an entry.
func newEvent(entry *store.Entry) *Event {
	return &Event{
		wire: spec.AppendEvent(make([]byte, 0, 128+len(entry.Update.Data())), entry.ID, entry.Update),
		made: time.Now(),
	}
}

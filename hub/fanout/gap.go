package fanout

import (
	"encoding/json"
	"time"

	"cinnabar/spec"
)

// A GapReason says why entries are missing from a stream. It is part of what
// subscribers are told.
type GapReason string

const (
	Trimmed   GapReason = "trimmed"    // retention removed them
	UnknownID GapReason = "unknown_id" // it cannot be told which: the cursor is not of this history, or no longer
	NotKept   GapReason = "not_kept"   // a crash, or a restored backup, took what the client may have seen
)

// gaps are what a subscriber is told about entries that are missing: an event,
// where the hole is. The methods of a nil pointer, which is that of a subscriber
// who did not ask, do nothing.
type gaps struct {
	last   string    // id of the event before: the last one given, or the cursor; "" for none
	reason GapReason // of a hole before the next event; "" for none
}

func newGaps(s *Subscription) *gaps {
	if !s.Gaps {
		return nil
	}
	g := &gaps{last: s.Cursor, reason: s.Gap}
	if len(g.last) > spec.MaxField {
		g.last = "" // no id is as long: it is not sent back in six times its size
	}
	return g
}

// open notes a hole before the next event. It reports false where nobody is told.
func (g *gaps) open(why GapReason) bool {
	if g != nil && g.reason == "" {
		g.reason = why
	}
	return g != nil
}

// untold reports whether there is a hole to be told of.
func (g *gaps) untold() bool { return g != nil && g.reason != "" }

// given notes that an event was given.
func (g *gaps) given(id spec.EventID) {
	if g != nil {
		g.last = id.String()
	}
}

// tellGap tells of the hole, if there is one, before the event with an id, "" for
// the end of the history. It reports false when the stream is full.
func (s *Subscriber) tellGap(next string) bool {
	g := s.gaps
	if !g.untold() {
		return true
	}
	if !s.stream.Enqueue(newGapEvent(g.last, next, g.reason)) {
		return false
	}
	g.reason = ""
	s.behind().lossTold = false // of what goes from here on it is told again
	return true
}

// newGapEvent encodes what tells of a hole. It has no id, so that the client's
// place stays that of the event before it: whoever comes back from there meets
// the hole again.
func newGapEvent(from, to string, why GapReason) *Event {
	orNull := func(id string) *string {
		if id == "" {
			return nil
		}
		return &id
	}
	// Strings and null cannot fail to be encoded.
	data, _ := json.Marshal(struct {
		From   *string   `json:"from"`
		To     *string   `json:"to"`
		Reason GapReason `json:"reason"`
	}{orNull(from), orNull(to), why})
	b := make([]byte, chunkHead, chunkHead+64+len(data))
	b = append(append(b, "event: "+spec.GapEvent+"\ndata: "...), data...)
	return &Event{payload: newPayload(append(b, "\n\n"...)), made: time.Now()}
}

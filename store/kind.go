package store

import (
	"time"

	"cinnabar/spec"
)

// A Kind is what an [Entry] is about. Each kind has a retention of its own, so
// that neither pushes the other out of the history.
type Kind uint8

const (
	KindUpdate       Kind = iota + 1 // what somebody published
	KindSubscription                 // a subscription that began or ended
)

// An Entry is one thing that happened, at its place in the log: of Update and
// Subscription it has one. Entries are shared between readers: do not change
// what they point to.
type Entry struct {
	Position Position
	// ID is what subscribers see: the id the publisher brought, else the
	// sealed position.
	ID spec.EventID
	// At is when the entry was appended, to the millisecond.
	At time.Time

	Update       *spec.Update
	Subscription *spec.Subscription
}

// Kind returns which of the two the entry has.
func (e *Entry) Kind() Kind {
	if e.Subscription != nil {
		return KindSubscription
	}
	return KindUpdate
}

// Brought returns the id that a publisher brought, zero where the hub made it.
func (e *Entry) Brought() spec.EventID {
	if e.Update == nil {
		return spec.EventID{}
	}
	return e.Update.ID()
}

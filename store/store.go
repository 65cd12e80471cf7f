package store

import (
	"context"
	"errors"
	"time"

	"cinnabar/spec"
)

// A Position is the place of an entry in the log's one total order. Positions
// grow strictly and may leave gaps; 0 is before everything. They fit 48 bits.
type Position uint64

// MaxPosition is the largest position an id can be sealed for.
const MaxPosition Position = 1<<48 - 1

// A Durability is what an appended entry survives.
type Durability uint8

const (
	Memory Durability = iota + 1 // nothing: it is lost with the process
	OS                           // the process: the operating system has it
	Disk                         // power loss: the device has it
)

// String returns the word used in settings and headers.
func (d Durability) String() string {
	switch d {
	case Memory:
		return "memory"
	case OS:
		return "os"
	case Disk:
		return "disk"
	}
	return "none"
}

// A Receipt answers an append: its entries, in the order given, and the
// durability all of them reached.
type Receipt struct {
	Entries []Entry
	Reached Durability
	// Repeated says that nothing was appended: the entry is that of an earlier
	// append with the same key.
	Repeated bool
}

// A Chunk is a bounded stretch of the log after some position.
type Chunk struct {
	Entries []Entry
	// Through is the position up to which the chunk is complete: reading on
	// after it misses nothing. At the end of the log it is the visible head,
	// and never less than the position asked for.
	Through Position
	// Gone is what retention had removed. A chunk that begins before it lacks
	// entries, and holds what is retained between them.
	Gone Gone
}

// A Finding says what became of a cursor's own entry.
type Finding uint8

const (
	Unknown Finding = iota // not of this history, of an unlisted epoch, or never given out
	Lost                   // past the end of an epoch: the entry did not survive
	Known                  // its place in the order is certain
)

// A Place is where a cursor leads.
type Place struct {
	After Position // replay starts after it
	Found Finding
	Gone  Gone // what retention has removed, wherever
}

// Exact reports whether the requested id is honoured completely for somebody with
// these selectors: no update after it that they may match is missing. Where it
// is false, clients are told [spec.Earliest].
func (p Place) Exact(selectors *spec.Set) bool {
	return p.Found == Known && !p.Gone.Missed(p.After, Gone{}, &Reader{Selectors: selectors})
}

// PresenceGone reports whether subscription entries after the place are missing.
// Those who may see such entries are told [spec.Earliest], too.
func (p Place) PresenceGone() bool { return p.After < p.Gone.Subscriptions }

// Bounds are the ends of what can be read.
type Bounds struct {
	Oldest Position // first retained entry, 0 when there is none
	Newest Position // the visible head: largest visible position, or the last one of an earlier run
	// Gone is what retention ever removed. Oldest may be before it: of another
	// kind, or kept longer by a rule.
	Gone Gone
}

// Errors of a [Log]. Engines wrap them with what was being done.
var (
	// ErrUnavailable: nothing was promised and, as far as can be known,
	// nothing stored; the caller may retry later.
	ErrUnavailable = errors.New("history is unavailable")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("history is closed")
	// ErrTooLarge: a single update exceeds what the engine can hold.
	ErrTooLarge = errors.New("update is too large for the history")
	// ErrKeyReused: the key of an append was used before, for another content.
	ErrKeyReused = errors.New("the key was used for another update")
	// ErrKeysOff: an append has a key, and the history remembers none.
	ErrKeysOff = errors.New("the history remembers no keys")
	// ErrTrimmed: the follower's position was overtaken by retention.
	ErrTrimmed = errors.New("history was trimmed past this position")
)

// A Log is what happened, in order. DESIGN.md beside this file is the
// contract in prose; storetest is the contract as a test. All methods are safe
// for concurrent use.
//
// An entry becomes visible (to Read, Follow, Find and Bounds) when it and
// every entry before it have reached the durability asked for them, in the
// order of positions: no smaller position becomes visible after a larger one.
type Log interface {
	// Append adds updates at the end, next to each other and in order, and
	// returns when they have reached the durability wanted. An engine that
	// cannot reach it says in the receipt what it did reach.
	// On an error nothing was acknowledged; entries may still prove to have
	// been persisted and then become visible, each once. Cancelling ctx stops
	// the waiting, not the append. What asked for [Memory] never waits for the
	// medium, nor makes anybody else wait for it. ErrTooLarge, ErrUnavailable
	// and ErrClosed are the errors that callers tell apart.
	Append(ctx context.Context, want Durability, updates ...*spec.Update) (Receipt, error)

	// AppendOnce appends an update unless an append with the same key did, as
	// long as the key is remembered: then it appends nothing and returns, once
	// that entry is as durable as wanted now, what the first one returned. The
	// key is remembered by whatever remembers the update, so that an append
	// with an error may be repeated until there is an answer. For that, what
	// asks for [Memory] is treated as if it asked for [OS]. Beside the errors of
	// Append there are ErrKeyReused and ErrKeysOff.
	AppendOnce(ctx context.Context, want Durability, once Once, update *spec.Update) (Receipt, error)

	// Read returns visible entries after a position, as many as fit about
	// limit bytes, at least one if there is one; an empty chunk means that
	// there is nothing after the position yet. It holds no lock or transaction
	// once it has returned.
	Read(ctx context.Context, after Position, limit int) (Chunk, error)

	// Find resolves a cursor: the id of an event as a client sent it, of any
	// origin and perhaps forged. An unknown id, and [spec.Earliest], lead to
	// position 0 and are Unknown. Sealed ids resolve in constant time by order, even
	// when their entry was trimmed; brought ones by index, earliest
	// occurrence first. An id that an Append has returned leads to its
	// position even while that is not visible yet.
	Find(ctx context.Context, id string) (Place, error)

	// Since finds where a time begins: the place is the last retained entry
	// that was appended before the millisecond of t, 0 for none. It costs a
	// search among positions, since times grow with them. Such a place is
	// always Known.
	Since(ctx context.Context, t time.Time) (Place, error)

	// Follow calls deliver, on the caller's goroutine, with every entry that
	// becomes visible after a position, in order, whichever node appended it.
	// The slice is only valid during the call. It returns ctx's error when
	// ctx ends, ErrTrimmed when retention overtook it, and ErrClosed once it
	// has delivered everything there will be. Retention does not concern a
	// follower that is no more than a few megabytes behind.
	Follow(ctx context.Context, after Position, deliver func([]Entry)) error

	// Bounds returns the ends of the visible log.
	Bounds(ctx context.Context) (Bounds, error)

	// Health returns nil while appends are expected to succeed, else why not
	// and what to do about it. It never blocks.
	Health() error

	// Retain changes what is retained, keys included. What is too much by the
	// new measure is trimmed like anything else, in small steps, soon or with
	// the next appends; what was trimmed before does not come back.
	Retain(Retention)

	// Close flushes what waits, unblocks every call with ErrClosed and
	// releases the history.
	Close() error
}

// Presence is the part of a history that says who is subscribed. Engines offer
// it beside [Log], on the same order of positions; a hub that tells about
// subscriptions is given both.
//
// The engine keeps, in the same transaction as the entries and untouched by
// retention, which subscriptions have begun and not ended. When a history is
// opened for writing, those of its earlier life are ended first, before
// anything new: nobody is shown as present who went with a crash.
type Presence interface {
	// Change appends what became of subscriptions, next to each other and in
	// order, as [Memory] does: it waits for room at most, never for the
	// medium, and makes nobody wait for it. The errors are those of Append.
	Change(ctx context.Context, changes ...*spec.Subscription) (Receipt, error)
}

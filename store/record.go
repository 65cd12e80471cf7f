package store

import (
	"encoding/binary"
	"fmt"
	"time"

	"cinnabar/spec"
)

// MaxRecordSize is the largest record, in bytes, that an engine accepts.
const MaxRecordSize = 16 << 20

// A Record is an entry as an engine keeps it: one byte of kind, eight bytes of
// time (big-endian milliseconds since 1970), and the update or subscription in
// its binary form. The position is the engine's own key, and the id follows
// from both.
type Record []byte

const recordHeader = 1 + 8

// NewRecord encodes what an entry holds, at a time still to be stamped; the
// error is [ErrTooLarge].
func NewRecord(e *Entry) (Record, error) {
	size, err := SizeOf(e)
	if err != nil {
		return nil, err
	}
	r := make(Record, recordHeader, size)
	r[0] = byte(e.Kind())
	if e.Subscription != nil {
		return e.Subscription.AppendBinary(r), nil
	}
	return e.Update.AppendBinary(r), nil
}

// SizeOf returns how many bytes the record of an entry takes, at most and
// about; the error is [ErrTooLarge].
func SizeOf(e *Entry) (int, error) {
	if s := e.Subscription; s != nil {
		return sized(recordHeader + len(s.AppendBinary(nil)))
	}
	return Size(e.Update)
}

// Size is SizeOf an update.
func Size(u *spec.Update) (int, error) {
	n := recordHeader + 32 + len(u.Data()) + len(u.ID().String()) + len(u.Type().String()) + len(u.Retry())
	for _, topic := range u.Topics() {
		n += 5 + len(topic)
	}
	return sized(n)
}

func sized(n int) (int, error) {
	if n > MaxRecordSize {
		return 0, fmt.Errorf("%w: about %d bytes, at most %d", ErrTooLarge, n, MaxRecordSize)
	}
	return n, nil
}

// Stamp sets the time of the entry.
func (r Record) Stamp(at time.Time) {
	binary.BigEndian.PutUint64(r[1:], uint64(at.UnixMilli()))
}

// Time returns the time of the entry; ok is false for what is no record.
func (r Record) Time() (at time.Time, ok bool) {
	if len(r) < recordHeader {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(r[1:]))), true
}

// Kind returns what the record is of; others than those known here are of a
// later version of Cinnabar.
func (r Record) Kind() Kind {
	if len(r) < recordHeader {
		return 0
	}
	return Kind(r[0])
}

// Entry decodes the entry kept at a position. It keeps no reference to r.
func (e *Epochs) Entry(p Position, r Record) (Entry, error) {
	entry := Entry{Position: p}
	var err error
	switch r.Kind() {
	case KindUpdate:
		entry.Update, err = spec.ParseUpdate(r[recordHeader:])
	case KindSubscription:
		entry.Subscription, err = spec.ParseSubscription(r[recordHeader:])
	case 0:
		err = fmt.Errorf("a record of %d bytes is damaged", len(r))
	default:
		err = fmt.Errorf("a record of kind %d is damaged or was written by a later version", r[0])
	}
	if err != nil {
		return Entry{}, fmt.Errorf("reading entry %d: %w", p, err)
	}
	entry.At, _ = r.Time()
	entry.ID = e.ID(p, entry.Brought())
	return entry, nil
}

// Topics returns the topics of an update's record, none for what is no such
// record or damaged.
func (r Record) Topics() []string {
	if r.Kind() != KindUpdate {
		return nil
	}
	return spec.ParseTopics(r[recordHeader:])
}

// Brought returns the id that the publisher of a record brought, zero where
// there is none, also for what is damaged: that must not keep anybody from
// publishing.
func (r Record) Brought() spec.EventID {
	if r.Kind() != KindUpdate {
		return spec.EventID{}
	}
	u, err := spec.ParseUpdate(r[recordHeader:])
	if err != nil {
		return spec.EventID{}
	}
	return u.ID()
}

// Later returns the time of a new entry, to the millisecond: now, but never
// before the entry it follows, so that a clock set back cannot disorder ages.
func Later(last, now time.Time) time.Time {
	now = time.UnixMilli(now.UnixMilli())
	if now.Before(last) {
		return last
	}
	return now
}

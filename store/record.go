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
// time (big-endian milliseconds since 1970), and the update in its binary
// form. The position is the engine's own key, and the id follows from both.
type Record []byte

// Kinds of records. Others are of a later version of Cinnabar.
const kindUpdate = 1

const recordHeader = 1 + 8

// NewRecord encodes an update, at a time still to be stamped; the error is
// [ErrTooLarge].
func NewRecord(u *spec.Update) (Record, error) {
	size, err := Size(u)
	if err != nil {
		return nil, err
	}
	r := make(Record, recordHeader, size)
	r[0] = kindUpdate
	return u.AppendBinary(r), nil
}

// Size returns how many bytes the record of an update takes, at most and
// about; the error is [ErrTooLarge].
func Size(u *spec.Update) (int, error) {
	n := recordHeader + 32 + len(u.Data()) + len(u.ID().String()) + len(u.Type().String()) + len(u.Retry())
	for _, topic := range u.Topics() {
		n += 5 + len(topic)
	}
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

// Update decodes what NewRecord encoded. It keeps no reference to r.
func (r Record) Update() (*spec.Update, error) {
	switch {
	case len(r) < recordHeader:
		return nil, fmt.Errorf("a record of %d bytes is damaged", len(r))
	case r[0] != kindUpdate:
		return nil, fmt.Errorf("a record of kind %d is damaged or was written by a later version", r[0])
	}
	return spec.ParseUpdate(r[recordHeader:])
}

// Entry decodes the entry kept at a position.
func (e *Epochs) Entry(p Position, r Record) (Entry, error) {
	u, err := r.Update()
	if err != nil {
		return Entry{}, fmt.Errorf("reading entry %d: %w", p, err)
	}
	at, _ := r.Time()
	return Entry{Position: p, ID: e.ID(p, u), At: at, Update: u}, nil
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

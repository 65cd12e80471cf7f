package bolt

import (
	"encoding/binary"
	"fmt"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// ends are the running totals of the file, kept in it by every commit so that
// nothing has to be counted.
type ends struct {
	head          store.Position // last in the file, of any kind
	headAt        time.Time      // when it was appended; read from its record
	updates       stock
	subscriptions stock
}

// A stock is the totals of one kind of entries.
type stock struct {
	trimmed store.Position // largest that retention removed
	count   int64          // records
	bytes   int64          // of records

	// Read from the records themselves.
	oldest   store.Position // 0 for none
	oldestAt time.Time
	newest   store.Position
}

func (s *stock) bounds() store.Range {
	return store.Range{Oldest: s.oldest, Trimmed: s.trimmed}
}

// exceeds reports whether the oldest entry has to go. The newest one stays.
func (s *stock) exceeds(r store.Retention, now time.Time) bool {
	return s.oldest < s.newest && r.Exceeded(s.bytes, s.count, s.oldestAt, now)
}

// gone returns a position up to which nothing is retained, and updates were
// trimmed.
func (e *ends) gone() store.Position {
	if s := e.subscriptions.oldest; s > 0 {
		return min(e.updates.trimmed, s)
	}
	return e.updates.trimmed
}

// exceeds reports whether an entry of either kind has to go.
func (e *ends) exceeds(keep retention, now time.Time) bool {
	return e.updates.exceeds(keep.updates, now) || e.subscriptions.exceeds(keep.subscriptions, now)
}

// ages returns when the next entry will be too old, zero for never.
func (e *ends) ages(keep retention) (at time.Time) {
	if keep.updates.MaxAge <= 0 { // one age for both kinds
		return at
	}
	for _, s := range [...]*stock{&e.updates, &e.subscriptions} {
		if old := s.oldestAt.Add(keep.updates.MaxAge + trimPause); s.oldest < s.newest && (at.IsZero() || old.Before(at)) {
			at = old
		}
	}
	return at
}

// add counts an entry.
func (s *stock) add(e *store.Entry, size int) {
	if s.oldest == 0 {
		s.oldest, s.oldestAt = e.Position, e.At
	}
	s.newest = e.Position
	s.count++
	s.bytes += int64(size)
}

// In the file: head, then trimmed, count and bytes of each kind.
const (
	endsSize        = 7 * 8
	endsSizeFormat1 = 4 * 8 // without subscriptions
)

func (e *ends) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, endsSize), uint64(e.head))
	for _, s := range [...]*stock{&e.updates, &e.subscriptions} {
		for _, n := range [...]uint64{uint64(s.trimmed), uint64(s.count), uint64(s.bytes)} {
			b = binary.BigEndian.AppendUint64(b, n)
		}
	}
	return b
}

// readTotals reads what encode wrote.
func readTotals(tx *bbolt.Tx) (ends, error) {
	b := tx.Bucket(metaBucket).Get(endsKey)
	if len(b) != endsSize && len(b) != endsSizeFormat1 {
		return ends{}, fmt.Errorf("%w (totals of %d bytes)", errDamaged, len(b))
	}
	next := func() (n uint64) {
		if len(b) > 0 {
			n, b = binary.BigEndian.Uint64(b), b[8:]
		}
		return n
	}
	e := ends{head: store.Position(next())}
	for _, s := range [...]*stock{&e.updates, &e.subscriptions} {
		s.trimmed, s.count, s.bytes = store.Position(next()), int64(next()), int64(next())
	}
	return e, nil
}

// readEnds reads the totals and checks them against the ends of the records.
func readEnds(tx *bbolt.Tx) (ends, error) {
	e, err := readTotals(tx)
	if err != nil {
		return ends{}, err
	}
	if err := e.readStock(tx.Bucket(logBucket), &e.updates); err != nil {
		return ends{}, err
	}
	if b := tx.Bucket(presenceBucket); b != nil { // format 1 has none
		if err := e.readStock(b, &e.subscriptions); err != nil {
			return ends{}, err
		}
	}
	if e.head != max(e.updates.newest, e.subscriptions.newest) {
		return ends{}, fmt.Errorf("%w (last entry)", errDamaged)
	}
	return e, nil
}

func (e *ends) readStock(b *bbolt.Bucket, s *stock) error {
	c := b.Cursor()
	first, record := c.First()
	if first == nil {
		if s.count != 0 || s.bytes != 0 || s.trimmed != 0 {
			return fmt.Errorf("%w (%d entries counted, none there)", errDamaged, s.count)
		}
		return nil
	}
	var ok bool
	s.oldest = position(first)
	if s.oldestAt, ok = store.Record(record).Time(); !ok || s.oldest <= s.trimmed {
		return fmt.Errorf("%w (first entry)", errDamaged)
	}
	last, record := c.Last()
	s.newest = position(last)
	at, ok := store.Record(record).Time()
	if !ok || s.newest > e.head {
		return fmt.Errorf("%w (last entry)", errDamaged)
	}
	if s.newest == e.head {
		e.headAt = at
	}
	return nil
}

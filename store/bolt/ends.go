package bolt

import (
	"encoding/binary"
	"errors"
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
	keys          keys // kept beside the others

	shares  *shares          // of updates, by class; nil where there are no rules
	removed []store.Position // updates that this commit took from the midst of others
	added   int              // updates that this commit added
}

// next returns totals that a commit may change.
func (e *ends) next(c *store.Classes) ends {
	next := *e
	next.shares, next.removed, next.added = e.shares.next(c, e), nil, 0
	return next
}

// put writes the totals.
func (e *ends) put(tx *bbolt.Tx) error {
	return errors.Join(tx.Bucket(metaBucket).Put(endsKey, e.encode()), e.shares.put(tx))
}

// A stock is the totals of one kind of entries.
type stock struct {
	trimmed store.Position // largest that retention removed; with rules, others before it may be retained
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
	gone := e.updates.trimmed
	for _, oldest := range [...]store.Position{e.updates.oldest, e.subscriptions.oldest} {
		if oldest > 0 {
			gone = min(gone, oldest)
		}
	}
	return gone
}

// exceeds reports whether an entry of either kind has to go. The shares are those
// of the retention's classes.
func (e *ends) exceeds(keep retention, now time.Time) bool {
	if e.subscriptions.exceeds(keep.subscriptions, now) {
		return true
	}
	if e.shares != nil {
		return e.shares.exceed(keep.classes, e.updates.newest, now)
	}
	return e.updates.exceeds(keep.updates, now)
}

// ages returns when the next entry will be too old, zero for never.
func (e *ends) ages(keep retention) (at time.Time) {
	earlier := func(oldest time.Time, limit time.Duration) {
		if old := oldest.Add(limit + trimPause); limit > 0 && (at.IsZero() || old.Before(at)) {
			at = old
		}
	}
	if s := &e.subscriptions; s.oldest < s.newest {
		earlier(s.oldestAt, keep.subscriptions.MaxAge)
	}
	if e.shares != nil {
		e.shares.ages(keep.classes, e.updates.newest, earlier)
	} else if s := &e.updates; s.oldest < s.newest {
		earlier(s.oldestAt, keep.updates.MaxAge)
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
	if err := e.readStock(tx.Bucket(logBucket), &e.updates, tx.Bucket(metaBucket).Get(sharesKey) != nil); err != nil {
		return ends{}, err
	}
	if b := tx.Bucket(presenceBucket); b != nil { // format 1 has none
		if err := e.readStock(b, &e.subscriptions, false); err != nil {
			return ends{}, err
		}
	}
	if e.head != max(e.updates.newest, e.subscriptions.newest) {
		return ends{}, fmt.Errorf("%w (last entry)", errDamaged)
	}
	e.keys, err = readKeys(tx)
	return e, err
}

// readStock reads the ends of one kind. With rules, now or before, something may
// be retained before what was removed.
func (e *ends) readStock(b *bbolt.Bucket, s *stock, rules bool) error {
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
	if s.oldestAt, ok = store.Record(record).Time(); !ok || s.oldest <= s.trimmed && !rules {
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

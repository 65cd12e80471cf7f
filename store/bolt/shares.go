package bolt

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

const (
	// maxLooked is how many records are looked at for the trimming of a commit that
	// adds none, or for a step of counting, at most: somebody may wait for it.
	maxLooked = 2 * maxTrimmed
	// lookTime is how long that may take, but for one record: one with a hundred
	// long topics costs some ten milliseconds where rules are patterns.
	lookTime = 50 * time.Millisecond
	// countPause is the time between two steps of counting.
	countPause = 10 * time.Millisecond
)

// shares are the totals of updates by class, kept in the file by every commit as
// long as there are rules; without any they are nil. When the rules change
// everything is counted anew, in steps, and nothing is trimmed until that is
// done. The counting aside, a commit changes a copy.
type shares struct {
	classes *store.Classes
	of      []share
	gone    *store.Watermarks

	// What was there when counting began is counted up to one position, of
	// another. Later entries are counted as they come.
	counted, until store.Position
}

// A share is the totals of one class.
type share struct {
	count, bytes int64
	// Nothing of the class is retained up to from; its oldest is somewhere after
	// it. oldestAt is the time of that, zero while it is not known.
	from     store.Position
	oldestAt time.Time
}

// newShares returns shares that are still to be counted.
func newShares(c *store.Classes, gone *store.Watermarks, e *ends) *shares {
	return &shares{classes: c, of: make([]share, c.Len()), gone: gone, until: e.updates.newest}
}

// next returns shares that a commit may change, of other classes where those have
// changed.
func (s *shares) next(c *store.Classes, e *ends) *shares {
	switch {
	case c == nil:
		return nil
	case !s.tells(c):
		return newShares(c, store.NewWatermarks(c, e.updates.trimmed), e)
	}
	next := *s
	next.classes = c // the limits may be others
	next.of = slices.Clone(s.of)
	return &next
}

// tells reports whether these are the shares of the classes.
func (s *shares) tells(c *store.Classes) bool {
	if s == nil || c == nil {
		return s == nil && c == nil
	}
	return s.classes.Same(c)
}

func (s *shares) counting() bool { return s != nil && s.counted < s.until }

// marks returns how far retention has gone, by class.
func (s *shares) marks() *store.Watermarks {
	if s == nil {
		return nil
	}
	return s.gone
}

// add counts an entry, which is newer than all others.
func (s *shares) add(e *store.Entry, size int) {
	if s == nil {
		return
	}
	of := &s.of[s.classes.Of(e.Update.Topics())]
	if of.count == 0 && !s.counting() {
		of.from, of.oldestAt = e.Position-1, e.At
	}
	of.count++
	of.bytes += int64(size)
}

// due reports whether the oldest of a class has to go by its limits, or to be
// looked for. The newest update of all stays.
func (s *shares) due(class int, limits store.Retention, newest store.Position, now time.Time) bool {
	of := &s.of[class]
	switch {
	case of.count == 0, of.from+1 >= newest, s.counting():
		return false
	case of.oldestAt.IsZero():
		return limits.MaxAge > 0 || limits.Exceeded(of.bytes, of.count, now, now)
	}
	return limits.Exceeded(of.bytes, of.count, of.oldestAt, now)
}

// exceed reports whether any class is due, by limits that may be others than those
// of the last commit.
func (s *shares) exceed(c *store.Classes, newest store.Position, now time.Time) bool {
	for class := range s.of {
		if s.due(class, c.Limits(class), newest, now) {
			return true
		}
	}
	return false
}

// ages tells when the oldest of each class was appended, and how old it may get.
func (s *shares) ages(c *store.Classes, newest store.Position, tell func(oldest time.Time, limit time.Duration)) {
	for class, of := range s.of {
		if of.count > 0 && !of.oldestAt.IsZero() && of.from+1 < newest {
			tell(of.oldestAt, c.Limits(class).MaxAge)
		}
	}
}

// trimShares removes updates class by class, as many as one commit may, and
// returns how many more it might have. For each class it passes over the entries
// of the others, each once.
func (e *ends) trimShares(tx *bbolt.Tx, now time.Time, most int) (room int, err error) {
	s := e.shares
	var due []int
	for class := range s.of {
		if s.due(class, s.classes.Limits(class), e.updates.newest, now) {
			due = append(due, class)
		}
	}
	var ids [][]byte
	for _, class := range due {
		of, limits := &s.of[class], s.classes.Limits(class)
		// Less than what commits add would never catch up with them.
		looked, maxLooked := 0, maxLooked/len(due)+e.added
		c := tx.Bucket(logBucket).Cursor()
		for k, v := c.Seek(positionKey(of.from + 1)); k != nil && looked < maxLooked && len(e.removed) < most; k, v = c.Next() {
			if looked > 0 && time.Since(now) > lookTime {
				break
			}
			looked++
			p, record := position(k), store.Record(v)
			topics := record.Topics()
			if p < e.updates.newest && s.classes.Of(topics) != class {
				of.from = p
				continue
			}
			at, _ := record.Time()
			if p >= e.updates.newest || !limits.Exceeded(of.bytes, of.count, at, now) {
				of.from, of.oldestAt = p-1, at
				break
			}
			if id := record.Brought(); !id.IsZero() {
				ids = append(ids, idKey(id.String(), p))
			}
			if len(e.removed) == 0 {
				s.gone = s.gone.Clone()
			}
			s.gone.Raise(p, class, topics)
			e.removed = append(e.removed, p)
			of.from, of.oldestAt = p, time.Time{}
			of.count--
			of.bytes -= int64(len(v))
			e.updates.trimmed = max(e.updates.trimmed, p)
			e.updates.count--
			e.updates.bytes -= int64(len(v))
		}
	}
	if len(e.removed) == 0 {
		return most, nil
	}
	return most - len(e.removed), e.remove(tx, ids)
}

// remove deletes what was removed, with its rows in ids, and looks for the first
// entry that is left. It comes last, since cursors lose their place by it.
func (e *ends) remove(tx *bbolt.Tx, ids [][]byte) error {
	log := tx.Bucket(logBucket)
	for _, p := range e.removed {
		if err := log.Delete(positionKey(p)); err != nil {
			return err
		}
	}
	for _, k := range ids {
		if err := tx.Bucket(idsBucket).Delete(k); err != nil {
			return err
		}
	}
	k, v := log.Cursor().First()
	e.updates.oldest = position(k)
	e.updates.oldestAt, _ = store.Record(v).Time()
	return nil
}

// count goes on counting, for one step. A file that cannot be read fails the next
// commit as well, and is counted anew when it is healed.
func (l *Log) count() {
	s, begun := l.w.ends.shares, time.Now()
	_ = l.view(func(tx *bbolt.Tx) error {
		looked := 0
		c := tx.Bucket(logBucket).Cursor()
		for k, v := c.Seek(positionKey(s.counted + 1)); k != nil && position(k) <= s.until; k, v = c.Next() {
			if looked++; looked > maxLooked || looked > 1 && time.Since(begun) > lookTime {
				return nil
			}
			record := store.Record(v)
			of := &s.of[s.classes.Of(record.Topics())]
			if s.counted = position(k); of.oldestAt.IsZero() {
				of.from = s.counted - 1
				of.oldestAt, _ = record.Time()
			}
			of.count++
			of.bytes += int64(len(v))
		}
		s.counted = s.until
		for class := range s.of {
			if of := &s.of[class]; of.oldestAt.IsZero() {
				of.from = s.until // if there are any, they came since
			}
		}
		return nil
	})
}

// missRemoved tells the tail which updates the file does not have any more: a
// commit that failed, and is in the file all the same, may have removed some.
func (l *Log) missRemoved(tx *bbolt.Tx) {
	if l.w.ends.shares == nil {
		return
	}
	log := tx.Bucket(logBucket)
	var removed []store.Position
	l.tail.Updates(func(it store.Item) {
		if it.Position <= l.w.ends.updates.newest && log.Get(positionKey(it.Position)) == nil {
			removed = append(removed, it.Position)
		}
	})
	l.tail.Removed(removed, l.w.ends.shares.marks())
}

// In the file: the fingerprint of the classes, one byte that is 1 when they are
// counted, for each class count, bytes and from, and the watermarks. A file that
// had rules, and has none any more, has a single byte.
const (
	sharesHeader = 32 + 1
	shareSize    = 3 * 8
)

// put writes the shares, or sees that there are none.
func (s *shares) put(tx *bbolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	if s == nil {
		if len(meta.Get(sharesKey)) > 1 {
			return meta.Put(sharesKey, []byte{0})
		}
		return nil
	}
	fingerprint := s.classes.Fingerprint()
	b := append(make([]byte, 0, sharesHeader+len(s.of)*shareSize), fingerprint[:]...)
	if s.counting() {
		b = append(b, 0)
	} else {
		b = append(b, 1)
	}
	for _, of := range s.of {
		for _, n := range [...]uint64{uint64(of.count), uint64(of.bytes), uint64(of.from)} {
			b = binary.BigEndian.AppendUint64(b, n)
		}
	}
	return meta.Put(sharesKey, s.gone.AppendBinary(b))
}

// storedShares returns what put wrote of these classes: whether they are counted,
// the shares and the watermarks; nil watermarks if there is none.
func storedShares(tx *bbolt.Tx, c *store.Classes) (counted bool, of []byte, gone *store.Watermarks) {
	if c == nil {
		return false, nil, nil
	}
	b := tx.Bucket(metaBucket).Get(sharesKey)
	fingerprint := c.Fingerprint()
	end := sharesHeader + c.Len()*shareSize
	if len(b) < end || !bytes.Equal(b[:len(fingerprint)], fingerprint[:]) {
		return false, nil, nil
	}
	return b[sharesHeader-1] == 1, b[sharesHeader:end], store.ParseWatermarks(c, b[end:])
}

// readShares returns the shares of a file, to be counted unless they were, by the
// same rules.
func readShares(tx *bbolt.Tx, c *store.Classes, e *ends) *shares {
	if c == nil {
		return nil
	}
	counted, of, gone := storedShares(tx, c)
	if gone == nil {
		return newShares(c, store.NewWatermarks(c, e.updates.trimmed), e)
	}
	s := newShares(c, gone, e)
	if !counted {
		return s
	}
	s.counted = s.until
	for class := range s.of {
		word := func(i int) uint64 { return binary.BigEndian.Uint64(of[class*shareSize+8*i:]) }
		s.of[class] = share{count: int64(word(0)), bytes: int64(word(1)), from: store.Position(word(2))}
	}
	return s
}

// readMarks returns how far retention has gone in the file, by class; nil where it
// does not tell these classes apart.
func readMarks(tx *bbolt.Tx, c *store.Classes) *store.Watermarks {
	_, _, gone := storedShares(tx, c)
	return gone
}

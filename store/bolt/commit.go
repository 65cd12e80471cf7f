package bolt

import (
	"fmt"
	"slices"
	"time"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
)

// maxTrimmed is how many entries one commit removes, at most: deleting is
// slower than appending, and somebody waits for the commit.
const maxTrimmed = 4096

// commit writes the requests that the file does not have yet, and trims, in
// one transaction; flushed, unless only [store.OS] was asked for. After an
// error the transaction may be in the file all the same.
func (l *Log) commit(flight []*request, d store.Durability) error {
	keep := *l.keep.Load()
	return l.transact(d, keep, func(tx *bbolt.Tx, e *ends) error {
		for _, r := range flight {
			if r.saved {
				continue
			}
			if err := e.addAll(tx, r, keep.updates.Keys); err != nil {
				return fmt.Errorf("adding entries: %w", err)
			}
		}
		if err := e.keys.forget(tx, keep.updates.Keys, e.headAt); err != nil {
			return fmt.Errorf("forgetting keys: %w", err)
		}
		if l.w.held {
			return nil
		}
		if err := e.trim(tx, keep, time.Now()); err != nil {
			return fmt.Errorf("trimming: %w", err)
		}
		return nil
	})
}

// transact runs one write transaction, whose totals tell the classes of a retention
// apart: whoever trims in it has to go by that retention's limits. The writer's
// totals change when it has succeeded, and not before.
func (l *Log) transact(d store.Durability, keep retention, write func(*bbolt.Tx, *ends) error) (err error) {
	defer boltfile.FaultsPanic()()
	defer recoverDamage(&err)
	tx, err := l.db.Begin(true)
	if err != nil {
		return fmt.Errorf("beginning a commit: %w", err)
	}
	committing := false
	defer func() {
		if !committing {
			tx.Rollback()
		}
	}()
	next := l.w.ends.next(keep.classes)
	if err := write(tx, &next); err != nil {
		return err
	}
	if err := next.put(tx); err != nil {
		return fmt.Errorf("writing the totals: %w", err)
	}
	if next.keys != l.w.ends.keys {
		if err := next.keys.save(tx); err != nil {
			return fmt.Errorf("writing the totals: %w", err)
		}
	}

	id := tx.ID() // not to be asked once it has ended
	l.db.NoSync = d != store.Disk
	committing = true
	// A panic in here leaves bbolt's locks held: the file cannot be reopened.
	l.w.stuck = true
	err = l.w.commit(tx)
	l.w.stuck = false
	if err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	l.w.ends, l.w.tx = next, id
	l.w.unflushed = d != store.Disk
	return nil
}

// addAll adds the entries of a request, unless its key says that they are there.
func (e *ends) addAll(tx *bbolt.Tx, r *request, w store.Window) (err error) {
	if r.once != nil {
		if r.verdict, err = e.keys.decide(tx, r, w); err != nil || !r.verdict.appends() {
			return err
		}
	}
	for i := range r.items {
		if err := e.add(tx, &r.items[i].Entry, r.records[i]); err != nil {
			return err
		}
	}
	return nil
}

// add adds an entry, which is newer than all others.
func (e *ends) add(tx *bbolt.Tx, entry *store.Entry, record store.Record) error {
	name, kept := logBucket, &e.updates
	if s := entry.Subscription; s != nil {
		name, kept = presenceBucket, &e.subscriptions
		if err := keepOpen(tx, s); err != nil {
			return err
		}
	}
	log := tx.Bucket(name)
	log.FillPercent = 1 // keys only grow: no page is ever split to make room
	if err := log.Put(positionKey(entry.Position), record); err != nil {
		return err
	}
	if id := entry.Brought(); !id.IsZero() {
		if err := tx.Bucket(idsBucket).Put(idKey(id.String(), entry.Position), nil); err != nil {
			return err
		}
	}
	kept.add(entry, len(record))
	if entry.Update != nil {
		e.shares.add(entry, len(record))
		e.added++
	}
	e.head, e.headAt = entry.Position, entry.At
	return nil
}

// trim removes the oldest entries while the retention asks for it, as many as
// one commit may.
func (e *ends) trim(tx *bbolt.Tx, keep retention, now time.Time) error {
	var room int
	var err error
	if e.shares != nil {
		room, err = e.trimShares(tx, now, maxTrimmed)
	} else {
		room, err = e.updates.trim(tx, logBucket, keep.updates, now, maxTrimmed)
	}
	if err != nil {
		return err
	}
	_, err = e.subscriptions.trim(tx, presenceBucket, keep.subscriptions, now, room)
	return err
}

// trim removes at most so many entries of one kind, and returns how many more
// it might have.
func (s *stock) trim(tx *bbolt.Tx, bucket []byte, r store.Retention, now time.Time, most int) (room int, err error) {
	if !s.exceeds(r, now) {
		return most, nil
	}
	log, ids := tx.Bucket(bucket), tx.Bucket(idsBucket)
	// A cursor loses its place when keys are deleted under it, so that they
	// are collected first.
	var logKeys, idKeys [][]byte
	c := log.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		record := store.Record(v)
		s.oldest = position(k)
		s.oldestAt, _ = record.Time()
		if len(logKeys) == most || !s.exceeds(r, now) {
			break
		}
		if id := record.Brought(); !id.IsZero() {
			idKeys = append(idKeys, idKey(id.String(), s.oldest))
		}
		logKeys = append(logKeys, slices.Clone(k))
		s.trimmed = max(s.trimmed, s.oldest) // rules that are no more may have gone further
		s.count--
		s.bytes -= int64(len(v))
	}
	for _, k := range logKeys {
		if err := log.Delete(k); err != nil {
			return 0, err
		}
	}
	for _, k := range idKeys {
		if err := ids.Delete(k); err != nil {
			return 0, err
		}
	}
	return most - len(logKeys), nil
}

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
	return l.transact(d, func(tx *bbolt.Tx, e *ends) error {
		for _, r := range flight {
			if r.saved {
				continue
			}
			if err := e.put(tx, r); err != nil {
				return fmt.Errorf("adding entries: %w", err)
			}
		}
		if err := e.trim(tx, *l.retention.Load(), time.Now()); err != nil {
			return fmt.Errorf("trimming: %w", err)
		}
		return nil
	})
}

// transact runs one write transaction. The writer's totals change when it has
// succeeded, and not before.
func (l *Log) transact(d store.Durability, write func(*bbolt.Tx, *ends) error) (err error) {
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
	next := l.w.ends
	if err := write(tx, &next); err != nil {
		return err
	}
	if err := tx.Bucket(metaBucket).Put(endsKey, next.encode()); err != nil {
		return fmt.Errorf("writing the totals: %w", err)
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

// put adds the entries of a request.
func (e *ends) put(tx *bbolt.Tx, r *request) error {
	log, ids := tx.Bucket(logBucket), tx.Bucket(idsBucket)
	log.FillPercent = 1 // keys only grow: no page is ever split to make room
	for i := range r.items {
		entry, record := &r.items[i].Entry, r.records[i]
		if err := log.Put(positionKey(entry.Position), record); err != nil {
			return err
		}
		if id := entry.Update.ID(); !id.IsZero() {
			if err := ids.Put(idKey(id.String(), entry.Position), nil); err != nil {
				return err
			}
		}
		if e.oldest == 0 {
			e.oldest, e.oldestAt = entry.Position, entry.At
		}
		e.head, e.newestAt = entry.Position, entry.At
		e.count++
		e.bytes += int64(len(record))
	}
	return nil
}

// exceeds reports whether the oldest entry has to go. The newest one stays.
func (e *ends) exceeds(r store.Retention, now time.Time) bool {
	return e.oldest < e.head && r.Exceeded(e.bytes, e.count, e.oldestAt, now)
}

// trim removes the oldest entries while the retention asks for it, as many as
// one commit may.
func (e *ends) trim(tx *bbolt.Tx, r store.Retention, now time.Time) error {
	if !e.exceeds(r, now) {
		return nil
	}
	log, ids := tx.Bucket(logBucket), tx.Bucket(idsBucket)
	// A cursor loses its place when keys are deleted under it, so that they
	// are collected first.
	var logKeys, idKeys [][]byte
	c := log.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		record := store.Record(v)
		e.oldest = position(k)
		e.oldestAt, _ = record.Time()
		if len(logKeys) == maxTrimmed || !e.exceeds(r, now) {
			break
		}
		// A damaged record must not keep everybody from publishing.
		if u, err := record.Update(); err == nil && !u.ID().IsZero() {
			idKeys = append(idKeys, idKey(u.ID().String(), e.oldest))
		}
		logKeys = append(logKeys, slices.Clone(k))
		e.trimmed = e.oldest
		e.count--
		e.bytes -= int64(len(v))
	}
	for _, k := range logKeys {
		if err := log.Delete(k); err != nil {
			return err
		}
	}
	for _, k := range idKeys {
		if err := ids.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

package bolt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"iter"
	"path/filepath"
	"time"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
)

var errCopying = errors.New("a backup or a compaction is under way: wait for its end")

// Bounds of what is read in one transaction, and lies in memory at a time.
const (
	chunkEntries = 4096
	chunkSize    = 1 << 20
)

// spare is how much room copying leaves on a volume: a hub that runs needs
// some, and fails publishers where there is none.
const spare = 64 << 20

// A copier brings a history into a new file, its draft, while the hub goes on
// publishing. It needs a history that is not trimmed meanwhile. Everything in it
// either only grows (log and presence, and ids which follow from log) or is
// small enough to be compared in a moment; it is copied chunk by chunk in short
// transactions, and what came and changed since in one at the end: see
// [copier.finish].
type copier struct {
	ctx    context.Context
	view   viewer
	draft  *bbolt.DB
	commit func(*bbolt.Tx) error
	free   func(folder string) (bytes int64, known bool)
	tell   func(store.Copied) // never nil
	// hurried copies do not rest: nobody else needs the disk, or there is no
	// end in sight otherwise.
	hurried bool

	began  store.Position // rows of ids up to here were copied, later ones are made from records
	after  store.Position // records up to here were copied
	done   store.Copied
	digest hash.Hash // of records, see digestRecord
}

// A row is a record on its way.
type row struct {
	position store.Position
	kind     []byte // its bucket
	record   store.Record
}

// copyTo copies ids and records up to a position. Between two chunks it rests as
// long as one took: publishing goes first.
func (c *copier) copyTo(head store.Position) error {
	if c.began == 0 {
		c.began = head
		if err := c.copyIDs(); err != nil {
			return err
		}
		if err := c.copyOthers(); err != nil {
			return err
		}
	}
	for c.after < head {
		start := time.Now()
		rows, through, err := c.chunk(head)
		if err == nil {
			err = c.write(func(tx *bbolt.Tx) error { return c.put(tx, rows) })
		}
		if err == nil {
			c.after = through
			err = c.rest(time.Since(start))
		}
		if err != nil {
			return err
		}
		c.tell(c.done)
	}
	return nil
}

// rest pauses, and looks whether there is room for more.
func (c *copier) rest(pause time.Duration) error {
	if err := c.room(spare); err != nil {
		return err
	}
	if c.hurried {
		pause = 0
	}
	select {
	case <-c.ctx.Done():
		return c.ctx.Err()
	case <-time.After(min(pause, time.Second)):
		return nil
	}
}

// room looks whether the draft's volume has so many bytes left.
func (c *copier) room(need int64) error {
	folder := filepath.Dir(c.draft.Path())
	if free, known := c.free(folder); known && free < need {
		return fmt.Errorf("%s has %d MiB of space left, and %d are needed: make room there", folder, free>>20, need>>20)
	}
	return nil
}

// chunk reads records up to a position, a bounded number of them, and returns
// where the chunk ends.
func (c *copier) chunk(head store.Position) (rows []row, through store.Position, err error) {
	err = c.view(func(tx *bbolt.Tx) error {
		rows, through = nil, head
		size := 0
		for r := range rowsAfter(tx, c.after) {
			if r.position > head {
				break
			}
			if size += len(r.record); len(rows) == chunkEntries || len(rows) > 0 && size > chunkSize {
				through = rows[len(rows)-1].position
				break
			}
			r.record = bytes.Clone(r.record)
			rows = append(rows, r)
		}
		return nil
	})
	return rows, through, err
}

// rowsAfter goes over the records of both kinds after a position, in order.
func rowsAfter(tx *bbolt.Tx, after store.Position) iter.Seq[row] {
	return func(yield func(row) bool) {
		for p, record := range entriesAfter(tx, after) {
			kind := logBucket
			if record.Kind() == store.KindSubscription {
				kind = presenceBucket
			}
			if !yield(row{p, kind, record}) {
				return
			}
		}
	}
}

// put adds records to the draft.
func (c *copier) put(tx *bbolt.Tx, rows []row) error {
	for i := range rows {
		if err := c.putRow(tx, &rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) putRow(tx *bbolt.Tx, r *row) error {
	b, err := tx.CreateBucketIfNotExists(r.kind)
	if err != nil {
		return err
	}
	b.FillPercent = 1 // keys only grow
	if err := b.Put(positionKey(r.position), r.record); err != nil {
		return err
	}
	if id := r.record.Brought(); !id.IsZero() && r.position > c.began {
		ids, err := tx.CreateBucketIfNotExists(idsBucket)
		if err != nil {
			return err
		}
		if err := ids.Put(idKey(id.String(), r.position), nil); err != nil {
			return err
		}
	}
	digestRecord(c.digest, r.position, r.record)
	if r.record.Kind() == store.KindSubscription {
		c.done.Presence++
	} else {
		c.done.Updates++
	}
	c.done.Bytes += int64(len(r.record))
	return nil
}

// digestRecord adds a record to what a copy is compared by.
func digestRecord(to hash.Hash, p store.Position, r store.Record) {
	to.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(p)), uint64(len(r))))
	to.Write(r)
}

// copyIDs copies the rows of ids in their order: made from records, in the order
// of those, each chunk of them would touch every page.
func (c *copier) copyIDs() error {
	for keys, err := range broughtKeys(c.ctx, c.view) {
		if err != nil {
			return err
		}
		start := time.Now()
		err := c.write(func(tx *bbolt.Tx) error {
			ids, err := tx.CreateBucketIfNotExists(idsBucket)
			if err != nil {
				return err
			}
			ids.FillPercent = 0.9 // new ids come in between
			for _, k := range keys {
				if position(k[len(k)-8:]) > c.began {
					continue
				}
				if err := ids.Put(k, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = c.rest(time.Since(start))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// broughtKeys goes over the keys of ids, a bounded number in each transaction.
func broughtKeys(ctx context.Context, view viewer) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		var from []byte
		for {
			var keys [][]byte
			err := ctx.Err()
			if err == nil {
				err = view(func(tx *bbolt.Tx) error {
					keys = nil
					c := tx.Bucket(idsBucket).Cursor()
					size := 0
					for k, _ := c.Seek(from); k != nil && len(keys) < chunkEntries && size < chunkSize; k, _ = c.Next() {
						if len(k) < 9 {
							return fmt.Errorf("%w (an id's row of %d bytes)", errDamaged, len(k))
						}
						keys, size = append(keys, bytes.Clone(k)), size+len(k)
					}
					return nil
				})
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(keys) == 0 || !yield(keys, nil) {
				return
			}
			from = append(bytes.Clone(keys[len(keys)-1]), 0) // the least key after it
		}
	}
}

// finish copies, of a history that nobody writes to meanwhile, what records are
// left, and everything else as far as it has changed, in one transaction.
func (c *copier) finish() error {
	return c.view(func(from *bbolt.Tx) error {
		return c.write(func(to *bbolt.Tx) error {
			for r := range rowsAfter(from, c.after) {
				if err := c.putRow(to, &r); err != nil {
					return err
				}
				c.after = r.position
			}
			return from.ForEach(func(name []byte, b *bbolt.Bucket) error {
				if bytes.Equal(name, roomBucket) {
					return nil
				}
				copied, err := to.CreateBucketIfNotExists(name)
				if err != nil {
					return err
				}
				if grows(name) {
					return copied.SetSequence(b.Sequence())
				}
				return mirror(copied, b)
			})
		})
	})
}

// grows tells the buckets that are copied record by record; every other one is
// copied as it is on the way and compared at the end, also those that are not
// known here.
func grows(bucket []byte) bool {
	return bytes.Equal(bucket, logBucket) || bytes.Equal(bucket, presenceBucket) || bytes.Equal(bucket, idsBucket)
}

// copyOthers copies those as they are on the way, so that little of them is left
// for the end.
func (c *copier) copyOthers() error {
	var names [][]byte
	err := c.view(func(tx *bbolt.Tx) error {
		names = nil
		return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			if !grows(name) && !bytes.Equal(name, roomBucket) {
				names = append(names, bytes.Clone(name))
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		var from []byte
		for more := true; more; {
			start := time.Now()
			var keys, values [][]byte
			err := c.view(func(tx *bbolt.Tx) error {
				keys, values, more = nil, nil, false
				b := tx.Bucket(name)
				if b == nil {
					return nil
				}
				cursor, size := b.Cursor(), 0
				for k, v := cursor.Seek(from); k != nil; k, v = cursor.Next() {
					if more = len(keys) == chunkEntries || size > chunkSize; more {
						break
					}
					if v != nil { // buckets within are copied at the end
						keys, values = append(keys, bytes.Clone(k)), append(values, bytes.Clone(v))
						size += len(k) + len(v)
					}
				}
				return nil
			})
			if err == nil && len(keys) > 0 {
				from = append(bytes.Clone(keys[len(keys)-1]), 0)
				err = c.write(func(tx *bbolt.Tx) error { return putAll(tx, name, keys, values) })
			}
			if err == nil {
				err = c.rest(time.Since(start))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func putAll(tx *bbolt.Tx, bucket []byte, keys, values [][]byte) error {
	b, err := tx.CreateBucketIfNotExists(bucket)
	if err != nil {
		return err
	}
	b.FillPercent = 0.9
	for i := range keys {
		if err := b.Put(keys[i], values[i]); err != nil {
			return err
		}
	}
	return nil
}

// mirror makes a bucket equal to another. Both are walked, and only what differs is
// written.
func mirror(to, from *bbolt.Bucket) error {
	if err := to.SetSequence(from.Sequence()); err != nil {
		return err
	}
	to.FillPercent = 0.9
	var gone, keys, values, inner [][]byte // a cursor loses its place when its bucket changes
	t, f := to.Cursor(), from.Cursor()
	tk, tv := t.First()
	fk, fv := f.First()
	for tk != nil || fk != nil {
		order := bytes.Compare(tk, fk)
		switch {
		case fk == nil || tk != nil && order < 0:
			gone = append(gone, bytes.Clone(tk))
			tk, tv = t.Next()
			continue
		case fv == nil:
			inner = append(inner, fk)
		case tk == nil || order > 0 || !bytes.Equal(tv, fv):
			keys, values = append(keys, fk), append(values, fv)
		}
		if tk != nil && order == 0 {
			tk, tv = t.Next()
		}
		fk, fv = f.Next()
	}
	for _, k := range gone {
		if err := to.Delete(k); err != nil {
			return err
		}
	}
	for i := range keys {
		if err := to.Put(keys[i], values[i]); err != nil {
			return err
		}
	}
	for _, k := range inner {
		copied, err := to.CreateBucketIfNotExists(k)
		if err != nil {
			return err
		}
		if err := mirror(copied, from.Bucket(k)); err != nil {
			return err
		}
	}
	return nil
}

// write runs one transaction of the draft.
func (c *copier) write(put func(*bbolt.Tx) error) (err error) {
	defer boltfile.FaultsPanic()()
	tx, err := c.draft.Begin(true)
	if err != nil {
		return fmt.Errorf("beginning to write the copy: %w", err)
	}
	if err := put(tx); err != nil {
		return errors.Join(fmt.Errorf("writing the copy: %w", err), tx.Rollback())
	}
	if err := c.commit(tx); err != nil {
		return fmt.Errorf("writing the copy: %w", err)
	}
	return nil
}

// copyGrowth is how far a copy is extended at once, in bytes: less than a file in
// use, or that of a small history would be larger than the history's own.
const copyGrowth = 1 << 20

// openDraft makes the file that a history is copied to.
func openDraft(path string, o bbolt.Options) (*bbolt.DB, error) {
	o.NoFreelistSync, o.FreelistType, o.NoStatistics = true, bbolt.FreelistMapType, true
	o.NoSync = true // it is flushed before it gets its name
	o.Timeout = boltfile.LockTimeout
	db, err := bbolt.Open(path, 0o600, &o)
	if err != nil {
		return nil, fmt.Errorf("making the copy: %w", err)
	}
	db.AllocSize = copyGrowth
	return db, nil
}

// guarded is the viewer of a file.
func guarded(db *bbolt.DB) viewer {
	return func(read func(*bbolt.Tx) error) (err error) {
		defer boltfile.FaultsPanic()()
		defer recoverDamage(&err)
		return db.View(read)
	}
}

// A content is what a copy was found to hold.
type content struct {
	updates, presence int64
	digest            []byte
}

// readContent reads the records up to a position, chunk by chunk, and rests in
// between where others need the machine.
func readContent(ctx context.Context, view viewer, head store.Position, rests bool) (content, error) {
	var found content
	c := copier{ctx: ctx, view: view, digest: sha256.New()}
	for c.after < head {
		if err := ctx.Err(); err != nil {
			return found, err
		}
		start := time.Now()
		rows, through, err := c.chunk(head)
		if err != nil {
			return found, err
		}
		for _, r := range rows {
			digestRecord(c.digest, r.position, r.record)
			if r.record.Kind() == store.KindSubscription {
				found.presence++
			} else {
				found.updates++
			}
		}
		c.after = through
		if rests {
			time.Sleep(time.Since(start))
		}
	}
	found.digest = c.digest.Sum(nil)
	return found, nil
}

// verifyContent compares what was read back with what was written.
func (c *copier) verifyContent(found content) error {
	if found.updates == c.done.Updates && found.presence == c.done.Presence && bytes.Equal(found.digest, c.digest.Sum(nil)) {
		return nil
	}
	return fmt.Errorf("the copy is not what was copied: %d updates and %d subscription events were read back, %d and %d were written: see that the volume is healthy",
		found.updates, found.presence, c.done.Updates, c.done.Presence)
}

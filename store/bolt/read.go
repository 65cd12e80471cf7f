package bolt

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
)

// Read returns visible entries after a position: from memory where the window
// holds them, else from the file.
func (l *Log) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	for {
		if err := ctx.Err(); err != nil {
			return store.Chunk{}, err
		}
		c, saved, ok, err := l.tail.Read(after, limit)
		if err == nil && !ok {
			c, err = l.readFile(after, saved, limit)
		}
		if err != nil {
			return store.Chunk{}, err
		}
		if ok || len(c.Entries) > 0 {
			return c, nil
		}
		// The file has nothing more: what follows is in the window.
		after = c.Through
	}
}

// readFile reads a chunk up to a position that the file is complete to, in one
// short transaction. While one is open the pages that commits free cannot be
// reused, and the file cannot outgrow its map.
func (l *Log) readFile(after, through store.Position, limit int) (store.Chunk, error) {
	var c store.Chunk
	err := l.view(func(tx *bbolt.Tx) (err error) {
		c, err = readChunk(tx, l.epochs, l.keep.Load().classes, after, through, limit)
		return err
	})
	if err != nil {
		return store.Chunk{}, fmt.Errorf("reading history %s: %w", l.path, err)
	}
	return c, nil
}

// readChunk reads a chunk of a file.
func readChunk(tx *bbolt.Tx, epochs *store.Epochs, classes *store.Classes, after, through store.Position, limit int) (store.Chunk, error) {
	c := store.Chunk{Through: through}
	e, err := readTotals(tx)
	if err != nil {
		return c, err
	}
	c.Gone = store.Gone{Updates: e.updates.trimmed, Subscriptions: e.subscriptions.trimmed, ByClass: readMarks(tx, classes)}
	size := 0
	for p, v := range entriesAfter(tx, after) {
		if p > through {
			break
		}
		if size += len(v); size > limit && len(c.Entries) > 0 {
			c.Through = c.Entries[len(c.Entries)-1].Position
			break
		}
		entry, err := epochs.Entry(p, v)
		if err != nil {
			return c, fmt.Errorf("%w (%w)", errDamaged, err)
		}
		c.Entries = append(c.Entries, entry)
	}
	return c, nil
}

// entriesAfter goes over the records of both kinds after a position, in order.
func entriesAfter(tx *bbolt.Tx, after store.Position) iter.Seq2[store.Position, store.Record] {
	return func(yield func(store.Position, store.Record) bool) {
		from := positionKey(after + 1)
		updates := tx.Bucket(logBucket).Cursor()
		uk, uv := updates.Seek(from)
		var subscriptions *bbolt.Cursor
		var sk, sv []byte
		if b := tx.Bucket(presenceBucket); b != nil { // format 1 has none
			subscriptions = b.Cursor()
			sk, sv = subscriptions.Seek(from)
		}
		for uk != nil || sk != nil {
			if sk == nil || uk != nil && bytes.Compare(uk, sk) < 0 {
				if !yield(position(uk), uv) {
					return
				}
				uk, uv = updates.Next()
				continue
			}
			if !yield(position(sk), sv) {
				return
			}
			sk, sv = subscriptions.Next()
		}
	}
}

// view runs one read transaction.
func (l *Log) view(read func(*bbolt.Tx) error) (err error) {
	l.files.RLock()
	defer l.files.RUnlock()
	if l.db == nil {
		if l.isClosed() {
			return store.ErrClosed
		}
		return store.ErrUnavailable // until the writer has reopened it
	}
	defer boltfile.FaultsPanic()()
	defer recoverDamage(&err)
	return l.db.View(read)
}

func (l *Log) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Find resolves a cursor.
func (l *Log) Find(ctx context.Context, id string) (store.Place, error) {
	if err := ctx.Err(); err != nil {
		return store.Place{}, err
	}
	b, err := l.tail.Bounds()
	if err != nil {
		return store.Place{}, err
	}
	l.mu.Lock()
	given := l.last
	l.mu.Unlock()
	return l.epochs.Find(id, given, b, l.earliest)
}

// earliest returns the position of the earliest visible entry that brought an
// id. The window is asked first: an entry may leave it for the file meanwhile,
// never the other way.
func (l *Log) earliest(id string) (store.Position, error) {
	recent := l.tail.Earliest(id)
	b, err := l.tail.Bounds()
	if err != nil {
		return 0, err
	}
	if len(id) > maxIndexedID {
		return recent, nil
	}
	var p store.Position
	err = l.view(func(tx *bbolt.Tx) error {
		p = earliestOf(tx, id)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("looking up an id in history %s: %w", l.path, err)
	}
	if p == 0 || p > b.Newest {
		return recent, nil
	}
	return p, nil
}

// earliestOf returns the position of the earliest retained entry in a file that
// brought an id, 0 for none.
func earliestOf(tx *bbolt.Tx, id string) store.Position {
	k, _ := tx.Bucket(idsBucket).Cursor().Seek(idKey(id, 0))
	if rest, ok := bytes.CutPrefix(k, append([]byte(id), 0)); ok {
		return position(rest)
	}
	return 0
}

package bolt

import (
	"context"
	"fmt"
	"time"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
)

// An Archive is a history that is only read: nothing is written to its file,
// and so no epoch starts. While it is open nobody can open the file for
// writing. It is safe for concurrent use.
type Archive struct {
	path   string
	file   *boltfile.File
	ends   ends
	epochs *store.Epochs
}

// OpenArchive opens the history in a file that no process has open, after a
// look at every page of it.
func OpenArchive(path string) (*Archive, error) {
	f, err := boltfile.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading history %s: %w", path, explain(err))
	}
	a := &Archive{path: path, file: f}
	err = a.view(func(tx *bbolt.Tx) error {
		h, err := readHistory(tx)
		if err != nil {
			return err
		}
		if len(h.past) == 0 { // made, and never opened
			h.past = []store.Span{{First: 1}}
		}
		a.ends, a.epochs = h.ends, store.PastEpochs(h.key, h.past)
		return nil
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("reading history %s: %w", path, err)
	}
	return a, nil
}

func (a *Archive) view(read func(*bbolt.Tx) error) error { return explain(a.file.View(read)) }

// within runs a read transaction and says what it was for.
func (a *Archive) within(ctx context.Context, read func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.view(read); err != nil {
		return fmt.Errorf("reading history %s: %w", a.path, err)
	}
	return nil
}

// Read returns entries after a position, as [store.Log] does.
func (a *Archive) Read(ctx context.Context, after store.Position, limit int) (c store.Chunk, err error) {
	err = a.within(ctx, func(tx *bbolt.Tx) (err error) {
		c, err = readChunk(tx, a.epochs, nil, after, max(after, a.ends.head), limit)
		return err
	})
	return c, err
}

// Find resolves a cursor.
func (a *Archive) Find(ctx context.Context, id string) (place store.Place, err error) {
	err = a.within(ctx, func(tx *bbolt.Tx) (err error) {
		place, err = a.epochs.Find(id, a.ends.head, a.bounds(), func(id string) (store.Position, error) {
			if len(id) > maxIndexedID {
				return 0, nil
			}
			return earliestOf(tx, id), nil
		})
		return err
	})
	return place, err
}

// Since finds where a time begins.
func (a *Archive) Since(ctx context.Context, t time.Time) (place store.Place, err error) {
	err = a.within(ctx, func(tx *bbolt.Tx) (err error) {
		place.After, err = lastBefore(tx, t)
		return err
	})
	place.Found, place.Gone = store.Known, a.bounds().Gone
	return place, err
}

// Bounds returns the ends of the history.
func (a *Archive) Bounds(ctx context.Context) (store.Bounds, error) { return a.bounds(), ctx.Err() }

func (a *Archive) bounds() store.Bounds {
	u, s := &a.ends.updates, &a.ends.subscriptions
	oldest := u.oldest
	if oldest == 0 || s.oldest > 0 && s.oldest < oldest {
		oldest = s.oldest
	}
	return store.Bounds{Oldest: oldest, Newest: a.ends.head, Gone: store.Gone{Updates: u.trimmed, Subscriptions: s.trimmed}}
}

// Summary describes the history.
func (a *Archive) Summary(ctx context.Context) (store.Summary, error) {
	s, err := summary(ctx, a.path, a.view)
	if err != nil {
		return store.Summary{}, fmt.Errorf("reading history %s: %w", a.path, err)
	}
	return s, nil
}

// Close releases the file.
func (a *Archive) Close() error { return a.file.Close() }

package bolt

import (
	"errors"
	"fmt"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
)

// Stat describes the history in a file that no process has open. It writes
// nothing, and so starts no epoch. It reads the whole file, to find damage.
func Stat(path string) (store.Summary, error) {
	s, err := stat(path)
	if err != nil {
		return store.Summary{}, fmt.Errorf("reading history %s: %w", path, explain(err))
	}
	return s, nil
}

func stat(path string) (s store.Summary, err error) {
	f, err := boltfile.Open(path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if s.File, err = f.Size(); err != nil {
		return s, err
	}
	return s, f.View(func(tx *bbolt.Tx) error {
		h, err := readHistory(tx)
		if err != nil {
			return err
		}
		u := &h.ends.updates
		s.Entries, s.Bytes, s.Trimmed = u.count, u.bytes, u.trimmed
		s.Presence = h.ends.subscriptions.count
		s.Epochs = len(h.past)
		s.Brought = int64(tx.Bucket(idsBucket).Stats().KeyN)
		s.Oldest, s.Newest, err = edges(tx, h)
		return err
	})
}

// edges reads the first and the last update.
func edges(tx *bbolt.Tx, h history) (oldest, newest *store.Entry, err error) {
	u := &h.ends.updates
	if u.oldest == 0 {
		return nil, nil, nil
	}
	if len(h.past) == 0 {
		return nil, nil, fmt.Errorf("%w (no epoch)", errDamaged)
	}
	epochs := store.PastEpochs(h.key, h.past)
	entry := func(p store.Position) (*store.Entry, error) {
		e, err := epochs.Entry(p, tx.Bucket(logBucket).Get(positionKey(p)))
		if err != nil {
			return nil, fmt.Errorf("%w (%w)", errDamaged, err)
		}
		return &e, nil
	}
	if oldest, err = entry(u.oldest); err != nil {
		return nil, nil, err
	}
	newest, err = entry(u.newest)
	return oldest, newest, err
}

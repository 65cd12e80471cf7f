package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// Stat describes the history in a file that no process has open. It writes
// nothing, and so starts no epoch. It reads the whole file, to find damage.
func Stat(path string) (store.Summary, error) {
	a, err := OpenArchive(path)
	if err != nil {
		return store.Summary{}, err
	}
	s, err := a.Summary(context.Background())
	return s, errors.Join(err, a.Close())
}

// Summary describes what the file holds. What was appended in the last moment
// may be missing.
func (l *Log) Summary(ctx context.Context) (store.Summary, error) {
	s, err := summary(ctx, l.path, l.view)
	if err != nil {
		return store.Summary{}, fmt.Errorf("describing history %s: %w", l.path, err)
	}
	return s, nil
}

// A viewer runs a read transaction, a short one where somebody writes.
type viewer func(read func(*bbolt.Tx) error) error

func summary(ctx context.Context, path string, view viewer) (s store.Summary, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return s, err
	}
	s.File = info.Size()
	err = view(func(tx *bbolt.Tx) error {
		h, err := readHistory(tx)
		if err != nil {
			return err
		}
		u := &h.ends.updates
		s.Entries, s.Bytes, s.Trimmed = u.count, u.bytes, u.trimmed
		s.Presence = h.ends.subscriptions.count
		s.Epochs = len(h.past)
		s.Oldest, s.Newest, err = edges(tx, h)
		return err
	})
	if err != nil {
		return s, err
	}
	for keys, err := range broughtKeys(ctx, view) {
		if err != nil {
			return s, err
		}
		s.Brought += int64(len(keys))
	}
	return s, nil
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

package bolt

import (
	"errors"
	"testing"

	"cinnabar/store"
	"cinnabar/store/storetest"

	"go.etcd.io/bbolt"
)

// toFormat1 makes of a history what the first version of Cinnabar would have
// written: no subscriptions, and totals that know of none.
func toFormat1(tx *bbolt.Tx) error {
	e, err := readTotals(tx)
	if err != nil {
		return err
	}
	meta := tx.Bucket(metaBucket)
	return errors.Join(
		tx.DeleteBucket(presenceBucket),
		tx.DeleteBucket(openBucket),
		meta.Put(endsKey, e.encode()[:endsSizeFormat1]),
		meta.Put(formatKey, []byte(formatName+earlierVersion)),
	)
}

// TestFormat1: a history of the first format is described as it is, and goes on
// as one of today's when it is opened for writing.
func TestFormat1(t *testing.T) {
	path := newHistory(t)
	alter(t, path, toFormat1)

	before, err := Stat(path)
	if err != nil || before.Entries == 0 || before.Presence != 0 {
		t.Fatalf("the first format is described as %+v, error %v", before, err)
	}
	log, err := Open(path, Options{})
	if err != nil {
		t.Fatalf("opening the first format: %v", err)
	}
	chunk, err := log.Read(background, 0, 1<<30)
	if err != nil || int64(len(chunk.Entries)) != before.Entries {
		t.Fatalf("%d entries, error %v; want %d", len(chunk.Entries), err, before.Entries)
	}
	last := chunk.Entries[len(chunk.Entries)-1]
	if place, err := log.Find(background, last.ID.String()); err != nil || place != (store.Place{After: last.Position, Found: store.Known}) {
		t.Errorf("the id of the last entry leads to %+v, error %v", place, err)
	}
	if _, err := log.Append(background, store.Disk, storetest.Update(t, "new")); err != nil {
		t.Errorf("appending: %v", err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := Stat(path)
	if err != nil || after.Entries != before.Entries+1 {
		t.Errorf("afterwards it is described as %+v, error %v", after, err)
	}
	alter(t, path, func(tx *bbolt.Tx) error {
		if got := string(tx.Bucket(metaBucket).Get(formatKey)); got != formatName+formatVersion {
			t.Errorf("its format is %q now, want %s", got, formatVersion)
		}
		return nil
	})
}

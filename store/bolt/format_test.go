package bolt

import (
	"errors"
	"testing"

	"cinnabar/store"
	"cinnabar/store/storetest"

	"go.etcd.io/bbolt"
)

// toFormat makes of a history what an earlier version of Cinnabar would have
// written: no keys, in the first also no subscriptions, and totals that know of
// none.
func toFormat(version string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		e, err := readTotals(tx)
		if err != nil {
			return err
		}
		meta := tx.Bucket(metaBucket)
		for _, name := range buckets[formatVersion][len(buckets[version]):] {
			err = errors.Join(err, tx.DeleteBucket(name))
		}
		if version == "1" {
			err = errors.Join(err, meta.Put(endsKey, e.encode()[:endsSizeFormat1]))
		}
		return errors.Join(err, meta.Delete(keyCountKey), meta.Put(formatKey, []byte(formatName+version)))
	}
}

// TestEarlierFormats: a history of an earlier format is described as it is, and
// goes on as one of today's when it is opened for writing.
func TestEarlierFormats(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		t.Run(version, func(t *testing.T) { testEarlierFormat(t, version) })
	}
}

func testEarlierFormat(t *testing.T, version string) {
	path := newHistory(t)
	alter(t, path, toFormat(version))

	before, err := Stat(path)
	if err != nil || before.Entries == 0 || before.Presence != 0 {
		t.Fatalf("the earlier format is described as %+v, error %v", before, err)
	}
	log, err := Open(path, Options{})
	if err != nil {
		t.Fatalf("opening the earlier format: %v", err)
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
	for _, repeated := range []bool{false, true} {
		r, err := log.AppendOnce(background, store.Disk, store.Once{Key: [32]byte{1}}, storetest.Update(t, "once"))
		if err != nil || r.Repeated != repeated {
			t.Errorf("appending with a key: repeated %v, error %v; want %v", r.Repeated, err, repeated)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := Stat(path)
	if err != nil || after.Entries != before.Entries+2 {
		t.Errorf("afterwards it is described as %+v, error %v", after, err)
	}
	alter(t, path, func(tx *bbolt.Tx) error {
		if got := string(tx.Bucket(metaBucket).Get(formatKey)); got != formatName+formatVersion {
			t.Errorf("its format is %q now, want %s", got, formatVersion)
		}
		return nil
	})
}

package bolt

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"

	"go.etcd.io/bbolt"
)

func TestStat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	l, err := Open(path, Options{MaxCount: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	empty, err := Stat(path)
	if err != nil || empty.Entries != 0 || empty.Oldest != nil || empty.Newest != nil || empty.Epochs != 1 {
		t.Errorf("an empty history: %+v, error %v; want no entries and 1 epoch", empty, err)
	}

	if l, err = Open(path, Options{MaxCount: 3}); err != nil {
		t.Fatal(err)
	}
	var last store.Receipt
	var size int64
	for i, id := range []string{"urn:trimmed", "", "urn:kept", ""} {
		u, err := spec.NewUpdate(spec.Fields{Topics: []string{"a"}, ID: id}, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
		if err != nil {
			t.Fatal(err)
		}
		if last, err = l.Append(background, store.Disk, u); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			r, _ := store.NewRecord(&store.Entry{Update: u})
			size += int64(len(r))
		}
	}
	b, err := l.Read(background, 0, 1<<20)
	if err != nil || len(b.Entries) != 3 {
		t.Fatalf("%d entries, error %v; want 3", len(b.Entries), err)
	}
	if _, err := Stat(path); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("a history in use: %v, want that said", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Entries != 3 || got.Bytes != size || got.Brought != 1 || got.Epochs != 2 || got.Trimmed != 1 || got.File != int64(len(before)) {
		t.Errorf("%+v; want 3 entries of %d bytes, 1 of them brought, 2 epochs, trimmed 1, a file of %d bytes", got, size, len(before))
	}
	for name, edge := range map[string]struct{ got, want *store.Entry }{
		"oldest": {got.Oldest, &b.Entries[0]},
		"newest": {got.Newest, &last.Entries[0]},
	} {
		if edge.got.Position != edge.want.Position || edge.got.ID != edge.want.ID || !edge.got.At.Equal(edge.want.At) {
			t.Errorf("%s: %+v, want %+v: what was shown while it was open", name, edge.got, edge.want)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("looking at the history changed it (%v)", err)
	}
}

func TestStatRefuses(t *testing.T) {
	path := newHistory(t)
	if _, err := Stat(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v, want %v", err, fs.ErrNotExist)
	}
	alter(t, path, func(tx *bbolt.Tx) error {
		return tx.Bucket(logBucket).Put(positionKey(400), make([]byte, 9)) // of no known kind
	})
	if _, err := Stat(path); !errors.Is(err, errDamaged) {
		t.Errorf("a damaged entry: %v, want %v", err, errDamaged)
	}
	if err := os.WriteFile(path, []byte("Dear diary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Stat(path); !errors.Is(err, errForeign) {
		t.Errorf("a diary: %v, want %v", err, errForeign)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Stat(path); !errors.Is(err, errForeign) {
		t.Errorf("an empty file: %v, want %v", err, errForeign)
	}
}

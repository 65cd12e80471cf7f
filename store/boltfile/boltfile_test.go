package boltfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// newFile makes a file with a tree of several pages, and returns its path and
// content.
func newFile(t *testing.T) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "some.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("bucket"))
		for i := range 2000 {
			err = errors.Join(err, b.Put(fmt.Appendf(nil, "%08d", i), []byte("some value")))
		}
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if content, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return path, content
}

func TestOpen(t *testing.T) {
	path, before := newFile(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := f.Size(); err != nil || size != int64(len(before)) {
		t.Errorf("size %d, error %v; want %d", size, err, len(before))
	}
	keys := 0
	err = f.View(func(tx *bbolt.Tx) error {
		keys = tx.Bucket([]byte("bucket")).Stats().KeyN
		return nil
	})
	if err := errors.Join(err, f.Close()); err != nil || keys != 2000 {
		t.Errorf("%d keys, error %v; want 2000", keys, err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("reading the file changed it (%v)", err)
	}
}

func TestView(t *testing.T) {
	path, _ := newFile(t)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wrong := errors.New("wrong")
	if err := f.View(func(*bbolt.Tx) error { return wrong }); err != wrong {
		t.Errorf("%v, want the reader's own error", err)
	}
	var damage *Damage
	if err := f.View(func(*bbolt.Tx) error { panic("page 3 already freed") }); !errors.As(err, &damage) {
		t.Errorf("%v, want a panic of bbolt to be a Damage", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	page := os.Getpagesize()
	for name, tt := range map[string]struct {
		change func(content []byte) []byte
		want   error // nil for a Damage
	}{
		"an empty file": {func([]byte) []byte { return nil }, berrors.ErrInvalid},
		"text":          {func([]byte) []byte { return bytes.Repeat([]byte("Dear diary\n"), 2000) }, berrors.ErrInvalid},
		"cut short":     {func(b []byte) []byte { return b[:3*page] }, nil},
		"all pages overwritten": {func(b []byte) []byte {
			for i := 2 * page; i < len(b); i++ {
				b[i] ^= 0xa5
			}
			return b
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path, content := newFile(t)
			if err := os.WriteFile(path, tt.change(content), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path)
			if err == nil {
				f.Close()
			}
			var damage *Damage
			if tt.want == nil && !errors.As(err, &damage) || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v (nil: a Damage)", err, tt.want)
			}
		})
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, berrors.ErrInvalid) {
		t.Errorf("a folder: %v, want %v", err, berrors.ErrInvalid)
	}
}

func TestInUse(t *testing.T) {
	path, _ := newFile(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := Open(path); !errors.Is(err, berrors.ErrTimeout) {
		t.Errorf("%v, want %v", err, berrors.ErrTimeout)
	}
}

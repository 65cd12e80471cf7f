package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// history makes a file with some entries and returns its path.
func newHistory(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hub.db")
	l, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, err := add(t, l, store.OS, strings.Repeat("x", 1000), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// alter changes a history behind the engine's back.
func alter(t testing.TB, path string, change func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(change); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(t *testing.T, path string)
		want error
	}{
		"text": {func(t *testing.T, path string) {
			os.WriteFile(path, []byte(strings.Repeat("Dear diary\n", 5000)), 0o600)
		}, errForeign},
		"a few bytes": {func(t *testing.T, path string) { os.WriteFile(path, []byte("x"), 0o600) }, errForeign},
		"zeros":       {func(t *testing.T, path string) { os.WriteFile(path, make([]byte, 1<<20), 0o600) }, errForeign},
		"another program's bolt file": {func(t *testing.T, path string) {
			alter(t, path, func(tx *bbolt.Tx) error {
				_, err := tx.CreateBucket([]byte("updates"))
				return err
			})
		}, errForeign},
		"another program's meta bucket": {func(t *testing.T, path string) {
			alter(t, path, func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucket(metaBucket)
				return errors.Join(err, b.Put(formatKey, []byte("7")))
			})
		}, errForeign},
		"a later format": {func(t *testing.T, path string) {
			os.Rename(newHistory(t), path)
			alter(t, path, func(tx *bbolt.Tx) error {
				return tx.Bucket(metaBucket).Put(formatKey, []byte(formatName+"4"))
			})
		}, errNewer},
		"no log": {func(t *testing.T, path string) {
			os.Rename(newHistory(t), path)
			alter(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket(logBucket) })
		}, errDamaged},
		"last entries gone": {func(t *testing.T, path string) {
			os.Rename(newHistory(t), path)
			alter(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(logBucket).Delete(positionKey(400)) })
		}, errDamaged},
		"cut short": {func(t *testing.T, path string) {
			os.Rename(newHistory(t), path)
			os.Truncate(path, 5*int64(os.Getpagesize()))
		}, errDamaged},
		"pages overwritten": {func(t *testing.T, path string) {
			b, err := os.ReadFile(newHistory(t))
			if err != nil {
				t.Fatal(err)
			}
			page := os.Getpagesize()
			for i := 2 * page; i < len(b); i++ {
				b[i] ^= 0xa5
			}
			os.WriteFile(path, b, 0o600)
		}, errDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hub.db")
			tt.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := Open(path, Options{})
			if err == nil {
				l.Close()
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("opening: %v, want %v and the file's name", err, tt.want)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was modified (%v)", err)
			}
		})
	}
}

// TestDamageAtRandom: a damaged file is refused or served, but it does not end
// the process.
func TestDamageAtRandom(t *testing.T) {
	good, err := os.ReadFile(newHistory(t))
	if err != nil {
		t.Fatal(err)
	}
	good = bytes.TrimRight(good, "\x00")
	page := os.Getpagesize()
	path := filepath.Join(t.TempDir(), "hub.db")
	refused := 0
	for at := 2 * page; at < len(good); at += page {
		for _, damage := range []struct{ from, size int }{{0, 16}, {16, 64}, {8, 2}, {12, 4}, {0, page}} {
			bad := bytes.Clone(good)
			for i := at + damage.from; i < min(at+damage.from+damage.size, len(bad)); i++ {
				bad[i] ^= 0x5a
			}
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := Open(path, Options{})
			if err != nil {
				refused++
				continue
			}
			for after := store.Position(0); ; {
				c, err := l.Read(background, after, 1<<16)
				if err != nil || len(c.Entries) == 0 {
					break
				}
				after = c.Through
			}
			add(t, l, store.Disk, "x")
			l.Close()
		}
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}

func TestFileInUse(t *testing.T) {
	path := newHistory(t)
	l, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	start := time.Now()
	_, err = Open(path, Options{})
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v to say that the file is in use", took)
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opening a file in use: %v, want its name and the reason", err)
	}
}

func TestNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "hub.db")
	l, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if runtime.GOOS == "windows" {
		return // no modes
	}
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o700} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, error %v; want %v", p, info.Mode().Perm(), err, want)
		}
	}
}

func TestFolderInTheWay(t *testing.T) {
	path := t.TempDir()
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("opening a folder: %v", err)
	}
}

// TestFileIsReused: with a retention the file stays about as large as what it
// holds, however much passes through.
func TestFileIsReused(t *testing.T) {
	l, err := Open(filepath.Join(t.TempDir(), "hub.db"), Options{MaxBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	body := strings.Repeat("x", 4000)
	var many [64]string
	for i := range many {
		many[i] = body
	}
	for range 400 { // 100 MiB
		if _, err := add(t, l, store.OS, many[:]...); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(l.path); err != nil || info.Size() > 40<<20 {
		t.Errorf("after 100 MiB of entries, of which 4 are retained, the file has %d MiB (%v)", info.Size()>>20, err)
	}
}

// TestTakenOver: a history that another process has started to write is not
// written any more.
func TestTakenOver(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	add(t, l, store.Disk, "a")
	d.fail(func(tx *bbolt.Tx) error {
		tx.Rollback()
		l.files.Lock() // and what happens while the file is closed for a moment
		l.db.Close()
		l.db = nil
		l.files.Unlock()
		other, err := Open(l.path, Options{})
		if err != nil {
			t.Errorf("the other process: %v", err)
			return errDisk
		}
		other.Close()
		return errDisk
	})
	if _, err := add(t, l, store.Disk, "b"); !errors.Is(err, errTakenOver) {
		t.Errorf("appending: %v, want %v", err, errTakenOver)
	}
}

func TestManyEpochs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	l, err := Open(path, Options{MaxCount: 1})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := add(t, l, store.Disk, "first")
	add(t, l, store.Disk, "second")
	add(t, l, store.Disk, "third")
	l.Close()
	alter(t, path, func(tx *bbolt.Tx) error {
		for i := range maxEpochs + 10 {
			if err := addEpoch(tx, nil, store.Span{Epoch: store.Epoch(i + 1), First: 2}, 0); err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		if l, err = Open(path, Options{MaxCount: 1}); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Find(background, first[0].ID.String()); err != nil || got.Found == store.Known && got.After >= got.Gone.Updates {
			t.Errorf("an id of an epoch that was dropped leads to %+v, error %v", got, err)
		}
		want(t, "entries", all(t, l), "3:third")
		l.Close()
	}
	alter(t, path, func(tx *bbolt.Tx) error {
		if n := tx.Bucket(epochsBucket).Stats().KeyN; n > maxEpochs+1 {
			t.Errorf("%d epochs are listed, want at most %d", n, maxEpochs+1)
		}
		return nil
	})
}

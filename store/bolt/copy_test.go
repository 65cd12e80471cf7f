package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/storetest"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

const patience = 20 * time.Second

func silent(store.Copied) {}

// everything is what a file holds, by bucket, key and value; nested buckets
// have the names of their parents before theirs.
func everything(t testing.TB, path string) map[string]string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := make(map[string]string)
	var walk func(name string, b *bbolt.Bucket) error
	walk = func(name string, b *bbolt.Bucket) error {
		all[name+" sequence"] = fmt.Sprint(b.Sequence())
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return walk(name+"/"+string(k), b.Bucket(k))
			}
			all[fmt.Sprintf("%s/%x", name, k)] = string(v)
			return nil
		})
	}
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error { return walk(string(name), b) })
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameContent(t testing.TB, what string, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if g, ok := got[k]; !ok || g != v {
			t.Errorf("%s: %q is %q (there: %v), want %q", what, k, g, ok, v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: there is %q too", what, k)
		}
	}
}

// used makes a history with everything in it: trimmed entries, brought ids,
// two epochs, subscriptions that are open, and what a later version may add.
func used(t testing.TB, path string, n int, o Options) *Log {
	t.Helper()
	l, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, 0, n/2)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	addUnknown(t, path)
	if l, err = Open(path, o); err != nil {
		t.Fatal(err)
	}
	fill(t, l, n/2, n)
	open := subscriptions(t, "a", "b")
	if _, err := l.Change(background, open...); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Change(background, open[0].Ended()); err != nil {
		t.Fatal(err)
	}
	fill(t, l, n, n+1)
	return l
}

// addUnknown adds what some other part of the program may keep in the file.
func addUnknown(t testing.TB, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("another"))
		if err != nil {
			return err
		}
		inner, err := b.CreateBucket([]byte("inner"))
		return errors.Join(err, b.Put([]byte("k"), []byte("v")), b.SetSequence(7), inner.Put([]byte("empty"), nil))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// fill appends numbered updates, of which every third brings an id.
func fill(t testing.TB, l *Log, from, to int) {
	t.Helper()
	for from < to {
		var updates []*spec.Update
		for ; from < to && len(updates) < 100; from++ {
			f := spec.Fields{Data: fmt.Sprint(from, strings.Repeat("x", 900)), Topics: []string{"a"}}
			if from%3 == 0 {
				f.ID = fmt.Sprintf("urn:x:%d:%d", from%7, from)
			}
			updates = append(updates, storetest.UpdateOf(t, f))
		}
		if _, err := l.Append(background, store.Disk, updates...); err != nil {
			t.Fatal(err)
		}
	}
}

func subscriptions(t testing.TB, matchers ...string) []*spec.Subscription {
	t.Helper()
	selectors := make([]*spec.Selector, len(matchers))
	for i, m := range matchers {
		var err error
		if selectors[i], err = spec.ParseMatcher("", m, spec.UnnamedBase()); err != nil {
			t.Fatal(err)
		}
	}
	made, err := spec.NewSubscriptions(spec.NewSubscriberID(), selectors, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestBackup: a backup is the history, whoever has it open, byte for byte of
// what it says.
func TestBackup(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "hub.db")
	l := used(t, path, 10_000, Options{MaxCount: 9000})
	live, stopped := filepath.Join(folder, "live.db"), filepath.Join(folder, "stopped.db")
	told := 0
	made, err := l.Backup(background, live, false, func(c store.Copied) {
		if told++; c.Total != 9000 {
			t.Errorf("told %+v, want a total of 9000", c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Updates != 9000 || made.Presence != 3 || told < 2 || made.Newest != l.w.ends.head {
		t.Errorf("%+v after %d words; want 9000 updates, 3 subscription events, some words", made, told)
	}
	if _, err := l.Backup(background, live, false, silent); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a backup in the place of another: %v, want that refused", err)
	}
	if _, err := l.Backup(background, path, true, silent); err == nil || !strings.Contains(err.Error(), "the history itself") {
		t.Errorf("a backup in the place of the history: %v, want that refused", err)
	}
	if _, err := l.Backup(background, live, true, silent); err != nil {
		t.Errorf("replacing a backup: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want := everything(t, path)
	sameContent(t, "backup of a live history", everything(t, live), want)

	a, err := OpenArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := a.Backup(background, stopped, false, silent); err != nil || again.Digest != made.Digest {
		t.Errorf("a backup of the stopped history: %+v, error %v; want the same digest", again, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	sameContent(t, "backup of a stopped history", everything(t, stopped), want)
	leftOver(t, folder, "hub.db", "live.db", "stopped.db")
}

// leftOver looks for files that nobody should have left.
func leftOver(t *testing.T, folder string, want ...string) {
	t.Helper()
	there, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		if !strings.Contains(" "+strings.Join(want, " ")+" ", " "+f.Name()+" ") {
			t.Errorf("%s was left behind", f.Name())
		}
	}
}

// TestCompact: the history is the same before and after, and smaller.
func TestCompact(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "hub.db")
	l := used(t, path, 30_000, Options{})
	l.Retain(store.Retention{MaxCount: 500})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if s, err := l.Summary(background); err != nil {
			t.Fatal(err)
		} else if s.Entries == 500 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not trimmed")
		}
	}
	before := filepath.Join(folder, "before.db")
	if _, err := l.Backup(background, before, false, silent); err != nil {
		t.Fatal(err)
	}
	done, err := l.Compact(background, silent)
	if err != nil {
		t.Fatal(err)
	}
	if done.Updates != 500 || done.After >= done.Before || done.After > 4*copyGrowth || done.Paused <= 0 {
		t.Errorf("%+v; want 500 updates in a smaller file, of %d bytes at most", done, 4*copyGrowth)
	}
	t.Logf("%+v", done)
	b, err := l.Bounds(background)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, 50_000, 50_010)
	c, err := l.Read(background, b.Newest, 1<<20)
	if err != nil || len(c.Entries) != 10 {
		t.Errorf("%d entries after compacting, error %v; want 10", len(c.Entries), err)
	}
	if place, err := l.Find(background, c.Entries[4].ID.String()); err != nil || place.After != c.Entries[4].Position {
		t.Errorf("a cursor leads to %+v, error %v", place, err)
	}
	if again, err := l.Compact(background, silent); err != nil || again.Updates != 500 {
		t.Errorf("compacting what is compact: %+v, error %v", again, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got, want := everything(t, path), everything(t, before)
	for k := range got { // what came afterwards
		if _, ok := want[k]; !ok && (strings.HasPrefix(k, "log/") || strings.HasPrefix(k, "ids/")) {
			delete(got, k)
		}
	}
	const totals = "meta/656e6473"
	delete(got, totals)
	delete(want, totals)
	for k := range want { // trimmed afterwards
		if _, ok := got[k]; !ok && (strings.HasPrefix(k, "log/") || strings.HasPrefix(k, "ids/")) {
			delete(want, k)
		}
	}
	sameContent(t, "compacted", got, want)
	leftOver(t, folder, "hub.db", "before.db")
	if l, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCompactKeepsEverything compares the whole file, of a history that
// nobody appends to.
func TestCompactKeepsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	rule, err := spec.ParseTopicSelector("a")
	if err != nil {
		t.Fatal(err)
	}
	l := used(t, path, 12_000, Options{Rules: []store.Rule{{Selector: rule, MaxCount: 11_000}}})
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	before := filepath.Join(t.TempDir(), "before.db")
	if _, err := l.Backup(background, before, false, silent); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Compact(background, silent); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	sameContent(t, "compacted", everything(t, path), everything(t, before))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, error %v; want that of the file before", info.Mode(), err)
	}
}

// TestCompactUnderLoad: publishers, readers and followers notice nothing but a
// pause.
func TestCompactUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	l, err := Open(path, Options{MaxCount: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, 0, 20_000)
	b, err := l.Bounds(background)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(background)
	var busy sync.WaitGroup
	var acknowledged [4][]store.Entry
	for i := range acknowledged {
		busy.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				u := storetest.UpdateOf(t, spec.Fields{Data: fmt.Sprint(i, n), ID: fmt.Sprintf("urn:%d:%d", i, n)})
				r, err := l.Append(background, store.Disk, u)
				if err != nil {
					t.Errorf("appending: %v", err)
					return
				}
				acknowledged[i] = append(acknowledged[i], r.Entries...)
			}
		})
	}
	busy.Go(func() { // a reader far behind, so that it reads the file
		for ctx.Err() == nil {
			if _, err := l.Read(background, 1, 10_000); err != nil {
				t.Errorf("reading: %v", err)
				return
			}
		}
	})
	var followed []store.Entry
	busy.Go(func() {
		err := l.Follow(ctx, b.Newest, func(e []store.Entry) { followed = append(followed, e...) })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("following: %v", err)
		}
	})
	for range 3 {
		done, err := l.Compact(background, silent)
		if err != nil {
			t.Error(err)
		}
		t.Logf("%+v", done)
		if done.Paused > 2*time.Second {
			t.Errorf("publishes waited for %v", done.Paused)
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if _, err := l.Backup(background, copied, false, silent); err != nil {
			t.Error(err)
		}
	}
	stop()
	busy.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(followed); i++ {
		if followed[i].Position != followed[i-1].Position+1 {
			t.Fatalf("the follower got %d after %d", followed[i].Position, followed[i-1].Position)
		}
	}
	l, err = Open(path, Options{MaxBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	bounds, _ := l.Bounds(background)
	n := 0
	for _, entries := range acknowledged {
		for _, e := range entries {
			if e.Position <= bounds.Gone.Updates {
				continue
			}
			n++
			if place, err := l.Find(background, e.ID.String()); err != nil || place.After != e.Position {
				t.Fatalf("%s leads to %+v, error %v; want %d", e.ID, place, err, e.Position)
			}
		}
	}
	t.Logf("%d updates were acknowledged meanwhile and are there", n)
}

// TestCopyFaults: whatever fails, the history is as it was and goes on, and
// nothing is left behind.
func TestCopyFaults(t *testing.T) {
	copies := map[string]func(*Log, context.Context, string) error{
		"compact": func(l *Log, ctx context.Context, _ string) error {
			_, err := l.Compact(ctx, silent)
			return err
		},
		"backup": func(l *Log, ctx context.Context, folder string) error {
			_, err := l.Backup(ctx, filepath.Join(folder, "copy.db"), false, silent)
			return err
		},
	}
	for name, run := range copies {
		for failing := 1; ; failing++ { // the commit of the draft that fails
			folder := t.TempDir()
			path := filepath.Join(folder, "hub.db")
			used(t, path, 5000, Options{}).Close()
			commits := 0
			l, err := open(path, Options{}, func(tx *bbolt.Tx) error {
				if filepath.Base(tx.DB().Path()) != "hub.db" {
					if commits++; commits == failing {
						tx.Rollback()
						return errDisk
					}
				}
				return tx.Commit()
			})
			if err != nil {
				t.Fatal(err)
			}
			err = run(l, background, folder)
			if commits < failing {
				if err != nil {
					t.Errorf("%s without a fault: %v", name, err)
				}
				l.Close()
				if failing < 4 {
					t.Errorf("%s makes %d commits, want some", name, commits)
				}
				break
			}
			if !errors.Is(err, errDisk) {
				t.Errorf("%s, commit %d fails: %v, want that told", name, failing, err)
			}
			if err := l.Health(); err != nil {
				t.Errorf("%s, commit %d fails: the history is ill: %v", name, failing, err)
			}
			fill(t, l, 6000, 6001)
			if l.w.held {
				t.Errorf("%s, commit %d fails: nothing is trimmed any more", name, failing)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			leftOver(t, folder, "hub.db")
		}
		t.Run(name+" without room", func(t *testing.T) {
			folder := t.TempDir()
			l := used(t, filepath.Join(folder, "hub.db"), 1000, Options{})
			defer l.Close()
			asked := 0
			l.free = func(string) (int64, bool) {
				asked++
				return map[bool]int64{true: spare - 1, false: 1 << 40}[asked > 2], true
			}
			if err := run(l, background, folder); err == nil || !strings.Contains(err.Error(), "make room there") {
				t.Errorf("%v, want that there is no room", err)
			}
			leftOver(t, folder, "hub.db")
		})
		t.Run(name+" cancelled", func(t *testing.T) {
			folder := t.TempDir()
			l := used(t, filepath.Join(folder, "hub.db"), 1000, Options{})
			defer l.Close()
			ctx, cancel := context.WithCancel(background)
			l.free = func(string) (int64, bool) { cancel(); return 1 << 40, true }
			if err := run(l, ctx, folder); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want the context's error", err)
			}
			leftOver(t, folder, "hub.db")
			if l.w.held {
				t.Error("nothing is trimmed any more")
			}
		})
		t.Run(name+" closed", func(t *testing.T) {
			folder := t.TempDir()
			l := used(t, filepath.Join(folder, "hub.db"), 1000, Options{})
			l.free = func(string) (int64, bool) {
				l.Close()
				return 1 << 40, true
			}
			if err := run(l, background, folder); !errors.Is(err, store.ErrClosed) {
				t.Errorf("%v, want %v", err, store.ErrClosed)
			}
			leftOver(t, folder, "hub.db")
		})
		t.Run(name+" while the disk fails", func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "hub.db")
			used(t, path, 100, Options{}).Close()
			failing := false
			l, err := open(path, Options{}, func(tx *bbolt.Tx) error {
				if failing {
					tx.Rollback()
					return errDisk
				}
				return tx.Commit()
			})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if err := l.between(background, func() error { failing = true; return nil }); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Append(background, store.Disk, storetest.Update(t, "x")); !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("appending: %v, want %v", err, store.ErrUnavailable)
			}
			if err := run(l, background, folder); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%v, want %v at once", err, store.ErrUnavailable)
			}
		})
		t.Run(name+" twice", func(t *testing.T) {
			folder := t.TempDir()
			l := used(t, filepath.Join(folder, "hub.db"), 1000, Options{})
			defer l.Close()
			var second error
			l.free = func(string) (int64, bool) {
				second = run(l, background, folder)
				return 1 << 40, true
			}
			if err := run(l, background, folder); err != nil || !errors.Is(second, errCopying) {
				t.Errorf("%v, and meanwhile %v; want the second refused", err, second)
			}
		})
	}
}

// TestNothingIsTrimmedMeanwhile, and everything is that has to be, afterwards.
func TestNothingIsTrimmedMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	l := used(t, path, 1000, Options{MaxCount: 100})
	defer l.Close()
	asked := false
	l.free = func(string) (int64, bool) {
		if !asked {
			asked = true
			fill(t, l, 2000, 2300)
			if s, err := l.Summary(background); err != nil || s.Entries < 400 {
				t.Errorf("%d entries, error %v; want nothing trimmed", s.Entries, err)
			}
		}
		return 1 << 40, true
	}
	if done, err := l.Compact(background, silent); err != nil || done.Updates != 400 {
		t.Errorf("%+v, error %v; want 400 updates", done, err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if s, err := l.Summary(background); err != nil {
			t.Fatal(err)
		} else if s.Entries == 100 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("what is too much stays")
		}
	}
}

// TestFolderFlushFails: the compacted file has its place, which is not safe;
// nothing is acknowledged before it is.
func TestFolderFlushFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	l := used(t, path, 1000, Options{})
	defer l.Close()
	if err := l.between(background, func() error { l.w.renamed = true; return errDisk }); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); l.Health() != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(l.Health())
		}
	}
	fill(t, l, 2000, 2001)
	if l.w.renamed {
		t.Error("the folder was not flushed before an append was acknowledged")
	}
}

// TestArchive: a history that is only read answers as it would when open for
// writing, and stays as it is.
func TestArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	l := used(t, path, 600, Options{MaxCount: 400})
	var ids []string
	for after := store.Position(0); ; {
		c, err := l.Read(background, after, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Entries) == 0 {
			break
		}
		after = c.Through
		for _, e := range c.Entries {
			ids = append(ids, e.ID.String())
		}
	}
	type answers struct {
		places, times []store.Place
		bounds        store.Bounds
		summary       string
		read          []string
	}
	ask := func(log interface {
		Read(context.Context, store.Position, int) (store.Chunk, error)
		Find(context.Context, string) (store.Place, error)
		Since(context.Context, time.Time) (store.Place, error)
		Bounds(context.Context) (store.Bounds, error)
		Summary(context.Context) (store.Summary, error)
	}) (a answers) {
		t.Helper()
		var errs error
		for _, id := range append(ids, "urn:nobody", "earliest", "") {
			p, err := log.Find(background, id)
			errs = errors.Join(errs, err)
			a.places = append(a.places, p)
		}
		for after := store.Position(0); ; {
			c, err := log.Read(background, after, 3000)
			errs = errors.Join(errs, err)
			if len(c.Entries) == 0 {
				break
			}
			for _, e := range c.Entries {
				a.read = append(a.read, fmt.Sprint(e.Position, e.ID, e.At))
				p, err := log.Since(background, e.At)
				errs = errors.Join(errs, err)
				a.times = append(a.times, p)
			}
			after = c.Through
		}
		var err error
		a.bounds, err = log.Bounds(background)
		errs = errors.Join(errs, err)
		s, err := log.Summary(background)
		if errs = errors.Join(errs, err); errs != nil {
			t.Fatal(errs)
		}
		s.File = 0
		a.summary = fmt.Sprint(s.Entries, s.Bytes, s.Brought, s.Presence, s.Epochs, s.Trimmed, s.Oldest.ID, s.Newest.ID)
		return a
	}
	want := ask(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(a); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read alone:\n%v, want\n%v", got, want)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("reading changed the file, error %v", err)
	}
}

// TestMirror: whatever two buckets hold, one becomes the other.
func TestMirror(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "x.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	content := rapid.MapOf(rapid.StringMatching(`[a-d]{1,3}`), rapid.StringMatching(`[xy]?`))
	rapid.Check(t, func(rt *rapid.T) {
		err := db.Update(func(tx *bbolt.Tx) error {
			buckets := make(map[string]*bbolt.Bucket)
			for _, name := range []string{"from", "to"} {
				if tx.Bucket([]byte(name)) != nil {
					if err := tx.DeleteBucket([]byte(name)); err != nil {
						return err
					}
				}
				b, err := tx.CreateBucket([]byte(name))
				if err != nil {
					return err
				}
				for k, v := range content.Draw(rt, name) {
					if err := b.Put([]byte(k), []byte(v)); err != nil {
						return err
					}
				}
				buckets[name] = b
			}
			inner, err := buckets["from"].CreateBucket([]byte("inner"))
			if err != nil {
				return err
			}
			if err := errors.Join(inner.Put([]byte("k"), []byte{}), inner.SetSequence(3), mirror(buckets["to"], buckets["from"])); err != nil {
				return err
			}
			list := func(b *bbolt.Bucket) (all []string) {
				b.ForEach(func(k, v []byte) error {
					all = append(all, fmt.Sprintf("%s=%q %v", k, v, v == nil))
					return nil
				})
				return all
			}
			if got, want := list(buckets["to"]), list(buckets["from"]); !slices.Equal(got, want) {
				rt.Fatalf("%q, want %q", got, want)
			}
			if b := buckets["to"].Bucket([]byte("inner")); b == nil || b.Sequence() != 3 || len(list(b)) != 1 {
				rt.Fatalf("what is within was not copied")
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// TestCopyWithKeys: keys come and go while the history is copied.
func TestCopyWithKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	o := Options{Keys: store.Window{MaxCount: 5000}}
	l := used(t, path, 3000, o)
	once := func(n int) store.Once {
		o := store.Once{}
		copy(o.Key[:], fmt.Sprintf("%032d", n*7919%100_000))
		return o
	}
	use := func(from, to int) {
		t.Helper()
		var busy sync.WaitGroup
		for part := range 50 {
			busy.Go(func() {
				for n := from + part; n < to; n += 50 {
					if _, err := l.AppendOnce(background, store.OS, once(n), storetest.Update(t, fmt.Sprint(n))); err != nil {
						t.Errorf("appending once: %v", err)
					}
				}
			})
		}
		busy.Wait()
	}
	use(0, 5000)
	asked := 0
	l.free = func(string) (int64, bool) {
		if asked++; asked == 4 {
			use(5000, 6000)
		}
		return 1 << 40, true
	}
	done, err := l.Compact(background, silent)
	if err != nil || asked < 5 {
		t.Fatalf("%+v after %d chunks, error %v", done, asked, err)
	}
	t.Logf("%+v", done)
	for _, n := range []int{4500, 5999} {
		r, err := l.AppendOnce(background, store.Disk, once(n), storetest.Update(t, fmt.Sprint(n)))
		if err != nil || !r.Repeated {
			t.Errorf("key %d: repeated %v, error %v; want it known", n, r.Repeated, err)
		}
	}
	before := filepath.Join(t.TempDir(), "copy.db")
	if _, err := l.Backup(background, before, false, silent); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	sameContent(t, "with keys", everything(t, path), everything(t, before))
}

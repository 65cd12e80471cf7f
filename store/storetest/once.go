package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"
)

// onceOf makes a key of a name, and the hash of an update.
func onceOf(name string, u *spec.Update) store.Once {
	return store.Once{Key: sha256.Sum256([]byte(name)), Content: sha256.Sum256(u.AppendBinary(nil))}
}

// mustAppendOnce appends an update under a key, and checks whether it was new.
func mustAppendOnce(t testing.TB, log store.Log, want store.Durability, name string, u *spec.Update, repeated bool) store.Entry {
	t.Helper()
	r, err := log.AppendOnce(background, want, onceOf(name, u), u)
	if err != nil {
		t.Fatalf("appending %q under the key %q: %v", u.Data(), name, err)
	}
	if len(r.Entries) != 1 || r.Repeated != repeated {
		t.Fatalf("appending %q under the key %q: %d entries, repeated %v; want one, repeated %v", u.Data(), name, len(r.Entries), r.Repeated, repeated)
	}
	return r.Entries[0]
}

// testOnce: what is appended again under its key is answered as it was, and
// nothing else happens.
func testOnce(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	f := follow(t, log, 0)
	var all []store.Entry
	for _, want := range []store.Durability{store.Disk, store.OS, store.Memory} {
		for _, id := range []string{"", "urn:x:1"} {
			key, u := want.String()+id, brought(t, id, "once")
			first := mustAppendOnce(t, log, want, key, u, false)
			all = append(all, first)
			for _, again := range []store.Durability{store.Memory, store.OS, store.Disk} {
				r, err := log.AppendOnce(background, again, onceOf(key, u), brought(t, id, "once"))
				if err != nil || !r.Repeated {
					t.Fatalf("%s as %v again: repeated %v, error %v", key, again, r.Repeated, err)
				}
				sameEntries(t, "answered again", r.Entries, []store.Entry{first})
				if want := min(again, store.OS); p.persistent() && r.Reached < max(want, again) {
					t.Errorf("%s again: %v was asked for and %v reached", key, again, r.Reached)
				}
				_, err = log.AppendOnce(background, again, onceOf(key, Update(t, "other")), Update(t, "other"))
				if !errors.Is(err, store.ErrKeyReused) {
					t.Errorf("%s for another update: %v, want ErrKeyReused", key, err)
				}
			}
			// Without a key the same is another, also under the same id.
			all = append(all, mustAppend(t, log, u)...)
		}
	}
	all = append(all, mustAppendOnce(t, log, store.Disk, "another", brought(t, "", "once"), false))
	sameEntries(t, "followed", f.take(t, len(all)), all)
	got, _ := readAll(t, log, 0, 1000)
	sameEntries(t, "read", got, all)
	if b := mustBounds(t, log); b.Newest != all[len(all)-1].Position {
		t.Errorf("the head is %d, want %d: a repetition has no place", b.Newest, all[len(all)-1].Position)
	}
}

// testOnceAtOnce: of any number of appends with one key at the same moment one
// has its effect, and all are answered with it.
func testOnceAtOnce(t *testing.T, p Place) {
	const appenders, keys = 16, 30
	log := mustOpen(t, p, unlimited)
	f := follow(t, log, 0)
	var mu sync.Mutex
	answered := make(map[string]map[string]int) // ids by key
	fresh := 0
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for k := range keys {
				name := fmt.Sprint(k)
				u := Update(t, name)
				if a%4 == 0 {
					if _, err := log.Append(background, store.Memory+store.Durability(k%3), u); err != nil {
						t.Errorf("appending without a key: %v", err)
					}
					continue
				}
				r, err := log.AppendOnce(background, store.OS+store.Durability(a%2), onceOf(name, u), u)
				if err != nil {
					t.Errorf("appending under a key: %v", err)
					return
				}
				// Whoever is answered may read it, whether it was first or not.
				e := r.Entries[0]
				if c, err := log.Read(background, e.Position-1, 1); err != nil || len(c.Entries) != 1 || c.Entries[0].ID != e.ID {
					t.Errorf("position %d was answered and is not there: %v, error %v", e.Position, positions(c.Entries), err)
				}
				mu.Lock()
				if answered[name] == nil {
					answered[name] = make(map[string]int)
				}
				answered[name][e.ID.String()]++
				if !r.Repeated {
					fresh++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for name, ids := range answered {
		if len(ids) != 1 {
			t.Errorf("appends under the key %s were answered with %d ids: %v", name, len(ids), ids)
		}
	}
	if fresh != keys {
		t.Errorf("%d appends under %d keys had an effect", fresh, keys)
	}
	total := keys + appenders/4*keys
	followed := f.take(t, total)
	read, _ := readAll(t, log, 0, 1000)
	sameEntries(t, "read", read, followed)
}

func testOnceAge(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, Keys: store.Window{MaxAge: 1}})
	u := Update(t, "once")
	first := mustAppendOnce(t, log, store.Disk, "k", u, false)
	again := first
	for again.Position == first.Position { // a millisecond passes
		r, err := log.AppendOnce(background, store.Disk, onceOf("k", u), u)
		if err != nil {
			t.Fatalf("appending again: %v", err)
		}
		if again = r.Entries[0]; r.Repeated != (again.Position == first.Position) {
			t.Fatalf("repeated %v at position %d, after %d", r.Repeated, again.Position, first.Position)
		}
	}
	if !again.At.After(first.At) {
		t.Errorf("the key was forgotten at the time it was used, %v", first.At)
	}
	// Forgotten is forgotten: it may stand for something else now.
	other := Update(t, "other")
	for {
		r, err := log.AppendOnce(background, store.Disk, onceOf("k", other), other)
		if errors.Is(err, store.ErrKeyReused) {
			continue
		}
		if err != nil || r.Repeated {
			t.Fatalf("a forgotten key for another update: repeated %v, error %v", r.Repeated, err)
		}
		break
	}
}

func testOnceCount(t *testing.T, p Place) {
	few := store.Retention{MaxBytes: -1, Keys: store.Window{MaxCount: 3}}
	log := mustOpen(t, p, few)
	var all []store.Entry
	once := func(name string, repeated bool) {
		t.Helper()
		all = append(all, mustAppendOnce(t, log, store.Disk, name, Update(t, name), repeated))
	}
	for _, name := range []string{"a", "b", "c"} {
		once(name, false)
		once(name, true)
	}
	once("d", false) // in place of a
	once("b", true)
	once("a", false) // in place of b, whose repetition does not make it newer
	once("c", true)
	once("d", true)
	once("b", false)
	log.Retain(store.Retention{MaxBytes: -1, Keys: store.Window{MaxCount: 1}})
	once("e", false)
	once("e", true)
	once("a", false)
	if p.persistent() {
		log = reopen(t, log, p, few)
		once("a", true)
		once("e", false)
	}
}

func testKeysOff(t *testing.T, p Place) {
	off := store.Retention{MaxBytes: -1, Keys: store.Window{MaxAge: -1}}
	log := mustOpen(t, p, off)
	u := Update(t, "u")
	refused := func() {
		t.Helper()
		if _, err := log.AppendOnce(background, store.Disk, onceOf("k", u), u); !errors.Is(err, store.ErrKeysOff) {
			t.Errorf("a key where none is remembered: %v, want ErrKeysOff", err)
		}
	}
	refused()
	log.Retain(unlimited)
	mustAppendOnce(t, log, store.Disk, "k", u, false)
	mustAppendOnce(t, log, store.Disk, "k", u, true)
	log.Retain(off)
	refused()
	if got, _ := readAll(t, log, 0, 1000); len(got) != 1 {
		t.Errorf("%d entries, want one", len(got))
	}
}

// testOnceTrimmed: the key outlives the entry.
func testOnceTrimmed(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 2})
	x, made := brought(t, "urn:x:1", "brought"), Update(t, "made")
	first := mustAppendOnce(t, log, store.Disk, "x", x, false)
	second := mustAppendOnce(t, log, store.Disk, "made", made, false)
	rest := appendNumbers(t, log, 0, 5)
	for name, e := range map[string]store.Entry{"x": first, "made": second} {
		again := mustAppendOnce(t, log, store.Disk, name, e.Update, true)
		sameEntries(t, "answered though trimmed", []store.Entry{again}, []store.Entry{e})
	}
	got, _ := readAll(t, log, 0, 1000)
	sameEntries(t, "retained", got, rest[3:])
}

// testOnceRestart: key and entry share their fate, in this life and later ones.
func testOnceRestart(t *testing.T, p Place) {
	u := Update(t, "once")
	log := mustOpen(t, p, unlimited)
	if !p.persistent() {
		mustAppendOnce(t, log, store.Disk, "k", u, false)
		log = reopen(t, log, p, unlimited)
		mustAppendOnce(t, log, store.Disk, "k", u, false)
		return
	}
	before := p.Backup(t)
	asked := []store.Durability{store.Disk, store.OS, store.Memory}
	var all []store.Entry
	for _, want := range asked {
		all = append(all, mustAppendOnce(t, log, want, want.String(), u, false))
	}
	crashed := p.Backup(t) // what a crash now leaves behind, whatever was asked for
	check := func(what string, log store.Log) {
		t.Helper()
		for i, want := range asked {
			again := mustAppendOnce(t, log, store.Disk, want.String(), u, true)
			sameEntries(t, what, []store.Entry{again}, all[i:i+1])
			if _, err := log.AppendOnce(background, store.Disk, onceOf(want.String(), Update(t, "other")), Update(t, "other")); !errors.Is(err, store.ErrKeyReused) {
				t.Errorf("%s, for another update: %v, want ErrKeyReused", what, err)
			}
		}
		got, _ := readAll(t, log, 0, 1000)
		sameEntries(t, what, got, all)
	}
	for range 3 { // each with an epoch of its own
		log = reopen(t, log, p, unlimited)
		check("after a restart", log)
	}
	log = mustOpen(t, crashed, unlimited)
	check("after a crash", log)

	// In a backup that lacks the entry, nobody knows the key.
	log = mustOpen(t, before, unlimited)
	again := mustAppendOnce(t, log, store.Disk, store.Disk.String(), u, false)
	if again.ID == all[0].ID {
		t.Errorf("on both branches the entry has the id %s", again.ID)
	}
}

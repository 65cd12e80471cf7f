package bolt

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/storetest"

	"go.etcd.io/bbolt"
)

func onceOf(name, data string) store.Once {
	return store.Once{Key: sha256.Sum256([]byte(name)), Content: sha256.Sum256([]byte(data))}
}

// addOnce appends an update under a key and says "position:new" or
// "position:again".
func addOnce(t testing.TB, l *Log, want store.Durability, key, data string) (string, error) {
	t.Helper()
	r, err := l.AppendOnce(background, want, onceOf(key, data), storetest.Update(t, data))
	if err != nil {
		return "", err
	}
	if id := l.epochs.ID(r.Entries[0].Position, spec.EventID{}); r.Entries[0].ID != id {
		t.Errorf("position %d was answered with the id of another", r.Entries[0].Position)
	}
	how := "new"
	if r.Repeated {
		how = "again"
	}
	return fmt.Sprintf("%d:%s", r.Entries[0].Position, how), nil
}

// TestKeyInAFailedCommit: whoever was refused and asks again gets the entry that
// proved persisted, and a new one where none did.
func TestKeyInAFailedCommit(t *testing.T) {
	for name, tt := range map[string]struct {
		faults []func(*bbolt.Tx) error
		err    error
		then   string
		all    []string
	}{
		// A position that was burnt is not given again.
		"lost":      {faults{lost}, store.ErrUnavailable, "3:new", []string{"1:a", "3:k"}},
		"persisted": {faults{persisted}, nil, "2:again", []string{"1:a", "2:k"}},
		// Nobody is told the good end: whoever waited was refused before it.
		"persisted, and further faults": {faults{persisted, lost, persisted, lost}, store.ErrUnavailable, "2:again", []string{"1:a", "2:k"}},
		"lost, and further faults":      {faults{lost, lost, persisted}, store.ErrUnavailable, "3:new", []string{"1:a", "3:k"}},
	} {
		inBubble(t, name, func(t *testing.T) {
			d := new(disk)
			l := openOn(t, d, Options{})
			add(t, l, store.Disk, "a")
			d.fail(tt.faults...)
			if _, err := addOnce(t, l, store.Disk, "key", "k"); !errors.Is(err, tt.err) {
				t.Errorf("under the fault: %v, want %v", err, tt.err)
			}
			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			if got, err := addOnce(t, l, store.Disk, "key", "k"); err != nil || got != tt.then {
				t.Errorf("asked again: %s, error %v; want %s", got, err, tt.then)
			}
			if _, err := addOnce(t, l, store.Disk, "key", "other"); !errors.Is(err, store.ErrKeyReused) {
				t.Errorf("for another update: %v, want ErrKeyReused", err)
			}
			want(t, "entries", all(t, l), tt.all...)
			want(t, "entries after a restart", reopened(t, l), tt.all...)
		})
	}
}

type faults = []func(*bbolt.Tx) error

// TestKeysOfOneFlight: a repetition and a mistake in the same commit as what
// they repeat are judged with it, and neither is ever visible.
func TestKeysOfOneFlight(t *testing.T) {
	type asked struct {
		want      store.Durability
		key, data string
	}
	flight := []asked{
		{store.Disk, "k", "k"},
		{store.OS, "k", "k"},
		{store.Disk, "k", "other"},
		{store.Memory, "", "m"},
		{store.Disk, "l", "l"},
		{store.Disk, "k", "k"},
	}
	for name, tt := range map[string]struct {
		faults  faults
		answers []string // of those with a key
		all     []string
	}{
		"committed": {nil, []string{"2:new", "2:again", "reused", "6:new", "2:again"}, []string{"1:first", "2:k", "5:m", "6:l"}},
		"persisted": {faults{nil, persisted}, []string{"2:new", "2:again", "reused", "6:new", "2:again"}, []string{"1:first", "2:k", "5:m", "6:l"}},
		"lost":      {faults{nil, lost}, []string{"refused", "refused", "refused", "refused", "refused"}, []string{"1:first", "5:m"}},
		"persisted, and further faults": {faults{nil, persisted, lost, persisted}, []string{"refused", "refused", "refused", "refused", "refused"},
			[]string{"1:first", "2:k", "5:m", "6:l"}},
	} {
		inBubble(t, name, func(t *testing.T) {
			d := new(disk)
			l := openOn(t, d, Options{})
			d.hold()
			script := make(faults, len(tt.faults))
			for i, f := range tt.faults {
				if script[i] = f; f == nil {
					script[i] = (*bbolt.Tx).Commit
				}
			}
			d.fail(script...)
			var wg sync.WaitGroup
			wg.Go(func() { add(t, l, store.Disk, "first") })
			<-d.entered // what is appended from now on shares the next commit
			answers := make([]string, len(flight))
			for i, a := range flight {
				wg.Go(func() {
					if a.key == "" {
						add(t, l, a.want, a.data)
						return
					}
					got, err := addOnce(t, l, a.want, a.key, a.data)
					switch {
					case errors.Is(err, store.ErrKeyReused):
						got = "reused"
					case errors.Is(err, store.ErrUnavailable):
						got = "refused"
					case err != nil:
						got = err.Error()
					}
					answers[i] = got
				})
				synctest.Wait() // one after another
			}
			want(t, "before the commit", all(t, l))
			d.release()
			wg.Wait()
			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			if got := append(answers[:3:3], answers[4:]...); fmt.Sprint(got) != fmt.Sprint(tt.answers) {
				t.Errorf("answers %v, want %v", got, tt.answers)
			}
			if _, err := add(t, l, store.Disk, "last"); err != nil {
				t.Errorf("appending afterwards: %v", err)
			}
			tt.all = append(tt.all, "8:last")
			want(t, "entries", all(t, l), tt.all...)
			want(t, "entries after a restart", reopened(t, l), tt.all...)
		})
	}
}

// TestKeysUnderFaultsAtRandom: whatever fails and whenever, and however often a
// publisher has to ask until it is answered, each key has one entry.
func TestKeysUnderFaultsAtRandom(t *testing.T) { synctest.Test(t, testKeysUnderFaultsAtRandom) }

func testKeysUnderFaultsAtRandom(t *testing.T) {
	const appenders, each = 8, 40
	d := new(disk)
	l := openOn(t, d, Options{})
	var mu sync.Mutex
	answered := make(map[string]store.Position)
	refused, again := 0, 0
	var wg sync.WaitGroup
	for a := range appenders {
		rng := rand.New(rand.NewPCG(uint64(a), 7))
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("%d/%d", a/2, i) // two appenders share their keys
				if rng.IntN(4) == 0 {
					d.fail(faults{lost, persisted}[rng.IntN(2)], faults{lost, persisted}[rng.IntN(2)], lost)
				}
				for done := false; !done; {
					r, err := l.AppendOnce(background, store.OS+store.Durability(rng.IntN(2)), onceOf(name, name), storetest.Update(t, name))
					mu.Lock()
					switch {
					case errors.Is(err, store.ErrUnavailable):
						refused++
					case err != nil:
						t.Errorf("appending: %v", err)
						done = true
					default:
						done = true
						if p := answered[name]; p != 0 && p != r.Entries[0].Position {
							t.Errorf("%s was answered with position %d and with %d", name, p, r.Entries[0].Position)
						}
						answered[name] = r.Entries[0].Position
						if r.Repeated {
							again++
						}
					}
					mu.Unlock()
					if !done {
						time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond)
					}
				}
			}
		})
	}
	wg.Wait()
	d.fail()
	kept := reopened(t, l)
	there := make(map[string]store.Position)
	for _, e := range kept {
		if there[e.Update.Data()] != 0 {
			t.Errorf("%s is there twice", e.Update.Data())
		}
		there[e.Update.Data()] = e.Position
	}
	for name, p := range answered {
		if there[name] != p {
			t.Errorf("%s was answered with position %d and is at %d", name, p, there[name])
		}
	}
	if len(there) != len(answered) {
		t.Errorf("%d keys were answered, %d entries are there", len(answered), len(there))
	}
	if refused == 0 || again <= appenders/2*each {
		t.Errorf("%d refused, %d repeated: no refused append proved persisted, and this run proves nothing", refused, again)
	}
	t.Logf("%d refused, %d repeated", refused, again)
}

// TestRepetitionIsFlushed: who asks for the disk is not answered by what only
// the operating system has.
func TestRepetitionIsFlushed(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	addOnce(t, l, store.OS, "k", "k")
	_, before := d.counts()
	r, err := l.AppendOnce(background, store.Disk, onceOf("k", "k"), storetest.Update(t, "k"))
	if _, after := d.counts(); err != nil || !r.Repeated || r.Reached != store.Disk || after == before {
		t.Errorf("repeated %v, %v reached by %d flushes, error %v", r.Repeated, r.Reached, after-before, err)
	}
}

// TestKeysAreForgotten: what the file has of keys is bounded by the window,
// whatever passes through, and goes in steps when the window is made smaller.
func TestKeysAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openOn(t, new(disk), Options{Keys: store.Window{MaxAge: time.Hour, MaxCount: 100}})
		rows := func() (n int) {
			t.Helper()
			err := l.view(func(tx *bbolt.Tx) error {
				n = tx.Bucket(keysBucket).Stats().KeyN
				k, err := readKeys(tx)
				if order := tx.Bucket(keyOrderBucket).Stats().KeyN; order != n || k.count != int64(n) {
					t.Errorf("%d keys, %d in order, %d counted", n, order, k.count)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for i := range 250 {
			addOnce(t, l, store.OS, fmt.Sprint(i), "k")
		}
		if n := rows(); n != 100 {
			t.Errorf("%d keys are in the file, want 100", n)
		}
		l.Retain(store.Retention{Keys: store.Window{MaxAge: time.Hour, MaxCount: 10}})
		addOnce(t, l, store.OS, "249", "k")
		if n := rows(); n != 10 {
			t.Errorf("after a smaller window %d keys are in the file, want 10", n)
		}
		time.Sleep(time.Hour + time.Second)
		if got, err := addOnce(t, l, store.OS, "249", "other"); err != nil || got != "252:new" {
			t.Errorf("a key past its time: %s, error %v; want 252:new", got, err)
		}
		if n := rows(); n != 1 {
			t.Errorf("%d keys are in the file after an hour, want the new one", n)
		}
		l.Retain(store.Retention{Keys: store.Window{MaxAge: -1}})
		time.Sleep(time.Second)
		add(t, l, store.OS, "x")
		if n := rows(); n != 0 {
			t.Errorf("%d keys are in the file where none is remembered", n)
		}
	})
}

// TestKeysKeepTheirEpochs: however many lives a history has, and whatever was
// trimmed, an entry is answered with the id it had.
func TestKeysKeepTheirEpochs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	o := Options{MaxCount: 1}
	l, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.AppendOnce(background, store.Disk, onceOf("k", "k"), storetest.Update(t, "k"))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if l, err = Open(path, o); err != nil {
		t.Fatal(err)
	}
	add(t, l, store.Disk, "b", "c") // k is trimmed
	l.Close()
	openOften(t, path, 4)
	for range 2 {
		if l, err = Open(path, o); err != nil {
			t.Fatal(err)
		}
		again, err := l.AppendOnce(background, store.Disk, onceOf("k", "k"), storetest.Update(t, "k"))
		if err != nil || again.Entries[0].ID != first.Entries[0].ID {
			t.Errorf("answered with %v, error %v; want the id %s", again.Entries, err, first.Entries[0].ID)
		}
		l.Close()
	}
}

// TestDamagedKey keeps nobody from publishing.
func TestDamagedKey(t *testing.T) {
	path := newHistory(t)
	once := onceOf("k", "k")
	l, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	addOnce(t, l, store.Disk, "k", "k")
	l.Close()
	alter(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(keysBucket).Put(once.Key[:], []byte("?")) })
	if l, err = Open(path, Options{Keys: store.Window{MaxCount: 1}}); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, wanted := range []string{"402:new", "402:again"} {
		if got, err := addOnce(t, l, store.Disk, "k", "k"); err != nil || got != wanted {
			t.Errorf("%s, error %v; want %s", got, err, wanted)
		}
	}
	if got, err := addOnce(t, l, store.Disk, "l", "l"); err != nil || got != "404:new" {
		t.Errorf("another key: %s, error %v", got, err)
	}
	if l.view(func(tx *bbolt.Tx) error { _, err := readKeys(tx); return err }) != nil {
		t.Error("the totals do not fit the keys")
	}
}

// TestKeysOffWhileWaiting: a repetition that waits for its commit when keys are
// switched off is no second entry.
func TestKeysOffWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(disk)
		l := openOn(t, d, Options{})
		addOnce(t, l, store.Disk, "k", "k")
		d.hold()
		var wg sync.WaitGroup
		wg.Go(func() { add(t, l, store.Disk, "another") })
		<-d.entered
		wg.Go(func() {
			if got, err := addOnce(t, l, store.Disk, "k", "k"); !errors.Is(err, store.ErrKeysOff) {
				t.Errorf("answered %s, error %v; want ErrKeysOff", got, err)
			}
		})
		synctest.Wait()
		l.Retain(store.Retention{Keys: store.Window{MaxAge: -1}})
		d.release()
		wg.Wait()
		want(t, "entries", all(t, l), "1:k", "2:another")
	})
}

// openOften lists more epochs than are kept, all of which begin at a position.
func openOften(t *testing.T, path string, first store.Position) {
	t.Helper()
	alter(t, path, func(tx *bbolt.Tx) error {
		for i := range maxEpochs + 10 {
			if err := addEpoch(tx, nil, store.Span{Epoch: store.Epoch(i + 1), First: first}, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

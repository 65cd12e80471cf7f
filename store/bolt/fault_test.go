package bolt

import (
	"context"
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
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if limitedChild() {
		return
	}
	goleak.VerifyTestMain(m)
}

var errDisk = errors.New("input/output error")

// Two ways in which a commit fails.
var (
	lost = func(tx *bbolt.Tx) error { // nothing reaches the file
		tx.Rollback()
		return errDisk
	}
	persisted = func(tx *bbolt.Tx) error { // all of it does, but who knows
		return errors.Join(errDisk, tx.Commit())
	}
)

// A disk commits as the script says, and then as it should.
type disk struct {
	mu      sync.Mutex
	script  []func(*bbolt.Tx) error
	commits int
	flushes int           // of the commits, so many were flushed
	entered chan struct{} // a value for each commit begun
	gate    chan struct{} // when not nil, each commit takes a value
}

func (d *disk) commit(tx *bbolt.Tx) error {
	d.mu.Lock()
	d.commits++
	if !tx.DB().NoSync {
		d.flushes++
	}
	gate, entered := d.gate, d.entered
	d.mu.Unlock()
	if gate != nil {
		entered <- struct{}{}
		<-gate
	}
	d.mu.Lock()
	do := (*bbolt.Tx).Commit
	if len(d.script) > 0 {
		do, d.script = d.script[0], d.script[1:]
	}
	d.mu.Unlock()
	return do(tx)
}

func (d *disk) counts() (commits, flushes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.commits, d.flushes
}

func (d *disk) fail(script ...func(*bbolt.Tx) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.script = script
}

// hold makes commits wait until they are let go.
func (d *disk) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gate, d.entered = make(chan struct{}), make(chan struct{}, 100)
}

func (d *disk) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.gate)
	d.gate = nil
}

// inBubble runs a subtest whose pauses pass at once.
func inBubble(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func openOn(t testing.TB, d *disk, o Options) *Log {
	t.Helper()
	l, err := open(filepath.Join(t.TempDir(), "hub.db"), o, d.commit)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func data(entries []store.Entry) (s []string) {
	for _, e := range entries {
		s = append(s, fmt.Sprintf("%d:%s", e.Position, e.Update.Data()))
	}
	return s
}

func add(t testing.TB, l *Log, want store.Durability, data ...string) ([]store.Entry, error) {
	t.Helper()
	updates := make([]*spec.Update, len(data))
	for i, d := range data {
		updates[i] = storetest.Update(t, d)
	}
	r, err := l.Append(background, want, updates...)
	return r.Entries, err
}

func all(t testing.TB, l *Log) (entries []store.Entry) {
	t.Helper()
	for after := store.Position(0); ; {
		c, err := l.Read(background, after, 1<<20)
		if err != nil {
			t.Fatalf("reading: %v", err)
		}
		if len(c.Entries) == 0 {
			return entries
		}
		entries, after = append(entries, c.Entries...), c.Through
	}
}

func want(t testing.TB, what string, got []store.Entry, want ...string) {
	t.Helper()
	if g := data(got); fmt.Sprint(g) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, g, want)
	}
}

// eventually waits for what a healing log does by itself.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen that %s", what)
		}
	}
}

// reopened reads a history with a fresh process's eyes.
func reopened(t testing.TB, l *Log) []store.Entry {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	again, err := Open(l.path, Options{})
	if err != nil {
		t.Fatalf("opening again: %v", err)
	}
	defer again.Close()
	return all(t, again)
}

func TestOneFailedCommit(t *testing.T) {
	for name, tt := range map[string]struct {
		fault func(*bbolt.Tx) error
		err   error
		all   []string
	}{
		// Position 2 is burnt: nobody ever saw it.
		"lost": {lost, store.ErrUnavailable, []string{"1:a", "3:c"}},
		// It proved persisted before anybody had to be refused.
		"persisted": {persisted, nil, []string{"1:a", "2:b", "3:c"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := new(disk)
			l := openOn(t, d, Options{})
			add(t, l, store.Disk, "a")
			d.fail(tt.fault)
			_, err := add(t, l, store.Disk, "b")
			if !errors.Is(err, tt.err) {
				t.Errorf("appending under the fault: %v, want %v", err, tt.err)
			}
			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			if _, err := add(t, l, store.Disk, "c"); err != nil {
				t.Errorf("appending after the fault: %v", err)
			}
			want(t, "entries", all(t, l), tt.all...)
			want(t, "entries after a restart", reopened(t, l), tt.all...)
		})
	}
}

// TestLastingFault: refused at once, told why, readable all the while, healed
// without a restart; and the entry in doubt appears once, before anything new.
func TestLastingFault(t *testing.T) {
	for name, tt := range map[string]struct {
		fault func(*bbolt.Tx) error
		all   []string
	}{
		"lost":      {lost, []string{"1:a", "3:m", "4:c"}},
		"persisted": {persisted, []string{"1:a", "2:b", "3:m", "4:c"}},
	} {
		inBubble(t, name, func(t *testing.T) {
			d := new(disk)
			l := openOn(t, d, Options{})
			add(t, l, store.Disk, "a")
			var followed []store.Entry
			var mu sync.Mutex
			ctx, stop := context.WithCancel(background)
			defer stop()
			go l.Follow(ctx, 0, func(entries []store.Entry) {
				mu.Lock()
				defer mu.Unlock()
				followed = append(followed, entries...)
			})

			d.hold()
			d.fail(tt.fault, lost, persisted, lost)
			failed := make(chan error)
			go func() {
				_, err := add(t, l, store.Disk, "b")
				failed <- err
			}()
			<-d.entered
			if _, err := add(t, l, store.Memory, "m"); err != nil {
				t.Errorf("appending what asks for nothing: %v", err)
			}
			d.release()
			if err := <-failed; !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, errDisk) {
				t.Errorf("appending under the fault: %v, want ErrUnavailable and its cause", err)
			}
			if err := l.Health(); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("the health under the fault is %v", err)
			}
			if _, err := add(t, l, store.Disk, "refused"); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("appending while it lasts: %v", err)
			}
			want(t, "readable while it lasts", all(t, l), "1:a")

			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			if _, err := add(t, l, store.Disk, "c"); err != nil {
				t.Errorf("appending after the fault: %v", err)
			}
			want(t, "entries", all(t, l), tt.all...)
			eventually(t, "the follower has everything", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(followed) >= len(tt.all)
			})
			want(t, "followed", followed, tt.all...)
			want(t, "entries after a restart", reopened(t, l), tt.all...)
		})
	}
}

// TestClosingUnderAFault must not hang, and must say what is left behind.
func TestClosingUnderAFault(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	script := make([]func(*bbolt.Tx) error, 1000)
	for i := range script {
		script[i] = lost
	}
	add(t, l, store.Memory, "m")
	d.fail(script...)
	if _, err := add(t, l, store.Disk, "a"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("appending: %v", err)
	}
	if err := l.Close(); !errors.Is(err, errDisk) {
		t.Errorf("closing: %v, want the reason for what is left behind", err)
	}
}

// TestPanicInACommit: the file cannot be used any more, reads can.
func TestPanicInACommit(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	add(t, l, store.Disk, "a")
	d.fail(func(*bbolt.Tx) error { panic("page 7 makes no sense") })
	if _, err := add(t, l, store.Disk, "b"); !errors.Is(err, errStuck) {
		t.Errorf("appending: %v, want %v", err, errStuck)
	}
	want(t, "readable", all(t, l), "1:a")
	if err := l.Close(); !errors.Is(err, errStuck) {
		t.Errorf("closing: %v, want %v", err, errStuck)
	}
}

// TestWaitingForNobody: what asks for no durability is answered while the disk
// hangs, and visible unless something before it waits for the disk.
func TestWaitingForNobody(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	ctx := background
	if _, err := add(t, l, store.Memory, "m1"); err != nil {
		t.Fatal(err)
	}
	want(t, "before anybody waits", all(t, l), "1:m1")

	d.hold()
	answered := make(chan error)
	go func() {
		_, err := add(t, l, store.Disk, "d2")
		answered <- err
	}()
	<-d.entered
	entries, err := add(t, l, store.Memory, "m3", "m4")
	if err != nil {
		t.Fatalf("appending while the disk hangs: %v", err)
	}
	want(t, "behind who waits", all(t, l), "1:m1")
	// Its publisher was told the id already: a cursor there is honoured.
	if got, err := l.Find(ctx, entries[0].ID.String()); err != nil || got != (store.Place{After: 3, Exact: true}) {
		t.Errorf("an id told and not yet visible leads to %+v, error %v", got, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancelling := make(chan error)
	go func() {
		_, err := l.Append(cancelled, store.Disk, storetest.Update(t, "d5"))
		cancelling <- err
	}()
	eventually(t, "the append is queued", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.last == 5
	})
	cancel()
	if err := <-cancelling; !errors.Is(err, context.Canceled) {
		t.Errorf("an append whose context ended: %v", err)
	}
	d.release()
	if err := <-answered; err != nil {
		t.Errorf("the append that waited: %v", err)
	}
	eventually(t, "the cancelled append went on", func() bool {
		b, err := l.Bounds(ctx)
		return err == nil && b.Newest == 5
	})
	want(t, "afterwards", all(t, l), "1:m1", "2:d2", "3:m3", "4:m4", "5:d5")
}

// TestQueueIsBounded: publishers wait under their own context when the disk
// does not keep up, and nobody else does.
func TestQueueIsBounded(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	d.hold()
	var wg sync.WaitGroup
	const each = 128
	many := make([]string, each)
	for range maxQueued / each {
		wg.Go(func() {
			if _, err := add(t, l, store.Disk, many...); err != nil {
				t.Errorf("appending: %v", err)
			}
		})
	}
	eventually(t, "the queue is full", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.queue.waited.entries == maxQueued
	})
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	if _, err := l.Append(ctx, store.Disk, storetest.Update(t, "x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("appending to a full queue: %v, want the context's error", err)
	}
	if _, err := add(t, l, store.Memory, "m"); err != nil {
		t.Errorf("appending what waits for nobody: %v", err)
	}
	wg.Go(func() {
		if _, err := add(t, l, store.Disk, "waits for room"); err != nil {
			t.Errorf("appending once there is room: %v", err)
		}
	})
	d.release()
	wg.Wait()
	if got := len(all(t, l)); got != maxQueued+2 {
		t.Errorf("%d entries, want %d: those queued, one that waited for nobody, one that waited for room", got, maxQueued+2)
	}
}

// TestSavedForNobody: what asked for no durability is in the file a moment
// later all the same, by one commit for all of it.
func TestSavedForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(disk)
		l := openOn(t, d, Options{})
		for range 50 {
			add(t, l, store.Memory, "m")
			time.Sleep(lazyDelay / 100)
		}
		if n, _ := d.counts(); n > 0 {
			t.Errorf("%d commits for entries that nobody waits for", n)
		}
		time.Sleep(lazyDelay)
		synctest.Wait()
		if n, flushes := d.counts(); n != 1 || flushes != 1 {
			t.Errorf("after a moment there were %d commits, %d flushed; want one, flushed", n, flushes)
		}
		if err := l.view(func(tx *bbolt.Tx) error {
			if e, err := readTotals(tx); err != nil || e.count != 50 {
				t.Errorf("after a moment the file has %d entries, error %v; want 50", e.count, err)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n, _ := d.counts(); n > 1 {
			t.Errorf("%d commits while nothing happens", n-1)
		}
	})
}

// TestFlushPutOff: commits without a flush are flushed a moment later, however
// busy the writer is.
func TestFlushPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(disk)
		l := openOn(t, d, Options{})
		for range 10 {
			if _, err := add(t, l, store.OS, "o"); err != nil {
				t.Fatal(err)
			}
		}
		if n, flushes := d.counts(); n == 0 || flushes > 0 {
			t.Errorf("of %d commits that asked for the operating system alone, %d were flushed", n, flushes)
		}
		for range 100 {
			if _, err := add(t, l, store.OS, "o"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(lazyDelay / 50)
		}
		if _, flushes := d.counts(); flushes < 1 || flushes > 3 {
			t.Errorf("%d flushes in twice the time that one may be put off", flushes)
		}
		_, before := d.counts()
		add(t, l, store.OS, "last")
		time.Sleep(lazyDelay)
		synctest.Wait()
		if _, after := d.counts(); after == before {
			t.Error("the last commit is not flushed")
		}
	})
}

// TestAgeWithoutAppends: entries go when their time has come, though nobody
// appends anything.
func TestAgeWithoutAppends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openOn(t, new(disk), Options{MaxAge: time.Hour})
		add(t, l, store.Disk, "1")
		time.Sleep(30 * time.Minute)
		add(t, l, store.Disk, "2", "3")
		time.Sleep(30*time.Minute + time.Second)
		want(t, "after an hour", all(t, l), "2:2", "3:3")
		time.Sleep(time.Hour)
		want(t, "after two hours", all(t, l), "3:3")
		if b, _ := l.Bounds(background); b != (store.Bounds{Oldest: 3, Newest: 3, Trimmed: 2}) {
			t.Errorf("bounds %+v", b)
		}
	})
}

// TestLoweredRetention: a history far beyond a new limit is trimmed in steps,
// without any append.
func TestLoweredRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openOn(t, new(disk), Options{})
		many := make([]string, 1000)
		for range 12 {
			add(t, l, store.OS, many...)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		d := new(disk)
		l, err := open(l.path, Options{MaxCount: 10}, d.commit)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		commits, _ := d.counts()
		if b, _ := l.Bounds(background); b != (store.Bounds{Oldest: 11991, Newest: 12000, Trimmed: 11990}) || commits != 3 {
			t.Errorf("bounds %+v after %d commits, want the last ten entries after three", b, commits)
		}
	})
}

// TestGroupCommit: whoever waits at the same time shares a commit.
func TestGroupCommit(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	d.hold()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() { add(t, l, store.Disk, "x") })
	}
	eventually(t, "all are queued", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.last == 64
	})
	d.release()
	wg.Wait()
	if n, _ := d.counts(); n > 2 {
		t.Errorf("64 appends at once took %d commits, want one for the first and one for the rest", n)
	}
}

// TestFaultsAtRandom: whatever fails and whenever, what was acknowledged is
// there, once, in order, and followers saw exactly what the file has.
func TestFaultsAtRandom(t *testing.T) { synctest.Test(t, testFaultsAtRandom) }

func testFaultsAtRandom(t *testing.T) {
	const appenders, each = 8, 60
	d := new(disk)
	l := openOn(t, d, Options{})
	var mu sync.Mutex
	var followed []store.Entry
	following := make(chan struct{})
	go func() {
		defer close(following)
		l.Follow(background, 0, func(entries []store.Entry) {
			mu.Lock()
			defer mu.Unlock()
			followed = append(followed, entries...)
		})
	}()
	acknowledged := make(map[string]store.Position)
	refused := make(map[string]bool)
	var wg sync.WaitGroup
	for a := range appenders {
		rng := rand.New(rand.NewPCG(uint64(a), 99))
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("%d/%d", a, i)
				switch rng.IntN(12) {
				case 0:
					d.fail(lost)
				case 1:
					d.fail(persisted)
				case 2:
					d.fail([]func(*bbolt.Tx) error{lost, persisted}[rng.IntN(2)], persisted, lost)
				}
				entries, err := add(t, l, store.Memory+store.Durability(rng.IntN(3)), name)
				mu.Lock()
				if err == nil {
					acknowledged[name] = entries[0].Position
				} else {
					refused[name] = true
				}
				mu.Unlock()
				if errors.Is(err, store.ErrUnavailable) {
					for l.Health() != nil {
						time.Sleep(time.Millisecond)
					}
				}
			}
		})
	}
	wg.Wait()
	d.fail()
	path := l.path
	if err := l.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	<-following
	again, err := Open(path, Options{})
	if err != nil {
		t.Fatalf("opening again: %v", err)
	}
	defer again.Close()
	kept := all(t, again)
	if g, w := fmt.Sprint(data(followed)), fmt.Sprint(data(kept)); g != w {
		t.Errorf("followed\n %s\nkept\n %s", g, w)
	}
	there := make(map[string]store.Position)
	var last store.Position
	for _, e := range kept {
		if e.Position <= last {
			t.Errorf("position %d follows %d", e.Position, last)
		}
		last = e.Position
		if there[e.Update.Data()] != 0 {
			t.Errorf("%s is there twice", e.Update.Data())
		}
		there[e.Update.Data()] = e.Position
	}
	for name, p := range acknowledged {
		if there[name] != p {
			t.Errorf("%s was acknowledged at %d and is at %d", name, p, there[name])
		}
	}
	if len(refused) == 0 || len(refused) == appenders*each {
		t.Errorf("%d of %d appends were refused: this run proves nothing", len(refused), appenders*each)
	}
	commits, _ := d.counts()
	t.Logf("%d acknowledged, %d refused, %d commits", len(acknowledged), len(refused), commits)
}

package bolt

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/store"
	"cinnabar/store/storetest"

	"go.etcd.io/bbolt"
)

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
	if got, err := l.Find(ctx, entries[0].ID.String()); err != nil || got != (store.Place{After: 3, Found: store.Known}) {
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
			if e, err := readTotals(tx); err != nil || e.updates.count != 50 {
				t.Errorf("after a moment the file has %d entries, error %v; want 50", e.updates.count, err)
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
		if b, _ := l.Bounds(background); b != (store.Bounds{Oldest: 3, Newest: 3, Gone: store.Gone{Updates: 2}}) {
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
		if b, _ := l.Bounds(background); b != (store.Bounds{Oldest: 11991, Newest: 12000, Gone: store.Gone{Updates: 11990}}) || commits != 3 {
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

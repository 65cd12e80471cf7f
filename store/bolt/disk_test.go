package bolt

import (
	"errors"
	"fmt"
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
	if limitedChild() || poweredChild() || compactedChild() {
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

func all(t testing.TB, l *Log) []store.Entry {
	t.Helper()
	entries, err := readAll(l)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	return entries
}

// readAll returns what can be read, and why the rest cannot.
func readAll(l *Log) (entries []store.Entry, err error) {
	for after := store.Position(0); ; {
		c, err := l.Read(background, after, 1<<20)
		if err != nil || len(c.Entries) == 0 {
			return entries, err
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

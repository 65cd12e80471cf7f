// Package storetest is the contract of [store.Log] and [store.Presence] as a test: every engine
// runs [Run] and [Benchmark]. For tests of what lies above an engine it has
// [Faulty], a log that fails on demand.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"go.uber.org/goleak"
)

// An Engine is what is tested.
type Engine interface {
	store.Log
	store.Presence
}

// A Place is where an engine under test keeps one history.
type Place struct {
	// Open opens the history, empty the first time. It is called again only
	// after the log it returned was closed.
	Open func(store.Retention) (Engine, error)
	// Backup copies the history as it is now to a place of its own, while the
	// log is open and idle. It is nil for an engine whose history ends with
	// the process; such an engine is not asked to persist anything.
	Backup func(testing.TB) Place
}

func (p Place) persistent() bool { return p.Backup != nil }

// Run tests an engine. place makes a new place, released with its test.
func Run(t *testing.T, place func(testing.TB) Place) {
	tests := []struct {
		name string
		test func(*testing.T, Place)
	}{
		{"receipts", testReceipts},
		{"order", testOrder},
		{"visible when answered", testVisibleWhenAnswered},
		{"reading in chunks", testChunks},
		{"following", testFollow},
		{"following from afar", testFollowFromAfar},
		{"cursors", testCursors},
		{"brought ids", testBroughtIDs},
		{"trimming by count", testTrimCount},
		{"trimming by bytes", testTrimBytes},
		{"trimming by age", testTrimAge},
		{"another retention", testRetain},
		{"rules", testRules},
		{"newest under rules", testNewestUnderRules},
		{"other rules", testOtherRules},
		{"rules after a restart", testRulesAfterRestart},
		{"trimmed cursors", testTrimmedCursors},
		{"a follower and a tight retention", testFollowTight},
		{"since a time", testSince},
		{"since a trimmed time", testSinceTrimmed},
		{"too large", testTooLarge},
		{"cancelled", testCancelled},
		{"closed", testClosed},
		{"restart", testRestart},
		{"restart at the retention", testRestartRetention},
		{"lost entries", testLostEntries},
		{"restored backup", testRestoredBackup},
		{"once", testOnce},
		{"once, at the same moment", testOnceAtOnce},
		{"once, by age", testOnceAge},
		{"once, by count", testOnceCount},
		{"once, off", testKeysOff},
		{"once, and trimmed", testOnceTrimmed},
		{"once, and a restart", testOnceRestart},
		{"changes", testChanges},
		{"changes wait for nobody", testChangesWaitForNobody},
		{"retention of each kind", testRetentionOfKinds},
		{"what was left open", testLeftOpen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			others := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, others) }) // first, so that it looks last
			tt.test(t, place(t))
		})
	}
	t.Run("model", func(t *testing.T) { testModel(t, place) })
	t.Run("model of rules", func(t *testing.T) { testRulesModel(t, place) })
}

var background = context.Background()

// mustOpen opens a history that the test's end closes.
func mustOpen(t testing.TB, p Place, r store.Retention) Engine {
	t.Helper()
	log, err := p.Open(r)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return log
}

// unlimited is a retention that keeps everything.
var unlimited = store.Retention{MaxBytes: -1}

// Update makes a public update on one topic.
func Update(t testing.TB, data string) *spec.Update {
	t.Helper()
	return UpdateOf(t, spec.Fields{Data: data})
}

// UpdateOf makes an update of fields; without topics it gets one.
func UpdateOf(t testing.TB, f spec.Fields) *spec.Update {
	t.Helper()
	if len(f.Topics) == 0 {
		f.Topics = []string{"https://example.com/books/1"}
	}
	u, err := spec.NewUpdate(f, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
	if err != nil {
		t.Fatalf("making an update: %v", err)
	}
	return u
}

// brought makes an update that brings an id.
func brought(t testing.TB, id, data string) *spec.Update {
	t.Helper()
	return UpdateOf(t, spec.Fields{ID: id, Data: data})
}

// mustAppend appends updates durably and returns their entries.
func mustAppend(t testing.TB, log store.Log, updates ...*spec.Update) []store.Entry {
	t.Helper()
	return mustAppendAs(t, log, store.Disk, updates...)
}

func mustAppendAs(t testing.TB, log store.Log, want store.Durability, updates ...*spec.Update) []store.Entry {
	t.Helper()
	r, err := log.Append(background, want, updates...)
	if err != nil {
		t.Fatalf("appending %d updates: %v", len(updates), err)
	}
	return r.Entries
}

// appendNumbers appends updates whose data are the numbers from one to before
// another, one at a time.
func appendNumbers(t testing.TB, log store.Log, from, to int) (entries []store.Entry) {
	t.Helper()
	for i := from; i < to; i++ {
		entries = append(entries, mustAppend(t, log, Update(t, fmt.Sprint(i)))...)
	}
	return entries
}

// A fataler is a test, also of package rapid.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// readAll reads everything after a position, in chunks of about limit bytes,
// and checks what every chunk promises.
func readAll(t fataler, log store.Log, after store.Position, limit int) (entries []store.Entry, trimmed bool) {
	t.Helper()
	for first := true; ; first = false {
		c, err := log.Read(background, after, limit)
		if err != nil {
			t.Fatalf("reading after %d: %v", after, err)
		}
		if first {
			trimmed = after < c.Gone.Updates
		}
		for _, e := range c.Entries {
			if e.Position <= after {
				t.Fatalf("reading after %d returned position %d", after, e.Position)
			}
			after = e.Position
		}
		if c.Through < after {
			t.Fatalf("a chunk is complete through %d, but holds %d", c.Through, after)
		}
		after = c.Through
		entries = append(entries, c.Entries...)
		if len(c.Entries) == 0 {
			return entries, trimmed
		}
	}
}

func mustFind(t testing.TB, log store.Log, id string) store.Place {
	t.Helper()
	p, err := log.Find(background, id)
	if err != nil {
		t.Fatalf("finding %q: %v", id, err)
	}
	return p
}

func mustBounds(t testing.TB, log store.Log) store.Bounds {
	t.Helper()
	b, err := log.Bounds(background)
	if err != nil {
		t.Fatalf("asking for the bounds: %v", err)
	}
	return b
}

// sameEntries compares what subscribers would see, and where.
func sameEntries(t testing.TB, what string, got, want []store.Entry) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d entries %v, want %d %v", what, len(got), positions(got), len(want), positions(want))
	}
	for i := range got {
		if g, w := describe(got[i]), describe(want[i]); g != w {
			t.Fatalf("%s: entry %d of %d is\n %s, want\n %s", what, i, len(got), g, w)
		}
	}
}

func describe(e store.Entry) string {
	var holds []byte
	if e.Subscription != nil {
		holds = e.Subscription.AppendBinary(nil)
	} else {
		holds = e.Update.AppendBinary(nil)
	}
	return fmt.Sprintf("%d id=%s at=%d kind=%d %q", e.Position, e.ID, e.At.UnixMilli(), e.Kind(), holds)
}

func positions(entries []store.Entry) []store.Position {
	p := make([]store.Position, 0, 8)
	for i, e := range entries {
		if i == 8 {
			break
		}
		p = append(p, e.Position)
	}
	return p
}

// A follower collects what Follow delivers.
type follower struct {
	got  chan store.Entry
	done chan error
	stop context.CancelFunc
}

// follow starts a follower, which the test's end stops.
func follow(t testing.TB, log store.Log, after store.Position) *follower {
	ctx, stop := context.WithCancel(background)
	f := &follower{got: make(chan store.Entry, 1<<16), done: make(chan error, 1), stop: stop}
	go func() {
		f.done <- log.Follow(ctx, after, func(entries []store.Entry) {
			for _, e := range entries {
				f.got <- e
			}
		})
	}()
	t.Cleanup(stop)
	return f
}

// patience bounds how long a test waits for what should happen at once.
const patience = 20 * time.Second

// take waits for the next n entries.
func (f *follower) take(t testing.TB, n int) []store.Entry {
	t.Helper()
	entries := make([]store.Entry, 0, n)
	deadline := time.After(patience)
	for len(entries) < n {
		select {
		case e := <-f.got:
			entries = append(entries, e)
		case err := <-f.done:
			t.Fatalf("following ended after %d of %d entries: %v", len(entries), n, err)
		case <-deadline:
			t.Fatalf("the follower got %d of %d entries", len(entries), n)
		}
	}
	return entries
}

// end waits for Follow to return.
func (f *follower) end(t testing.TB) error {
	t.Helper()
	select {
	case err := <-f.done:
		return err
	case <-time.After(patience):
		t.Fatal("Follow did not return")
		return nil
	}
}

package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"
)

// unknownCursors lead to everything retained, and say so.
var unknownCursors = []string{
	"", spec.Earliest, "urn:x:never", "earliest2", "#", "\x00", "日本語", strings.Repeat("long", 20000),
	"urn:uuid:00000000-0000-0000-0000-000000000000",
	"urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff",
	sealedElsewhere,
}

// sealedElsewhere is an id that another history made.
const sealedElsewhere = "urn:uuid:c8aadaef-caf4-8c09-8283-99a644d4eac2"

func testCursors(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	for _, id := range unknownCursors {
		if got := mustFind(t, log, id); got != (store.Place{}) {
			t.Errorf("in the empty log %.60q leads to %+v", id, got)
		}
	}
	all := appendNumbers(t, log, 0, 20)
	all = append(all, mustAppendAs(t, log, store.Memory, Update(t, "presence"))...)
	for _, e := range all {
		if got, want := mustFind(t, log, e.ID.String()), (store.Place{After: e.Position, Found: store.Known}); got != want {
			t.Errorf("the id of %d leads to %+v, want %+v", e.Position, got, want)
		}
		for _, other := range []string{
			strings.ToUpper(e.ID.String()),
			strings.TrimPrefix(e.ID.String(), "urn:uuid:"),
			e.ID.String() + " ",
			e.ID.String()[:len(e.ID.String())-1] + "!",
		} {
			if got := mustFind(t, log, other); got != (store.Place{}) {
				t.Errorf("%q, another spelling of an id, leads to %+v: ids are bytes", other, got)
			}
		}
	}
	for _, id := range unknownCursors {
		if got := mustFind(t, log, id); got != (store.Place{}) {
			t.Errorf("%.60q leads to %+v, want everything retained (REPLAY-unknown-cursor)", id, got)
		}
	}
}

func testBroughtIDs(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	var all []store.Entry
	for _, id := range []string{"urn:x:1", "", "urn:x:2", "urn:x:1", "urn:x:10", "urn:x:1", "é", "urn:x", sealedElsewhere} {
		all = append(all, mustAppend(t, log, brought(t, id, "data of "+id))...)
	}
	all = append(all, mustAppendAs(t, log, store.Memory, brought(t, "urn:x:fresh", ""), brought(t, "urn:x:1", ""))...)
	first := make(map[string]store.Position)
	for _, e := range all {
		if _, ok := first[e.ID.String()]; !ok {
			first[e.ID.String()] = e.Position
		}
	}
	for id, p := range first {
		if got, want := mustFind(t, log, id), (store.Place{After: p, Found: store.Known}); got != want {
			t.Errorf("%q leads to %+v, want %+v, its earliest occurrence (REPLAY-duplicate-id)", id, got, want)
		}
	}
	for _, id := range []string{"urn:x:", "urn:x:11", "urn:x:1\x00", "urn", "e\u0301"} {
		if got := mustFind(t, log, id); got != (store.Place{}) {
			t.Errorf("%q, which nobody brought, leads to %+v", id, got)
		}
	}
}

func testTrimCount(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 10})
	all := appendNumbers(t, log, 0, 35)
	checkRetained(t, log, all, 10)
	all = append(all, mustAppend(t, log, batch(t, 25)...)...)
	checkRetained(t, log, all, 10)
}

// testRetain: another retention holds from the next append on, tighter or
// wider, and a limit left out is the engine's own default again.
func testRetain(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	all := appendNumbers(t, log, 0, 35)
	log.Retain(store.Retention{MaxBytes: -1, MaxCount: 10})
	all = append(all, mustAppend(t, log, Update(t, "trims"))...)
	checkRetained(t, log, all, 10)
	log.Retain(store.Retention{MaxCount: 12})
	all = append(all, mustAppend(t, log, batch(t, 5)...)...)
	checkRetained(t, log, all, 12)
	log.Retain(store.Retention{})
	all = append(all, mustAppend(t, log, batch(t, 20)...)...)
	checkRetained(t, log, all, 32)
}

func testTrimBytes(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: 40 << 10})
	var all []store.Entry
	for range 30 {
		all = append(all, mustAppend(t, log, Update(t, strings.Repeat("x", 4<<10)))...)
	}
	b := mustBounds(t, log)
	retained, _ := readAll(t, log, 0, 1<<20)
	if n := len(retained); n < 8 || n > 10 {
		t.Errorf("of entries of 4 KiB and a bit, 40 KiB retain %d, want 8 to 10", n)
	}
	checkRetained(t, log, all, len(retained))

	// The newest entry stays, however large.
	huge := mustAppend(t, log, Update(t, strings.Repeat("x", 100<<10)))
	retained, _ = readAll(t, log, b.Newest-1, 1<<20)
	sameEntries(t, "after one larger than the limit", retained, huge)
}

func testTrimAge(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxAge: 1})
	old := mustAppend(t, log, Update(t, "old"))[0]
	var all []store.Entry
	for len(all) == 0 || !all[len(all)-1].At.After(old.At) { // a millisecond passes
		all = append(all, mustAppend(t, log, Update(t, "new"))...)
	}
	if b := mustBounds(t, log); b.Gone.Updates < old.Position {
		t.Errorf("an entry past its age is retained: %+v", b)
	}
}

func batch(t testing.TB, n int) []*spec.Update {
	updates := make([]*spec.Update, n)
	for i := range updates {
		updates[i] = Update(t, fmt.Sprint(i))
	}
	return updates
}

// checkRetained checks that the last n of all entries are there and no other.
func checkRetained(t *testing.T, log store.Log, all []store.Entry, n int) {
	t.Helper()
	want := all[len(all)-n:]
	got, trimmed := readAll(t, log, 0, 1000)
	sameEntries(t, "retained", got, want)
	if !trimmed {
		t.Error("reading from the start does not say that entries were trimmed")
	}
	gone := all[len(all)-n-1].Position
	if got, want := mustBounds(t, log), (store.Bounds{Oldest: want[0].Position, Newest: all[len(all)-1].Position, Gone: store.Gone{Updates: gone}}); got != want {
		t.Errorf("bounds %+v, want %+v", got, want)
	}
	if _, trimmed := readAll(t, log, gone, 1000); trimmed {
		t.Error("reading after the last trimmed entry says that something is missing")
	}
	if _, trimmed := readAll(t, log, gone-1, 1000); !trimmed {
		t.Error("reading after the last but one trimmed entry does not say that something is missing")
	}
}

func testTrimmedCursors(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 3})
	x := brought(t, "urn:x", "")
	all := mustAppend(t, log, Update(t, "a"), x, x, Update(t, "b"), Update(t, "c"), x, Update(t, "d"))
	gone := store.Gone{Updates: all[3].Position}
	for i, e := range all[:4] {
		if e.Brought().IsZero() {
			// By order: replay starts after it though it is gone, and says
			// whether anything after it is, too.
			if got, want := mustFind(t, log, e.ID.String()), (store.Place{After: e.Position, Found: store.Known, Gone: gone}); got != want || complete(got) != (i == 3) {
				t.Errorf("the id of trimmed entry %d leads to %+v, want %+v", i, got, want)
			}
		}
	}
	if got, want := mustFind(t, log, "urn:x"), (store.Place{After: all[5].Position, Found: store.Known, Gone: gone}); got != want {
		t.Errorf("an id of which two of three occurrences were trimmed leads to %+v, want %+v, the earliest retained", got, want)
	}
	mustAppend(t, log, batch(t, 3)...)
	if got := mustFind(t, log, "urn:x"); got.After != 0 || got.Found != store.Unknown {
		t.Errorf("an id that was trimmed away leads to %+v", got)
	}
}

// everything is a set of selectors that matches every topic.
var everything = func() *spec.Set {
	any, err := spec.ParseTopicSelector(spec.Wildcard)
	if err != nil {
		panic(err)
	}
	set := spec.SetOf([]*spec.Selector{any})
	return &set
}()

// complete reports whether nothing at all is missing after a place.
func complete(p store.Place) bool { return p.Exact(everything) }

// testFollowTight: live delivery does not suffer from a history that is kept
// short. Only who is far behind meets the retention, and is told.
func testFollowTight(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 1})
	gate := make(chan struct{})
	f := follow(t, log, 0)
	held := &follower{got: make(chan store.Entry, 1), done: make(chan error, 1)}
	go func() {
		held.done <- log.Follow(background, 0, func(entries []store.Entry) {
			held.got <- entries[0]
			<-gate
		})
	}()
	all := mustAppend(t, log, Update(t, "first"))
	sameEntries(t, "held up", held.take(t, 1), all)
	all = append(all, appendNumbers(t, log, 0, 50)...)
	all = append(all, mustAppend(t, log, batch(t, 50)...)...)
	sameEntries(t, "followed", f.take(t, len(all)), all)

	large := Update(t, strings.Repeat("x", 256<<10))
	for range 100 {
		mustAppendAs(t, log, store.OS, large)
	}
	close(gate)
	if err := held.end(t); !errors.Is(err, store.ErrTrimmed) {
		t.Errorf("a follower overtaken by retention ended with %v, want ErrTrimmed", err)
	}
}

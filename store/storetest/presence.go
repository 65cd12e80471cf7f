package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"
)

// subscriptions makes those of one connection, to exact matchers.
func subscriptions(t fataler, matchers ...string) []*spec.Subscription {
	t.Helper()
	return subscriptionsWith(t, `{"name":"Ada"}`, matchers...)
}

func subscriptionsWith(t fataler, payload string, matchers ...string) []*spec.Subscription {
	t.Helper()
	selectors := make([]*spec.Selector, len(matchers))
	for i, m := range matchers {
		var err error
		if selectors[i], err = spec.ParseMatcher("", m, spec.UnnamedBase()); err != nil {
			t.Fatalf("making a selector: %v", err)
		}
	}
	made, err := spec.NewSubscriptions(spec.NewSubscriberID(), selectors, func(string) (json.RawMessage, bool) {
		return json.RawMessage(payload), true
	})
	if err != nil {
		t.Fatalf("making subscriptions: %v", err)
	}
	return made
}

// ended returns subscriptions as they are when their connection is over.
func ended(subscriptions []*spec.Subscription) []*spec.Subscription {
	over := make([]*spec.Subscription, len(subscriptions))
	for i, s := range subscriptions {
		over[i] = s.Ended()
	}
	return over
}

func mustChange(t testing.TB, log Engine, changes ...*spec.Subscription) []store.Entry {
	t.Helper()
	r, err := log.Change(background, changes...)
	if err != nil {
		t.Fatalf("appending %d changes: %v", len(changes), err)
	}
	return r.Entries
}

// testChanges: changes have their place among the updates, an id that is a
// cursor, and nothing that a publisher could bring.
func testChanges(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	f := follow(t, log, 0)
	mine := subscriptions(t, "a", "b")
	all := mustAppend(t, log, Update(t, "before"))
	all = append(all, mustChange(t, log, mine...)...)
	all = append(all, mustAppend(t, log, Update(t, "between"), brought(t, "urn:x:1", "brought"))...)
	all = append(all, mustChange(t, log, ended(mine)...)...)
	all = append(all, mustAppend(t, log, Update(t, "after"))...)
	if len(all) != 8 {
		t.Fatalf("8 entries were appended, the receipts have %d", len(all))
	}
	seen := make(map[string]bool)
	for i, e := range all {
		if (e.Update == nil) == (e.Subscription == nil) {
			t.Errorf("entry %d holds both, or neither", i)
		}
		if i > 0 && e.Position <= all[i-1].Position {
			t.Errorf("position %d follows %d", e.Position, all[i-1].Position)
		}
		if seen[e.ID.String()] {
			t.Errorf("entry %d has an id that is taken", i)
		}
		seen[e.ID.String()] = true
		if got, want := mustFind(t, log, e.ID.String()), (store.Place{After: e.Position, Found: store.Known}); got != want {
			t.Errorf("the id of entry %d leads to %+v, want %+v (SUBS-event-in-history)", i, got, want)
		}
		if got, _ := readAll(t, log, e.Position, 200); len(got) != len(all)-1-i {
			t.Errorf("%d entries follow entry %d, want %d", len(got), i, len(all)-1-i)
		}
	}
	sameEntries(t, "followed", f.take(t, len(all)), all)
	got, _ := readAll(t, log, 0, 300)
	sameEntries(t, "read", got, all)
	if b, want := mustBounds(t, log), (store.Bounds{Oldest: all[0].Position, Newest: all[7].Position}); b != want {
		t.Errorf("bounds %+v, want %+v", b, want)
	}
	if !p.persistent() {
		return
	}
	log = reopen(t, log, p, unlimited)
	got, _ = readAll(t, log, 0, 300)
	sameEntries(t, "read after a restart", got, all)
}

// testChangesWaitForNobody: a change is visible as soon as what was appended
// before it is.
func testChangesWaitForNobody(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	for i := range 200 {
		e := mustChange(t, log, subscriptions(t, fmt.Sprint(i))...)[0]
		if b := mustBounds(t, log); b.Newest != e.Position {
			t.Fatalf("after change %d the head is %d, want %d", i, b.Newest, e.Position)
		}
	}
}

// testRetentionOfKinds: neither kind pushes the other out, and who asks is told
// of which something is missing.
func testRetentionOfKinds(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 2})
	changes := mustChange(t, log, subscriptions(t, "a", "b", "c", "d")...)
	updates := appendNumbers(t, log, 0, 5)
	want := append(slices.Clone(changes), updates[3:]...)
	got, _ := readAll(t, log, 0, 200)
	sameEntries(t, "updates beyond their retention", got, want)
	if b, want := mustBounds(t, log), (store.Bounds{Oldest: changes[0].Position, Newest: updates[4].Position, Gone: store.Gone{Updates: updates[2].Position}}); b != want {
		t.Errorf("bounds %+v, want %+v", b, want)
	}

	// A hundred megabytes of subscriptions, which no engine keeps.
	big := `"` + strings.Repeat("x", 1<<20) + `"`
	var last store.Entry
	for range 100 {
		last = mustChange(t, log, subscriptionsWith(t, big, "big")...)[0]
	}
	updates = append(updates, mustAppend(t, log, Update(t, "last"))...)
	got, _ = readAll(t, log, 0, 1<<20)
	var kept []store.Entry
	for _, e := range got {
		if e.Update != nil {
			kept = append(kept, e)
		}
	}
	sameEntries(t, "updates beside many subscriptions", kept, updates[4:])
	n := len(got) - len(kept)
	if n == 0 || n >= 90 || got[len(got)-2].Position != last.Position {
		t.Errorf("%d of 104 changes are retained up to %d; want fewer, the newest among them", n, got[len(got)-2].Position)
	}
	b := mustBounds(t, log)
	if b.Gone.Subscriptions < changes[3].Position || b.Gone.Subscriptions >= last.Position || b.Gone.Updates != updates[3].Position {
		t.Errorf("bounds %+v; want updates trimmed up to %d, and subscriptions from %d on", b, updates[3].Position, changes[3].Position)
	}
	for _, e := range []store.Entry{changes[0], updates[3], updates[4]} {
		want := store.Place{After: e.Position, Found: store.Known, Gone: b.Gone}
		if got := mustFind(t, log, e.ID.String()); got != want || complete(got) != (e.Position >= b.Gone.Updates) || got.PresenceGone() != (e.Position < b.Gone.Subscriptions) {
			t.Errorf("the id of %d leads to %+v, want %+v", e.Position, got, want)
		}
		c, err := log.Read(background, e.Position, 1)
		if err != nil || c.Gone != b.Gone {
			t.Errorf("reading after %d: %+v is gone, error %v; want %+v", e.Position, c.Gone, err, b.Gone)
		}
	}
	if got, want := mustFind(t, log, last.ID.String()), (store.Place{After: last.Position, Found: store.Known, Gone: b.Gone}); got != want {
		t.Errorf("the id of the newest change leads to %+v, want %+v", got, want)
	}
}

// testLeftOpen: what an earlier life left open is ended before anything new,
// once, whatever retention did to its beginning.
func testLeftOpen(t *testing.T, p Place) {
	if !p.persistent() {
		return
	}
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 1})
	gone, stays := subscriptions(t, "a", "b"), subscriptions(t, "a", strings.Repeat("long", 2000))
	mustChange(t, log, gone...)
	mustChange(t, log, stays...)
	mustChange(t, log, gone[0].Ended(), gone[1].Ended())
	before := appendNumbers(t, log, 0, 3)[2] // a durable append saves what came before
	crashed := p.Backup(t)
	// What is not saved when the process dies has never begun.
	mustChange(t, log, subscriptions(t, "unsaved")...)

	check := func(what string, p Place) {
		t.Helper()
		log := mustOpen(t, p, unlimited)
		got, _ := readAll(t, log, before.Position, 1<<20)
		want := make(map[string]bool)
		for _, s := range stays {
			want[string(s.Ended().AppendBinary(nil))] = true
		}
		for _, e := range got {
			name := ""
			if e.Subscription != nil {
				name = string(e.Subscription.AppendBinary(nil))
			}
			if !want[name] {
				t.Errorf("%s: opening appended %s", what, describe(e))
			}
			delete(want, name)
		}
		if len(want) > 0 {
			t.Errorf("%s: %d subscriptions were left open", what, len(want))
		}
		if got := mustFind(t, log, before.ID.String()); got.After != before.Position || !complete(got) {
			t.Errorf("%s: the cursor before leads to %+v", what, got)
		}
		newest := mustBounds(t, log).Newest
		log = reopen(t, log, p, unlimited)
		if b := mustBounds(t, log); b.Newest != newest {
			t.Errorf("%s: opening once more moved the head from %d to %d", what, newest, b.Newest)
		}
		if err := log.Close(); err != nil {
			t.Fatalf("closing: %v", err)
		}
	}
	check("after a crash", crashed)
}

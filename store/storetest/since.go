package storetest

import (
	"fmt"
	"testing"
	"time"

	"cinnabar/store"
)

// testSince asks for times before, between, at and after those of entries.
func testSince(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	if at, err := log.Since(background, time.Now()); err != nil || at != (store.Place{Found: store.Known}) {
		t.Errorf("any time in an empty log: %+v, error %v", at, err)
	}
	var all []store.Entry
	for i := range 13 {
		switch {
		case i%4 == 3:
			all = append(all, mustChange(t, log, subscriptions(t, fmt.Sprint(i))...)...)
		case i == 5: // several at one time
			all = append(all, mustAppend(t, log, Update(t, "a"), Update(t, "b"), Update(t, "c"))...)
		default:
			all = append(all, mustAppend(t, log, Update(t, fmt.Sprint(i)))...)
		}
		time.Sleep(2 * time.Millisecond) // times are to the millisecond
	}
	checkSince(t, log, all)
	if !p.persistent() {
		return
	}
	copied := p.Backup(t)
	restored := mustOpen(t, copied, unlimited)
	ended, _ := readAll(t, restored, all[len(all)-1].Position, 1<<20)
	checkSince(t, restored, append(all, ended...))
}

// testSinceTrimmed: what retention removed may have been after the time.
func testSinceTrimmed(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxCount: 3})
	var all []store.Entry
	for i := range 6 {
		all = append(all, mustAppend(t, log, Update(t, fmt.Sprint(i)))...)
		time.Sleep(2 * time.Millisecond)
	}
	for i, e := range all {
		at, err := log.Since(background, e.At)
		if err != nil {
			t.Fatal(err)
		}
		if want := i > 3; at.Exact(everything) != want {
			t.Errorf("since entry %d of 6, of which 3 are kept: %+v, want exact %v", i+1, at, want)
		}
		if got, _ := readAll(t, log, at.After, 1<<20); len(got) != min(3, 6-i) {
			t.Errorf("since entry %d: %v follow", i+1, positions(got))
		}
	}
}

// checkSince compares with a search from the first entry on.
func checkSince(t *testing.T, log store.Log, all []store.Entry) {
	t.Helper()
	times := []time.Time{{}, all[0].At.Add(-time.Hour), all[len(all)-1].At.Add(time.Hour)}
	for _, e := range all {
		times = append(times, e.At.Add(-time.Millisecond), e.At, e.At.Add(time.Microsecond))
	}
	for _, at := range times {
		place, err := log.Since(background, at)
		if err != nil || !place.Exact(everything) || place.PresenceGone() {
			t.Fatalf("since %v: %+v, error %v", at, place, err)
		}
		var want []store.Entry
		for _, e := range all {
			if e.At.UnixMilli() >= at.UnixMilli() {
				want = append(want, e)
			}
		}
		got, _ := readAll(t, log, place.After, 500)
		sameEntries(t, fmt.Sprintf("since %v", at), got, want)
	}
}

package storetest

import (
	"fmt"
	"testing"

	"cinnabar/store"
)

// reopen closes a log and opens its history again.
func reopen(t testing.TB, log Engine, p Place, r store.Retention) Engine {
	t.Helper()
	if err := log.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	return mustOpen(t, p, r)
}

func testRestart(t *testing.T, p Place) {
	if !p.persistent() {
		log := mustOpen(t, p, unlimited)
		id := mustAppend(t, log, Update(t, "x"))[0].ID.String()
		log = reopen(t, log, p, unlimited)
		if got := mustFind(t, log, id); got != (store.Place{}) {
			t.Errorf("an id of a history that is gone leads to %+v", got)
		}
		return
	}
	log := mustOpen(t, p, unlimited)
	var all []store.Entry
	seen := make(map[string]bool)
	for life := range 4 {
		// Before anything new is published: that is when every client comes
		// back.
		got, _ := readAll(t, log, 0, 1000)
		sameEntries(t, "read after a restart", got, all)
		sameEntries(t, "followed after a restart", follow(t, log, 0).take(t, len(all)), all)
		for _, e := range all {
			if got, want := mustFind(t, log, e.ID.String()), (store.Place{After: e.Position, Found: store.Known}); got != want {
				t.Errorf("life %d: the id of %d leads to %+v, want %+v", life, e.Position, got, want)
			}
		}
		if len(all) > 0 {
			want := store.Bounds{Oldest: all[0].Position, Newest: all[len(all)-1].Position}
			if got := mustBounds(t, log); got != want {
				t.Errorf("life %d: bounds %+v, want %+v", life, got, want)
			}
		}
		fresh := appendNumbers(t, log, 0, 10)
		fresh = append(fresh, mustAppendAs(t, log, store.OS, brought(t, fmt.Sprintf("urn:life:%d", life), "os"))...)
		fresh = append(fresh, mustAppendAs(t, log, store.Memory, Update(t, "memory"), Update(t, "memory"))...)
		for _, e := range fresh {
			if len(all) > 0 && e.Position <= all[len(all)-1].Position {
				t.Errorf("life %d: position %d was given out again", life, e.Position)
			}
			if seen[e.ID.String()] {
				t.Errorf("life %d: id %s was given out again", life, e.ID)
			}
			seen[e.ID.String()] = true
		}
		all = append(all, fresh...)
		log = reopen(t, log, p, unlimited)
	}
	got, _ := readAll(t, log, 0, 1<<20)
	sameEntries(t, "at the end", got, all)
}

func testRestartRetention(t *testing.T, p Place) {
	if !p.persistent() {
		return
	}
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 10})
	all := appendNumbers(t, log, 0, 30)
	log = reopen(t, log, p, store.Retention{MaxBytes: -1, MaxCount: 10})
	checkRetained(t, log, all, 10)
	if got, want := mustFind(t, log, all[3].ID.String()), (store.Place{After: all[3].Position, Found: store.Known, Gone: store.Gone{Updates: all[19].Position}}); got != want {
		t.Errorf("an id trimmed in an earlier life leads to %+v, want %+v", got, want)
	}
	log = reopen(t, log, p, store.Retention{MaxBytes: -1, MaxCount: 5})
	all = append(all, mustAppend(t, log, Update(t, "one more"))...)
	checkRetained(t, log, all, 5)
}

// testLostEntries: what was seen and did not survive is neither found nor
// confused with what came to stand in its place.
func testLostEntries(t *testing.T, p Place) {
	if !p.persistent() {
		return
	}
	log := mustOpen(t, p, unlimited)
	kept := appendNumbers(t, log, 0, 5)
	crashed := p.Backup(t) // what a crash now leaves behind
	lost := mustAppendAs(t, log, store.Memory, Update(t, "seen"), brought(t, "urn:x:lost", "seen"))
	lost = append(lost, mustAppend(t, log, Update(t, "seen"))...)

	log2 := mustOpen(t, crashed, unlimited)
	end := store.Place{After: kept[4].Position, Found: store.Lost}
	for _, e := range []store.Entry{lost[0], lost[2]} {
		if got := mustFind(t, log2, e.ID.String()); got != end {
			t.Errorf("the id of a lost entry leads to %+v, want %+v: the end of its epoch, with the loss told", got, end)
		}
	}
	if got := mustFind(t, log2, "urn:x:lost"); got != (store.Place{}) {
		t.Errorf("the brought id of a lost entry leads to %+v", got)
	}
	fresh := mustAppend(t, log2, batch(t, 5)...)
	for _, e := range []store.Entry{lost[0], lost[2]} {
		if got := mustFind(t, log2, e.ID.String()); got != end {
			t.Errorf("later the id of a lost entry leads to %+v, want %+v", got, end)
		}
	}
	got, _ := readAll(t, log2, end.After, 1000)
	sameEntries(t, "replayed to who saw lost entries", got, fresh)
	for i, e := range fresh {
		for _, l := range lost {
			if e.ID == l.ID {
				t.Errorf("id %s of a lost entry stands for entry %d as well", e.ID, i)
			}
		}
	}

	// Whoever kept the lost entry brings it back under its id.
	again := mustAppend(t, log2, brought(t, lost[2].ID.String(), "seen"))[0]
	if got, want := mustFind(t, log2, again.ID.String()), (store.Place{After: again.Position, Found: store.Known}); got != want {
		t.Errorf("the id of a lost entry that was brought back leads to %+v, want %+v", got, want)
	}
}

func testRestoredBackup(t *testing.T, p Place) {
	if !p.persistent() {
		return
	}
	log := mustOpen(t, p, unlimited)
	first := appendNumbers(t, log, 0, 5)
	older := p.Backup(t)
	log = reopen(t, log, p, unlimited)
	unlisted := appendNumbers(t, log, 5, 10)

	restored := mustOpen(t, older, unlimited)
	fresh := appendNumbers(t, restored, 10, 15)
	for i, e := range unlisted {
		if fresh[i].ID == e.ID {
			t.Errorf("id %s was given out on both branches", e.ID)
		}
		if got := mustFind(t, restored, e.ID.String()); got != (store.Place{}) {
			t.Errorf("an id of an epoch that the backup does not know leads to %+v, want everything", got)
		}
	}
	for _, e := range append(first, fresh...) {
		if got, want := mustFind(t, restored, e.ID.String()), (store.Place{After: e.Position, Found: store.Known}); got != want {
			t.Errorf("in the restored history the id of %d leads to %+v, want %+v", e.Position, got, want)
		}
	}
	// Importing what the backup lacks restores its ids.
	imported := mustAppend(t, restored, brought(t, unlisted[2].ID.String(), "7"))[0]
	if got, want := mustFind(t, restored, unlisted[2].ID.String()), (store.Place{After: imported.Position, Found: store.Known}); got != want {
		t.Errorf("an imported id leads to %+v, want %+v", got, want)
	}
}

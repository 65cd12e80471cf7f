package fanout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
)

// A countingLog counts reads.
type countingLog struct {
	store.Log
	reads int
}

func (l *countingLog) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	l.reads++
	return l.Log.Read(ctx, after, limit)
}

// readerAt is a reader that has considered everything up to a position.
func readerAt(p store.Position) *Subscriber { return &Subscriber{position: p} }

func TestReadersShareStretches(t *testing.T) {
	log := &countingLog{Log: newLog(t)}
	var entries []store.Entry
	for i := range 1000 {
		entries = append(entries, appendTo(t, log, update(t, fmt.Sprint(i), "a"))...)
	}
	h := &history{log: log}
	first, _, err := h.read(t.Context(), readerAt(0))
	if err != nil {
		t.Fatal(err)
	}
	for i, entry := range entries[:len(first.entries)-1] {
		s, next, err := h.read(t.Context(), readerAt(entry.Position))
		if err != nil {
			t.Fatal(err)
		}
		if s != first || s.entries[next].Position != entries[i+1].Position {
			t.Fatalf("after entry %d a reader was given entry %d of %p, want %d of the stretch %p read first", i, next, s, i+1, first)
		}
	}
	if log.reads != 1 {
		t.Errorf("the log was read %d times for readers within one stretch, want once", log.reads)
	}
	if a, b := first.event(7, 0), first.event(7, 0); a != b {
		t.Error("an entry was encoded twice")
	}
	// At the end of a stretch the reader needs what came since.
	appendTo(t, log, update(t, "more", "a"))
	if _, _, err := h.read(t.Context(), readerAt(first.through)); err != nil || log.reads != 2 {
		t.Errorf("at its end a stretch was given out again: %d reads (%v)", log.reads, err)
	}
}

func TestKeptStretchesAreBounded(t *testing.T) {
	log := &countingLog{Log: newLog(t)}
	big := strings.Repeat("x", stretchSize)
	for range 3 * keptStretches {
		appendTo(t, log, update(t, big, "a"))
	}
	h := &history{log: log}
	at := store.Position(0)
	for range 3 * keptStretches {
		s, _, err := h.read(t.Context(), readerAt(at))
		if err != nil {
			t.Fatal(err)
		}
		at = s.through
		if len(h.recent) > keptStretches {
			t.Fatalf("%d stretches are kept, want at most %d", len(h.recent), keptStretches)
		}
	}
	reads := log.reads
	if _, _, err := h.read(t.Context(), readerAt(0)); err != nil || log.reads != reads+1 {
		t.Errorf("the first stretch is still kept after %d others", 3*keptStretches-1)
	}
}

// TestLargeEntriesAreNotKeptTogether: a stretch of one large entry takes the
// place of as many others as it has their size.
func TestLargeEntriesAreNotKeptTogether(t *testing.T) {
	log := newLog(t)
	large := strings.Repeat("x", keptSize/2+1)
	for range 4 {
		appendTo(t, log, update(t, large, "a"))
	}
	appendTo(t, log, update(t, "small", "a"))
	h := &history{log: log}
	for at, n := store.Position(0), 1; n <= 5; n++ {
		s, _, err := h.read(t.Context(), readerAt(at))
		if err != nil {
			t.Fatal(err)
		}
		at = s.through
		kept := 0
		for _, s := range h.recent {
			kept += s.size
		}
		if kept != h.size || kept > max(keptSize, s.size) {
			t.Fatalf("after entry %d stretches of %d bytes are kept (counted as %d), want at most %d", n, kept, h.size, keptSize)
		}
	}
	if len(h.recent) != 2 {
		t.Errorf("%d stretches are kept, want the small entry's and one large entry's", len(h.recent))
	}
}

// TestTrimmedStretchTellsWhoLostSomething: of two readers of one stretch only
// the one before its hole has lost anything.
func TestTrimmedStretchTellsWhoLostSomething(t *testing.T) {
	inner, err := memory.Open(memory.Options{MaxCount: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inner.Close() })
	var entries []store.Entry
	for i := range 30 {
		entries = append(entries, appendTo(t, inner, update(t, fmt.Sprint(i), "a"))...)
	}
	h := &history{log: inner}
	early, _, err := h.read(t.Context(), readerAt(entries[4].Position))
	if err != nil || !early.lost(&Subscriber{position: entries[4].Position}) {
		t.Fatalf("a reader before the retained entries has lost some (%v)", err)
	}
	between, _, err := h.read(t.Context(), readerAt(entries[9].Position))
	if err != nil || !between.lost(&Subscriber{position: entries[9].Position}) {
		t.Errorf("a second reader before the retained entries has lost some (%v)", err)
	}
	late, next, err := h.read(t.Context(), readerAt(entries[24].Position))
	if err != nil || late.lost(&Subscriber{position: entries[24].Position}) || late.entries[next].Position != entries[25].Position {
		t.Errorf("a reader within the retained entries has lost none (%v)", err)
	}
}

// TestWhatIsGoneStaysGone: who was told that entries are gone is not given them
// from a stretch that was read before they were trimmed, since what lies between
// that and the rest of the history is nowhere any more.
func TestWhatIsGoneStaysGone(t *testing.T) {
	log, err := memory.Open(memory.Options{MaxCount: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	gone, err := spec.NewSubscriptions(spec.NewSubscriberID(), []*spec.Selector{topic(t, "x")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Change(t.Context(), gone...); err != nil {
		t.Fatal(err)
	}
	publish := func(from, to int) {
		for i := from; i < to; i++ {
			appendTo(t, log, update(t, fmt.Sprint(i), "a"))
		}
	}
	publish(0, 10)
	h := &history{log: log}
	old, _, err := h.read(t.Context(), readerAt(1)) // 0 to 9, cut off by a limit before 5
	if err != nil {
		t.Fatal(err)
	}
	old.entries, old.through = old.entries[:5], old.entries[4].Position
	publish(10, 18)

	e := newEngine(t, log)
	e.history = h
	reader := newRecorder(-1)
	s := newSubscriber(e, Subscription{Selectors: []*spec.Selector{topic(t, "a")}, Replay: true, LossTold: true})
	s.stream, s.state = reader, catchingUp
	told, _, err := h.read(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	s.behind().told, s.behind().toldAt, s.position = told.gone, h.begun(), 1 // its turn ended behind the subscription
	slices.Reverse(h.recent)                                                 // somebody else used the old one last
	e.turn(t.Context(), s)
	e.turn(t.Context(), s)
	wantData(t, reader, []string{"8", "9", "10", "11", "12", "13", "14", "15", "16", "17"})
}

// TestLaggingDispatcherExcusesNothing: who was told what is gone, and is then given
// some of it by a dispatcher that lags, has not been told of the rest.
func TestLaggingDispatcherExcusesNothing(t *testing.T) {
	for _, gaps := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			inner, err := memory.Open(memory.Options{MaxCount: 2})
			if err != nil {
				t.Fatal(err)
			}
			change, err := inner.Change(t.Context(), begin(t, "x")...)
			if err != nil {
				t.Fatal(err)
			}
			g := gate{Log: inner, open: make(chan struct{})}
			e, err := New(Config{Log: g})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 6 {
				appendTo(t, inner, update(t, fmt.Sprint(i), "a"))
			}
			// Four of six are gone, and the dispatcher has passed none. The
			// stretch that the reader is given ends before all of them.
			h := &history{log: inner}
			part, _, err := h.read(t.Context(), readerAt(0))
			if err != nil {
				t.Fatal(err)
			}
			part.entries, part.through = part.entries[:1], change.Entries[0].Position
			e.history = h
			r := newRecorder(-1)
			subscribe(t, e, r, Subscription{Selectors: []*spec.Selector{topic(t, "a")}, Replay: true, LossTold: true, Gaps: gaps, Gap: map[bool]GapReason{true: UnknownID}[gaps]})
			synctest.Wait()
			if s := e.Stats(); s.Live != 1 {
				t.Fatalf("want the reader live where the dispatcher is: %+v", s)
			}
			g.open <- struct{}{} // 0, live
			synctest.Wait()
			r.give(0)
			g.open <- struct{}{} // 1 is refused
			synctest.Wait()
			r.give(-1)
			synctest.Wait()
			got := r.taken()
			if gaps {
				if len(got) != 5 || !isGap(got[0]) || got[1] != "0" || !isGap(got[2]) || !slices.Equal(got[3:], []string{"4", "5"}) {
					t.Errorf("got %q, want a gap, 0, a gap, 4 and 5", got)
				}
			} else if !slices.Equal(got, []string{"0"}) || r.reason() != HistoryTrimmed {
				t.Errorf("got %q, closed with %q; want 0 alone, and %q", got, r.reason(), HistoryTrimmed)
			}
			e.Close(t.Context(), Shutdown)
			inner.Close()
			synctest.Wait()
		})
	}
}

// TestRulesLetReadersCatchUp: who reads what a rule goes on removing, and was
// told, gets to the end of a long history; of what came since it is told.
func TestRulesLetReadersCatchUp(t *testing.T) {
	const orders = 300
	log, err := memory.Open(memory.Options{Rules: []store.Rule{{Selector: topic(t, "tick"), MaxCount: 20}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	tick := func(data string) { appendTo(t, log, update(t, data, "tick")) }
	var want []string
	for i := range orders {
		data := fmt.Sprint(i, strings.Repeat(" ", 2000), ".")
		want = append(want, data)
		appendTo(t, log, update(t, data, "order"))
		tick("early")
	}
	e := newEngine(t, log)
	both := []*spec.Selector{topic(t, "order"), topic(t, "tick")}
	told := newRecorder(0)
	subscribe(t, e, told, Subscription{Selectors: both, Replay: true, LossTold: true})
	untold := newRecorder(0)
	subscribe(t, e, untold, Subscription{Selectors: both, Replay: true, After: 1})
	gaps := newRecorder(0)
	subscribe(t, e, gaps, Subscription{Selectors: both, Replay: true, LossTold: true, Gaps: true, Gap: Trimmed})
	for range 19 { // each removes one that was there
		tick("late")
		told.give(10)
		gaps.give(10)
		untold.give(10)
		told.waitFor(t, "reading on", func() bool { told.mu.Lock(); defer told.mu.Unlock(); return told.room == 0 })
	}
	told.give(-1)
	told.waitFor(t, "reading to the end", func() bool {
		return told.reason() != "" || strings.Count(strings.Join(told.taken(), ","), "late") == 19
	})
	got := slices.DeleteFunc(told.taken(), func(data string) bool { return data == "early" || data == "late" })
	if reason := told.reason(); reason != "" || !slices.Equal(got, want) {
		t.Errorf("who was told has %d orders of %d, and its stream ended with %q", len(got), orders, reason)
	}
	gaps.give(-1)
	gaps.waitFor(t, "reading to the end, too", func() bool { return strings.Count(strings.Join(gaps.taken(), ","), "late") == 19 })
	if n := len(slices.DeleteFunc(gaps.taken(), func(data string) bool { return !isGap(data) })); n < 2 {
		t.Errorf("who is told in the stream was told %d times, want each time", n)
	}
	if reason := untold.reason(); reason != HistoryTrimmed {
		t.Errorf("who was not told: its stream ended with %q, want %q", reason, HistoryTrimmed)
	}

	since := newRecorder(10)
	subscribe(t, e, since, Subscription{Selectors: both, Replay: true, LossTold: true})
	since.waitCount(t, 10)
	for range 60 {
		tick("later")
	}
	since.give(-1)
	since.waitFor(t, "ending the stream of who missed what came since", func() bool { return since.reason() == HistoryTrimmed })
}

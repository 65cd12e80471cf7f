package fanout

import (
	"context"
	"slices"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/storetest"
)

// owed is what a reader has to be given so far, in order.
func (w *world) owed(r *reader) (facts []fact) {
	for _, f := range w.facts {
		u := f.shownTo(r)
		if f.Position > r.from && u != nil && r.filter.wants(u) && r.filter.mayRead(u) {
			facts = append(facts, f)
		}
	}
	return facts
}

// verify holds what a reader was given against what it is owed: all of it, or
// as much as it took before it left, stalled or lost its history. To who was told
// of a loss updates that were trimmed may be missing before the first that it was
// given; whatever was given is in one piece.
func (w *world) verify(r *reader, all bool) bool {
	got := r.given()
	var trimmed store.Position
	if r.sub.LossTold {
		bounds, err := w.log.Bounds(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		trimmed = bounds.Trimmed
	}
	var want []string
	began := false // with an update
	for _, f := range w.owed(r) {
		data := brief(f.shownTo(r).Data())
		if f.Update != nil && !began {
			began = slices.Contains(got, data)
			if !began && f.Position <= trimmed {
				continue
			}
			began = true
		}
		want = append(want, data)
	}
	if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
		w.t.Fatalf("a subscriber after position %d was given\n     %v, owed\n     %v", r.from, got, want)
	}
	return !all || len(got) == len(want)
}

// settle lets everybody read to the end.
func (w *world) settle() {
	w.log.Inject(storetest.None)
	w.learn()
	for _, r := range w.readers {
		r.give(-1)
	}
	deadline := time.Now().Add(20 * time.Second)
	for _, r := range w.readers {
		for r.reason() != HistoryTrimmed && !w.verify(r, true) {
			if time.Now().After(deadline) {
				w.t.Fatalf("a subscriber after position %d was given %v, owed %v; %+v", r.from, r.given(), w.owed(r), w.engine.Stats())
			}
			time.Sleep(time.Millisecond)
		}
		if reason := r.reason(); reason != "" && reason != HistoryTrimmed {
			w.t.Fatalf("a stream nobody closed ended with %q", reason)
		}
	}
	if bounds, err := w.log.Bounds(context.Background()); err == nil && bounds.Trimmed == 0 {
		for _, r := range w.readers {
			if r.reason() == HistoryTrimmed {
				w.t.Fatal("a stream was closed for trimmed history where nothing was trimmed")
			}
		}
	}
}

// wants is selects for an entry by itself.
func (f filter) wants(u *spec.Update) bool {
	selected, _ := f.selects(u, 0, time.Time{})
	return selected
}

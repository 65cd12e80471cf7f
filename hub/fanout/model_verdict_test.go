package fanout

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
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
// as much as it took before it left, stalled or lost its history. What is gone may
// be missing where the reader was told: before the first update, or where it is
// told in the stream itself; where rules keep some for longer, also among what
// was retained when it was told. Whatever else it was given is in one piece.
func (w *world) verify(r *reader, all bool) bool {
	got, owed, retained := r.given(), w.owed(r), w.retained()
	fail := func(what string) {
		var texts []string
		for _, f := range owed {
			texts = append(texts, brief(f.shownTo(r).Data()))
		}
		w.t.Fatalf("%s: a subscriber after position %d was given\n     %v, owed\n     %v", what, r.from, got, texts)
	}
	excused := r.sub.LossTold && !r.sub.Gaps
	last := ""
	for i, data := range got {
		if isGap(data) {
			w.verifyGap(r, data, last, got[i+1:])
			excused = true
			continue
		}
		for len(owed) > 0 && brief(owed[0].shownTo(r).Data()) != data {
			if !excused || retained[owed[0].Position] {
				fail("something is missing before " + data)
			}
			owed = owed[1:]
		}
		if len(owed) == 0 {
			fail(data + " is not owed, or out of order")
		}
		last = data
		excused = excused && (owed[0].Update == nil || w.rules)
		owed = owed[1:]
	}
	if excused {
		owed = slices.DeleteFunc(owed, func(f fact) bool { return !retained[f.Position] })
	}
	return !all || len(owed) == 0
}

// retained are the positions that the log has.
func (w *world) retained() map[store.Position]bool {
	retained := make(map[store.Position]bool)
	for after := store.Position(0); ; {
		c, err := w.log.Log.Read(context.Background(), after, 1<<20)
		if err != nil {
			w.t.Fatalf("reading the log: %v", err)
		}
		for _, e := range c.Entries {
			retained[e.Position] = true
		}
		if len(c.Entries) == 0 {
			return retained
		}
		after = c.Through
	}
}

func isGap(data string) bool { return strings.HasPrefix(data, `{"from":`) }

// verifyGap holds what a reader was told of a gap against what it was given before
// and after.
func (w *world) verifyGap(r *reader, data, last string, next []string) {
	var told struct {
		From, To *string
		Reason   GapReason
	}
	if err := json.Unmarshal([]byte(data), &told); err != nil || !r.sub.Gaps {
		w.t.Fatalf("a gap is told of by %s (%v)", data, err)
	}
	idOf := func(data string) string {
		i := slices.IndexFunc(w.facts, func(f fact) bool { u := f.shownTo(r); return u != nil && brief(u.Data()) == data })
		return w.facts[i].ID.String()
	}
	from := r.sub.Cursor
	if last != "" {
		from = idOf(last)
	}
	if told.From == nil && from != "" || told.From != nil && *told.From != from {
		w.t.Fatalf("a gap after %q is told of by %s", from, data)
	}
	if told.To != nil && len(next) > 0 && !isGap(next[0]) && *told.To != idOf(next[0]) {
		w.t.Fatalf("a gap before %s is told of by %s", idOf(next[0]), data)
	}
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
		if reason := r.reason(); reason != "" && (reason != HistoryTrimmed || r.sub.Gaps) {
			w.t.Fatalf("a stream nobody closed ended with %q", reason)
		}
	}
	if bounds, err := w.log.Bounds(context.Background()); err == nil && bounds.Gone.Updates == 0 {
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

package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"pgregory.net/rapid"
)

// rule makes a rule about what a 0.x selector matches.
func rule(t fataler, selector string, count int64) store.Rule {
	t.Helper()
	return store.Rule{Selector: selectorOf(t, selector), MaxCount: count}
}

func selectorOf(t fataler, text string) *spec.Selector {
	t.Helper()
	sel, err := spec.ParseTopicSelector(text)
	if err != nil {
		t.Fatalf("making a selector: %v", err)
	}
	return sel
}

func setOf(t fataler, texts ...string) *spec.Set {
	t.Helper()
	var selectors []*spec.Selector
	for _, text := range texts {
		selectors = append(selectors, selectorOf(t, text))
	}
	set := spec.SetOf(selectors)
	return &set
}

func readerOf(t fataler, texts ...string) *store.Reader {
	t.Helper()
	return &store.Reader{Selectors: setOf(t, texts...)}
}

func on(t testing.TB, data string, topics ...string) *spec.Update {
	t.Helper()
	return UpdateOf(t, spec.Fields{Topics: topics, Data: data})
}

const (
	ticks  = "https://e.x/ticks/1"
	orders = "https://e.x/orders/7"
)

// testRules: what a rule is about is kept as the rule says, and counts for nobody
// else; who does not ask for it misses nothing when it goes.
func testRules(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, MaxCount: 3, Rules: []store.Rule{
		rule(t, "https://e.x/ticks/{id}", 2), rule(t, "https://e.x/orders/{id}", 4),
	}})
	var all []store.Entry
	for i := range 10 {
		all = append(all, mustAppend(t, log, on(t, fmt.Sprint("tick ", i), ticks), on(t, fmt.Sprint("order ", i), orders, "b"), on(t, fmt.Sprint("note ", i), "n"))...)
	}
	// Ticks 8 and 9, orders 6 to 9, notes 7 to 9.
	var want []store.Entry
	for i, e := range all {
		if round, kind := i/3, i%3; kind == 0 && round >= 8 || kind == 1 && round >= 6 || kind == 2 && round >= 7 {
			want = append(want, e)
		}
	}
	got, _ := readAll(t, log, 0, 500)
	sameEntries(t, "retained by rules", got, want)
	for from := range all { // from every place between
		got, _ := readAll(t, log, all[from].Position, 1)
		sameEntries(t, fmt.Sprint("retained after ", from), got, slices.DeleteFunc(slices.Clone(want), func(e store.Entry) bool { return e.Position <= all[from].Position }))
	}

	order5, order6 := mustFind(t, log, all[5*3+1].ID.String()), mustFind(t, log, all[6*3+1].ID.String())
	for _, tt := range []struct {
		topics []string
		place  store.Place
		exact  bool
	}{
		{[]string{orders}, order5, true},
		{[]string{orders}, mustFind(t, log, all[4*3+1].ID.String()), false},
		{[]string{"https://e.x/orders/{id}"}, order6, true},
		{[]string{"https://e.x/orders/8"}, order5, true},
		{[]string{orders, ticks}, order6, false},
		{[]string{"n"}, order6, false}, // note 6 came after it
		{[]string{"n"}, mustFind(t, log, all[7*3+1].ID.String()), true},
		{[]string{"https://e.x/{+any}"}, order6, false}, // a tick may be among them
		{[]string{"*"}, order6, false},
		{[]string{"*"}, mustFind(t, log, all[7*3].ID.String()), true},
	} {
		if got := tt.place.Exact(setOf(t, tt.topics...)); got != tt.exact {
			t.Errorf("a reader of %q after %d: complete: %v, want %v", tt.topics, tt.place.After, got, tt.exact)
		}
	}
}

// testNewestUnderRules: it stays, whatever the limits of its rule; what readers
// were told before something goes does not change; and ids go with their entries.
func testNewestUnderRules(t *testing.T, p Place) {
	log := mustOpen(t, p, store.Retention{MaxBytes: -1, Rules: []store.Rule{
		{Selector: selectorOf(t, ticks), MaxBytes: 1}, rule(t, orders, 1),
	}})
	brought := func(topic string) store.Entry {
		return mustAppend(t, log, UpdateOf(t, spec.Fields{Topics: []string{topic}, ID: "urn:x:" + topic}))[0]
	}
	order := brought(orders)
	var last store.Entry
	for range 3 {
		last = brought(ticks)
	}
	got, _ := readAll(t, log, 0, 1000)
	sameEntries(t, "retained", got, []store.Entry{order, last})
	if place := mustFind(t, log, "urn:x:"+ticks); place.After != last.Position || place.Found != store.Known {
		t.Errorf("the id of three updates, of which the last is retained, leads to %+v", place)
	}
	before := mustBounds(t, log)
	next := brought(orders)
	got, _ = readAll(t, log, 0, 1000)
	sameEntries(t, "retained", got, []store.Entry{next})
	if before.Gone.Missed(0, store.Gone{}, readerOf(t, orders)) {
		t.Error("what was gone before an order went has changed since")
	}
	if place := mustFind(t, log, "urn:x:"+ticks); place.Found != store.Unknown {
		t.Errorf("the id of updates that are all gone leads to %+v", place)
	}
}

// testOtherRules: rules apply to what is there already, whoever was under which
// before; nothing that is gone comes back, nor is it forgotten that it is gone.
func testOtherRules(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	var all []store.Entry
	for i := range 30 {
		all = append(all, mustAppend(t, log, on(t, fmt.Sprint(i), []string{ticks, orders}[i%2]))...)
	}
	retained := func(want int, what string, topics ...string) {
		t.Helper()
		within(t, func() error {
			kept, _ := readAll(t, log, 0, 1000)
			kept = slices.DeleteFunc(kept, func(e store.Entry) bool { return !setOf(t, topics...).MatchAny(e.Update.Topics()) })
			if len(kept) != want {
				return fmt.Errorf("%s: %d of %q are retained, want %d", what, len(kept), topics, want)
			}
			return nil
		})
	}
	appendOne := func() { all = append(all, mustAppend(t, log, on(t, "more", "n"))...) }
	log.Retain(store.Retention{MaxBytes: -1, Rules: []store.Rule{rule(t, ticks, 4)}})
	appendOne()
	retained(4, "with a rule", ticks)
	retained(15, "with a rule", orders)
	log.Retain(store.Retention{MaxBytes: -1, Rules: []store.Rule{rule(t, "https://e.x/orders/{id}", 6), rule(t, ticks, 2)}})
	appendOne()
	retained(2, "with other rules", ticks)
	retained(6, "with other rules", orders)
	if place := mustFind(t, log, all[0].ID.String()); place.Exact(setOf(t, ticks)) || place.Exact(setOf(t, orders)) {
		t.Error("with other rules: it is forgotten that something is gone")
	}
	log.Retain(store.Retention{MaxBytes: -1, MaxCount: 5})
	appendOne()
	retained(5, "without rules", "*")
	if place := mustFind(t, log, all[26].ID.String()); complete(place) {
		t.Error("without rules: it is forgotten that something is gone")
	}
	if place := mustFind(t, log, all[len(all)-1].ID.String()); !complete(place) {
		t.Error("without rules: the newest id is not honoured")
	}
	log.Retain(unlimited)
	appendOne()
	retained(6, "without limits", "*")
}

// testRulesAfterRestart: the totals, and what is gone by class, are the history's.
func testRulesAfterRestart(t *testing.T, p Place) {
	if !p.persistent() {
		return
	}
	keep := store.Retention{MaxBytes: -1, Rules: []store.Rule{{Selector: selectorOf(t, ticks), MaxAge: time.Hour, MaxBytes: 400}}}
	log := mustOpen(t, p, keep)
	var all []store.Entry
	for i := range 40 {
		all = append(all, mustAppend(t, log, on(t, fmt.Sprint(i), []string{ticks, orders}[i%2]))...)
	}
	before, _ := readAll(t, log, 0, 1000)
	for range 2 {
		log = reopen(t, log, p, keep)
		after, _ := readAll(t, log, 0, 1000)
		sameEntries(t, "after a restart", after, before)
	}
	first := mustFind(t, log, all[0].ID.String())
	if first.Exact(setOf(t, ticks)) || !first.Exact(setOf(t, orders)) {
		t.Errorf("after a restart: a reader of ticks misses some, one of orders none; %+v", first)
	}
	log = reopen(t, log, p, store.Retention{MaxBytes: -1, Rules: []store.Rule{{Selector: selectorOf(t, ticks), MaxCount: 1}}})
	within(t, func() error {
		kept, _ := readAll(t, log, 0, 1000)
		if len(kept) != 21 {
			return fmt.Errorf("with a tighter rule after a restart %d entries are retained, want 20 orders and a tick", len(kept))
		}
		return nil
	})
	log = reopen(t, log, p, unlimited)
	if first := mustFind(t, log, all[0].ID.String()); complete(first) {
		t.Error("without rules after a restart it is forgotten that something is gone")
	}
	log = reopen(t, log, p, unlimited)
}

// within waits for something that an engine does by itself, soon.
func within(t testing.TB, check func() error) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// testRulesModel appends at random under random rules, and compares what is
// retained with a plain list; and who is told of a loss, with who has one.
func testRulesModel(t *testing.T, newPlace func(testing.TB) Place) {
	topics := []string{"https://e.x/a/1", "https://e.x/a/2", "https://e.x/b/1", "c"}
	selectors := []string{"https://e.x/a/1", "https://e.x/a/{id}", "https://e.x/{+rest}", "{x}/b/1", "c", "*"}
	rapid.Check(t, func(rt *rapid.T) {
		keep := store.Retention{MaxBytes: -1, MaxCount: int64(rapid.IntRange(0, 4).Draw(rt, "others"))}
		for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom(selectors), 1, 3, rapid.ID[string]).Draw(rt, "rules") {
			keep.Rules = append(keep.Rules, rule(rt, text, int64(rapid.IntRange(0, 3).Draw(rt, "count"))))
		}
		limit := func(e store.Entry) (class int, most int64) {
			for i, r := range keep.Rules {
				if set := spec.SetOf([]*spec.Selector{r.Selector}); set.MatchAny(e.Update.Topics()) {
					return i + 1, r.MaxCount
				}
			}
			return 0, keep.MaxCount
		}
		place := newPlace(t)
		log, err := place.Open(keep)
		if err != nil {
			rt.Fatalf("opening: %v", err)
		}
		defer func() { log.Close() }()
		var kept, gone []store.Entry
		for round := range rapid.IntRange(1, 12).Draw(rt, "rounds") {
			u, err := spec.NewUpdate(spec.Fields{
				Topics: rapid.SliceOfNDistinct(rapid.SampledFrom(topics), 1, 3, rapid.ID[string]).Draw(rt, "topics"),
				Data:   fmt.Sprint(round),
				ID:     rapid.SampledFrom([]string{"", "", "urn:a"}).Draw(rt, "id"),
			}, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
			if err != nil {
				rt.Fatalf("making an update: %v", err)
			}
			receipt, err := log.Append(background, store.OS, u)
			if err != nil {
				rt.Fatalf("appending: %v", err)
			}
			kept = append(kept, receipt.Entries...)
			counts := make(map[int]int64)
			for i := len(kept) - 1; i >= 0; i-- {
				class, most := limit(kept[i])
				if counts[class]++; most > 0 && counts[class] > most && i < len(kept)-1 {
					gone = append(gone, kept[i])
					kept = slices.Delete(kept, i, i+1)
				}
			}
			got, _ := readAll(rt, log, 0, 300)
			if len(got) != len(kept) {
				rt.Fatalf("%v are retained, want %v", positions(got), positions(kept))
			}
			for i := range got {
				if got[i].Position != kept[i].Position {
					rt.Fatalf("%v are retained, want %v", positions(got), positions(kept))
				}
			}
			if !place.persistent() || rapid.IntRange(0, 9).Draw(rt, "reopen") > 0 {
				continue
			}
			if err := log.Close(); err != nil {
				rt.Fatalf("closing: %v", err)
			}
			if log, err = place.Open(keep); err != nil {
				rt.Fatalf("opening again: %v", err)
			}
		}
		b, err := log.Bounds(background)
		if err != nil {
			rt.Fatal(err)
		}
		for _, text := range selectors {
			for after := range b.Newest + 1 {
				has := slices.ContainsFunc(gone, func(e store.Entry) bool {
					return e.Position > after && setOf(rt, text).MatchAny(e.Update.Topics())
				})
				if told := b.Gone.Missed(after, store.Gone{}, readerOf(rt, text)); has && !told {
					rt.Fatalf("a reader of %s after %d misses %v of %v and is not told", text, after, positions(gone), positions(append(slices.Clone(kept), gone...)))
				}
				if b.Gone.Missed(after, b.Gone, readerOf(rt, text)) {
					rt.Fatalf("a reader of %s after %d who was told of everything that is gone misses some", text, after)
				}
			}
		}
	})
}

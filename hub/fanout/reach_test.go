package fanout

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
)

func TestReachCountsWhoTookTheUpdate(t *testing.T) {
	everybody := func([]string) bool { return true }
	only := func(granted string) func([]string) bool {
		return func(topics []string) bool { return slices.Contains(topics, granted) }
	}
	// A member is a stream beside others; room is as in a recorder.
	type member struct {
		selectors []string
		can       func([]string) bool
		cost      spec.Cost
		room      int
		behind    bool // it has been full before
	}
	any := func(selectors ...string) member { return member{selectors: selectors, room: -1} }
	for name, test := range map[string]struct {
		members []member
		private bool
		topics  []string
		want    int
	}{
		"nobody":                     {nil, false, []string{"a"}, 0},
		"of another topic":           {[]member{any("b"), any("c/{x}")}, false, []string{"a"}, 0},
		"by each kind of selector":   {[]member{any("a"), any("{x}"), any("*"), any("b")}, false, []string{"a"}, 3},
		"once, of several topics":    {[]member{any("a", "b", "c/{x}", "*"), any("b")}, false, []string{"a", "b", "c/1"}, 2},
		"private, to strangers":      {[]member{any("a"), any("*")}, true, []string{"a"}, 0},
		"private, where granted":     {[]member{{selectors: []string{"*"}, can: only("a"), room: -1}, {selectors: []string{"*"}, can: only("b"), room: -1}}, true, []string{"a"}, 1},
		"private, by an alternate":   {[]member{{selectors: []string{"a"}, can: only("b"), room: -1}}, true, []string{"a", "b"}, 1},
		"who is full":                {[]member{any("a"), {selectors: []string{"a"}, room: 0}}, false, []string{"a"}, 1},
		"who is catching up":         {[]member{any("a"), {selectors: []string{"a"}, room: 0, behind: true}}, false, []string{"a"}, 1},
		"by selectors too dear":      {[]member{any("a"), {selectors: []string{dearPattern}, room: -1}}, false, []string{"a"}, 1},
		"private, by a grant's cost": {[]member{{selectors: []string{"a"}, can: everybody, cost: grantCost + 1, room: -1}}, true, []string{"a"}, 0},
		"public, whatever the grant": {[]member{{selectors: []string{"a"}, can: everybody, cost: grantCost + 1, room: -1}}, false, []string{"a"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLog(t)
				e := newEngine(t, log)
				for _, m := range test.members {
					sub := Subscription{CanReceive: m.can, ReceiveCost: m.cost}
					for _, text := range m.selectors {
						sub.Selectors = append(sub.Selectors, modelSelector(t, text))
					}
					r := newRecorder(m.room)
					subscribe(t, e, r, sub)
					if m.behind {
						appendTo(t, log, update(t, "earlier", m.selectors[0]))
						synctest.Wait()
						if s := e.Stats(); s.CatchingUp != 1 {
							t.Fatalf("nobody is catching up: %+v", s)
						}
					}
				}
				u := makeUpdate(t, spec.Fields{Topics: test.topics, Private: test.private})
				if got, known := e.Reach(appendTo(t, log, u)[0].Position); got != test.want || !known {
					t.Errorf("reached %d (known: %v), want %d", got, known, test.want)
				}
			})
		})
	}
}

// TestReachBesideOthers: each of several updates, of one append or of several
// at once, has its own reach, also between entries of presence.
func TestReachBesideOthers(t *testing.T) {
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	e := newEngine(t, log)
	for range 3 {
		subscribe(t, e, newRecorder(-1), Subscription{Selectors: []*spec.Selector{topic(t, "three")}})
	}
	subscribe(t, e, newRecorder(-1), Subscription{Selectors: []*spec.Selector{topic(t, "one")}})
	want := map[string]int{"none": 0, "one": 1, "three": 3}
	t.Run("publishers", func(t *testing.T) {
		for range 8 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for range 200 {
					entries := appendTo(t, log, update(t, "", "one"), update(t, "", "none"), update(t, "", "three"))
					if _, err := log.Change(t.Context(), begin(t, "three")...); err != nil {
						t.Fatal(err)
					}
					for _, entry := range entries {
						name := entry.Update.Topics()[0]
						if got, known := e.Reach(entry.Position); got != want[name] || !known {
							t.Fatalf("%s reached %d (known: %v), want %d", name, got, known, want[name])
						}
					}
				}
			})
		}
	})
	if n := len(e.reaches.awaited); n != 0 {
		t.Errorf("%d updates are still waited for", n)
	}
}

// TestReachWaits: for the dispatcher, and not for ever.
func TestReachWaits(t *testing.T) {
	for name, test := range map[string]struct {
		then  func(t *testing.T, e *Engine, pass chan<- struct{})
		known bool
		after time.Duration
	}{
		"until the update is dispatched": {func(_ *testing.T, _ *Engine, pass chan<- struct{}) {
			time.Sleep(reachPatience / 2)
			pass <- struct{}{}
		}, true, reachPatience / 2},
		"no longer than its patience": {func(*testing.T, *Engine, chan<- struct{}) {}, false, reachPatience},
		"no longer than the engine": {func(t *testing.T, e *Engine, _ chan<- struct{}) {
			time.Sleep(reachPatience / 2)
			e.Close(t.Context(), Shutdown)
		}, false, reachPatience / 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := gate{Log: newLog(t), open: make(chan struct{})}
				e := newEngine(t, g)
				subscribe(t, e, newRecorder(-1), Subscription{Selectors: []*spec.Selector{topic(t, "a")}})
				entry := appendTo(t, g, update(t, "", "a"))[0]
				start := time.Now()
				go test.then(t, e, g.open)
				streams, known := e.Reach(entry.Position)
				if took := time.Since(start); known != test.known || known && streams != 1 || took != test.after {
					t.Errorf("reached %d (known: %v) after %v; want known: %v, after %v", streams, known, took, test.known, test.after)
				}
				e.mu.Lock()
				defer e.mu.Unlock()
				if n := len(e.reaches.awaited); n != 0 {
					t.Errorf("%d updates are still waited for", n)
				}
			})
		})
	}
}

func TestReachIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(t)
		before := appendTo(t, log, update(t, "", "a"))[0].Position
		e := newEngine(t, log)
		first := appendTo(t, log, update(t, "", "a"))[0].Position
		var last store.Position
		for range reachesKept {
			last = appendTo(t, log, update(t, "", "a"))[0].Position
		}
		synctest.Wait()
		for what, p := range map[string]store.Position{"nothing": 0, "what was there before the engine": before, "what many others followed": first} {
			if streams, known := e.Reach(p); known {
				t.Errorf("of %s %d is known, want nothing", what, streams)
			}
		}
		for _, p := range []store.Position{first + 1, last} {
			if _, known := e.Reach(p); !known {
				t.Errorf("of position %d of %d to %d nothing is known", p, first, last)
			}
		}
	})
}

// TestReachOfWhatWasSkipped: an update that retention removed before it was
// dispatched was offered to nobody, which is not to say that nobody gets it.
func TestReachOfWhatWasSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &hasty{Log: newLog(t), overtake: make(chan struct{}), overtaken: make(chan struct{})}
		e, err := New(Config{Log: log, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close(context.Background(), Shutdown)
		entry := appendTo(t, log, update(t, "", "a"))[0]
		log.trimmed = entry.Position
		go func() {
			synctest.Wait()
			log.overtake <- struct{}{}
		}()
		start := time.Now()
		if _, known := e.Reach(entry.Position); known || time.Since(start) != 0 {
			t.Errorf("known: %v after %v, want not known at once", known, time.Since(start))
		}
		if _, known := e.Reach(entry.Position); known {
			t.Error("later it is known")
		}
	})
}

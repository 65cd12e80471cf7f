package fanout

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/bolt"
	"cinnabar/store/memory"
	"cinnabar/store/storetest"

	"pgregory.net/rapid"
)

// TestEngineAgreesWithAModel publishes, subscribes, stalls, overflows, trims,
// fails and restarts at random, and holds what every subscriber was given
// against a list of what happened; over every carrier, down to what a client
// reads.
func TestEngineAgreesWithAModel(t *testing.T) {
	for carrier, connects := range links {
		t.Run(carrier, func(t *testing.T) {
			t.Parallel() // disks and sockets are waited for
			testEngineAgreesWithAModel(t, connects)
		})
	}
}

func testEngineAgreesWithAModel(t *testing.T, connects func(fataler, *Engine) link) {
	var seen seen
	for name, keep := range map[string]store.Retention{
		"everything kept": {},
		"twenty kept":     {MaxCount: 20},
		"kept by rules":   {MaxCount: 20, Rules: []store.Rule{{Selector: modelSelector(t, "a"), MaxCount: 3}, {Selector: modelSelector(t, "c/{x}"), MaxCount: 8}}},
	} {
		for engine, open := range map[string]func(path string) (storetest.Engine, error){
			"memory": func(string) (storetest.Engine, error) { return memory.Open(memory.Options(keep)) },
			"bolt":   func(path string) (storetest.Engine, error) { return bolt.Open(path, bolt.Options(keep)) },
		} {
			t.Run(engine+", "+name, func(t *testing.T) {
				dir, n := t.TempDir(), 0
				rapid.Check(t, func(t *rapid.T) {
					n++
					path := filepath.Join(dir, fmt.Sprint(n))
					w := &world{t: t, open: func() (storetest.Engine, error) { return open(path) }, durable: engine == "bolt", rules: keep.Rules != nil, connects: connects, seen: &seen}
					w.start()
					defer w.stop()
					t.Repeat(map[string]func(*rapid.T){
						"publish": w.publish,
						"appear":  w.appear,
						"vanish":  w.vanish,
						"look":    w.look,
						"join":    w.join,
						"give":    w.give,
						"leave":   w.leave,
						"fault":   w.fault,
						"restart": w.restart,
					})
					w.settle()
				})
			})
		}
	}
	t.Logf("in all: %+v", seen)
	if seen.FellBehind == 0 {
		t.Error("no stream was ever full, so this shows nothing")
	}
}

// seen is what happened in all cases of a property.
type seen struct{ Joined, Delivered, FellBehind, CaughtUp uint64 }

// topics of the model; updates have one or two of them.
var modelTopics = []string{"a", "b", "c/1", "c/2"}

// dearPattern matches a and c/1, and costs more than the dispatcher spends on
// any owner.
const dearPattern = "/:d/((?:a|c.1|x{1,450}))"

// presenceTemplate matches what tells of subscriptions, in both generations.
const presenceTemplate = "/.well-known/mercure/subscriptions{/segments*}"

func modelSelector(t fataler, text string) *spec.Selector {
	var sel *spec.Selector
	var err error
	if text == dearPattern {
		sel, err = spec.ParseMatcher(spec.MatchPattern, text, spec.UnnamedBase())
	} else {
		sel, err = spec.ParseTopicSelector(text)
	}
	if err != nil {
		t.Fatalf("making a selector: %v", err)
	}
	return sel
}

// A fact is an entry as the model knows it.
type fact struct{ store.Entry }

// A reader is a client: what it asked for, and what it was given over all its
// connections.
type reader struct {
	client
	filter filter
	from   store.Position // it is owed what comes after
	sub    Subscription
}

// A world is an engine on a log, beside a plain list of what happened.
type world struct {
	t       *rapid.T
	open    func() (storetest.Engine, error)
	durable bool // the log survives a restart
	rules   bool // the log keeps some updates for longer than others

	connects func(fataler, *Engine) link
	link     link
	seen     *seen

	log      *storetest.Faulty
	presence store.Presence
	engine   *Engine
	facts    []fact
	readers  []*reader
	data     int
	present  []*spec.Subscription // of other connections
}

func (w *world) start() {
	log, err := w.open()
	if err != nil {
		w.t.Fatalf("opening the log: %v", err)
	}
	w.log, w.presence, w.present = storetest.NewFaulty(log), log, nil
	if w.engine, err = New(Config{Log: w.log}); err != nil {
		w.t.Fatalf("starting the engine: %v", err)
	}
	w.link = w.connects(w.t, w.engine)
}

func (w *world) stop() {
	for _, r := range w.readers {
		r.give(-1) // nobody is waited for
	}
	if err := w.engine.Close(context.Background(), Shutdown); err != nil {
		w.t.Errorf("closing the engine: %v", err)
	}
	stats := w.engine.Stats()
	w.seen.Joined += stats.Joined
	w.seen.Delivered += stats.Delivered
	w.seen.FellBehind += stats.FellBehind
	w.seen.CaughtUp += stats.CaughtUp
	w.link.end()
	if err := w.log.Close(); err != nil {
		w.t.Errorf("closing the log: %v", err)
	}
}

func (w *world) publish(t *rapid.T) {
	filler := strings.Repeat("x", rapid.SampledFrom([]int{0, 0, 0, 8_000, pendingBytes}).Draw(t, "and as many bytes"))
	for range rapid.IntRange(1, 30).Draw(t, "how many") {
		f := spec.Fields{
			Topics:  rapid.SliceOfNDistinct(rapid.SampledFrom(modelTopics), 1, 2, rapid.ID[string]).Draw(t, "topics"),
			Private: rapid.Bool().Draw(t, "private"),
			Data:    fmt.Sprint(w.data) + filler,
		}
		w.data++
		u, err := spec.NewUpdate(f, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
		if err != nil {
			t.Fatalf("making an update: %v", err)
		}
		if receipt, err := w.log.Append(context.Background(), store.OS, u); err == nil {
			w.facts = append(w.facts, fact{receipt.Entries[0]})
		} else {
			w.learn() // it may have been persisted all the same
		}
	}
}

// appear lets somebody else begin to listen, and vanish end it.
func (w *world) appear(t *rapid.T) {
	w.learn()
	texts := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "{b}", "*"}), 1, 2, rapid.ID[string]).Draw(t, "listens to")
	selectors := make([]*spec.Selector, len(texts))
	for i, text := range texts {
		selectors[i] = modelSelector(t, text)
	}
	made, err := spec.NewSubscriptions(spec.NewSubscriberID(), selectors, nil)
	if err != nil {
		t.Fatalf("making subscriptions: %v", err)
	}
	w.change(t, made...)
	w.present = append(w.present, made...)
}

func (w *world) vanish(t *rapid.T) {
	w.learn()
	if n := len(w.present); n > 0 {
		i := rapid.IntRange(0, n-1).Draw(t, "who")
		w.change(t, w.present[i].Ended())
		w.present = slices.Delete(w.present, i, i+1)
	}
}

func (w *world) change(t *rapid.T, changes ...*spec.Subscription) {
	receipt, err := w.presence.Change(context.Background(), changes...)
	if err != nil {
		t.Fatalf("appending changes: %v", err)
	}
	for _, e := range receipt.Entries {
		w.facts = append(w.facts, fact{e})
	}
}

// learn adds what the log has beyond what was acknowledged.
func (w *world) learn() {
	after := store.Position(0)
	if n := len(w.facts); n > 0 {
		after = w.facts[n-1].Position
	}
	for {
		c, err := w.log.Log.Read(context.Background(), after, 1<<20)
		if err != nil {
			w.t.Fatalf("reading the log: %v", err)
		}
		for _, e := range c.Entries {
			w.facts = append(w.facts, fact{e})
		}
		if len(c.Entries) == 0 {
			return
		}
		after = c.Through
	}
}

func (w *world) join(t *rapid.T) {
	r := &reader{}
	room := rapid.SampledFrom([]int{-1, 0, 1, 5}).Draw(t, "room")
	for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c/{x}", "*", dearPattern, presenceTemplate}), 1, 2, rapid.ID[string]).Draw(t, "selectors") {
		r.sub.Selectors = append(r.sub.Selectors, modelSelector(t, text))
	}
	if granted := rapid.SampledFrom([]string{"", "a", "c/1"}).Draw(t, "granted"); granted != "" {
		r.sub.CanReceive = func(topics []string) bool { return slices.Contains(topics, granted) }
		r.sub.ReceiveCost = rapid.SampledFrom([]spec.Cost{0, grantCost + 1}).Draw(t, "cost")
	}
	if rapid.Bool().Draw(t, "watches") {
		of := r.sub.CanReceive
		r.sub.CanReceive = func(topics []string) bool {
			return strings.HasPrefix(topics[0], spec.SubscriptionsPath(spec.WellKnownPath)) || of != nil && of(topics)
		}
	}
	r.sub.Gaps = rapid.Bool().Draw(t, "is told of gaps")
	r.sub.Generation = rapid.SampledFrom([]spec.Generation{spec.Legacy, spec.Current}).Draw(t, "generation")
	r.filter = newFilter(&r.sub)
	if len(w.facts) > 0 {
		r.from = w.facts[len(w.facts)-1].Position
	}
	switch rapid.SampledFrom([]string{"no cursor", "known", "unknown"}).Draw(t, "cursor") {
	case "known":
		if len(w.facts) > 0 {
			w.resume(r, rapid.SampledFrom(w.facts).Draw(t, "after").ID.String())
		}
	case "unknown":
		w.resume(r, "urn:x:unknown")
	}
	w.connect(r, room)
	w.readers = append(w.readers, r)
}

// resume sets a cursor, as the hub does with what the log finds.
func (w *world) resume(r *reader, id string) {
	place, err := w.log.Log.Find(context.Background(), id)
	if err != nil {
		w.t.Fatalf("finding a cursor: %v", err)
	}
	exact := place.Exact(&r.filter.selectors)
	r.sub.Replay, r.sub.After, r.sub.LossTold = true, place.After, !exact
	r.sub.Cursor, r.sub.Gap = id, ""
	switch {
	case place.Found == store.Unknown:
		r.sub.Gap = UnknownID
	case place.Found == store.Lost:
		r.sub.Gap = NotKept
	case !exact:
		r.sub.Gap = Trimmed
	}
	r.from = place.After
}

func (w *world) connect(r *reader, room int) {
	var err error
	if r.client, err = w.link.connect(r.sub, room); err != nil {
		w.t.Fatalf("joining: %v", err)
	}
}

// given is what a reader was given so far, without what makes it large.
func (r *reader) given() []string {
	taken := r.taken()
	for i, data := range taken {
		taken[i] = brief(data)
	}
	return taken
}

func brief(data string) string { return strings.TrimRight(data, "x") }

func (w *world) pick(t *rapid.T) *reader {
	if len(w.readers) == 0 {
		return nil
	}
	return rapid.SampledFrom(w.readers).Draw(t, "reader")
}

func (w *world) give(t *rapid.T) {
	if r := w.pick(t); r != nil {
		r.give(rapid.SampledFrom([]int{-1, 0, 1, 7}).Draw(t, "room"))
	}
}

func (w *world) leave(t *rapid.T) {
	if r := w.pick(t); r != nil {
		r.leave()
		w.readers = slices.DeleteFunc(w.readers, func(other *reader) bool { return other == r })
		w.verify(r, false)
	}
}

func (w *world) fault(t *rapid.T) {
	w.log.Inject(rapid.SampledFrom([]storetest.Fault{storetest.None, storetest.Failed, storetest.FailedButPersisted}).Draw(t, "fault"))
}

// restart closes everything and lets every client come back with the last id
// it has seen, on the same history.
func (w *world) restart(*rapid.T) {
	if !w.durable {
		return
	}
	w.stop() // what a client was going to be given it is given, or reads again
	old := w.readers
	for _, r := range old {
		if err := r.drained(); err != nil {
			w.t.Fatalf("SSE-clean-end: a stream did not end between two events: %v", err)
		}
	}
	w.start()
	w.learn()
	w.readers = nil
	for _, r := range old {
		w.verify(r, false)
		if r.reason() == HistoryTrimmed {
			continue
		}
		next := &reader{filter: r.filter}
		next.sub.Selectors, next.sub.CanReceive, next.sub.ReceiveCost, next.sub.Generation, next.sub.Gaps = r.sub.Selectors, r.sub.CanReceive, r.sub.ReceiveCost, r.sub.Generation, r.sub.Gaps
		cursor := "urn:x:unknown"
		if given := slices.DeleteFunc(r.given(), isGap); len(given) > 0 {
			i := slices.IndexFunc(w.facts, func(f fact) bool {
				u := f.shownTo(r)
				return u != nil && brief(u.Data()) == given[len(given)-1]
			})
			cursor = w.facts[i].ID.String()
		}
		w.resume(next, cursor)
		w.connect(next, -1)
		w.readers = append(w.readers, next)
	}
}

// shownTo is the fact in the words of a reader's generation.
func (f fact) shownTo(r *reader) *spec.Update {
	if f.Subscription != nil {
		return f.Subscription.Update(r.sub.Generation, spec.WellKnownPath)
	}
	return f.Update
}

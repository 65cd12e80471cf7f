package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"pgregory.net/rapid"
)

// A model is the contract in its plainest form: a list.
type model struct {
	entries []store.Entry // ever appended
	trimmed store.Position
	open    map[string]*spec.Subscription // by what describes them
	keys    []keyed                       // remembered, oldest first
}

// A keyed is an entry that was appended under a key.
type keyed struct {
	once  store.Once
	entry store.Entry
}

// once returns what a key was used for, nil for nothing.
func (m *model) once(key [32]byte) *keyed {
	i := slices.IndexFunc(m.keys, func(k keyed) bool { return k.once.Key == key })
	if i < 0 {
		return nil
	}
	return &m.keys[i]
}

// add notes updates that were appended.
func (m *model) add(r store.Retention, entries ...store.Entry) {
	m.entries = append(m.entries, entries...)
	kept := m.updates()
	if over := len(kept) - int(r.MaxCount); r.MaxCount > 0 && over > 0 {
		m.trimmed = kept[over-1].Position
	}
}

func (m *model) retained() []store.Entry { return m.after(0) }

// after returns what is retained after a position. The retention of
// subscriptions is too large to matter here.
func (m *model) after(p store.Position) (entries []store.Entry) {
	for _, e := range m.entries {
		if e.Position > p && (e.Subscription != nil || e.Position > m.trimmed) {
			entries = append(entries, e)
		}
	}
	return entries
}

// updates returns the updates that are retained.
func (m *model) updates() []store.Entry {
	return slices.DeleteFunc(m.retained(), func(e store.Entry) bool { return e.Subscription != nil })
}

// change notes that a subscription began or ended.
func (m *model) change(e store.Entry) {
	m.entries = append(m.entries, e)
	s := e.Subscription
	name := fmt.Sprint(s.Subscriber(), s.MatchType(), s.Match())
	if delete(m.open, name); s.Active() {
		m.open[name] = s
	}
}

func (m *model) newest() store.Position {
	if len(m.entries) == 0 {
		return 0
	}
	return m.entries[len(m.entries)-1].Position
}

// find is what a cursor leads to. Ids that the hub made stay known.
func (m *model) find(id string) store.Place {
	for _, e := range m.entries {
		made := e.Brought().IsZero()
		if e.ID.String() == id && (made || e.Position > m.trimmed) {
			return store.Place{After: e.Position, Found: store.Known, Gone: m.gone()}
		}
	}
	return store.Place{Gone: m.gone()}
}

func (m *model) gone() store.Gone { return store.Gone{Updates: m.trimmed} }

// drawUpdate makes an update up.
func drawUpdate(t *rapid.T) *spec.Update {
	f := spec.Fields{
		Topics:  rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "https://example.com/c"}), 1, 3).Draw(t, "topics"),
		Data:    rapid.String().Draw(t, "data"),
		Private: rapid.Bool().Draw(t, "private"),
		ID:      rapid.SampledFrom([]string{"", "", "", "urn:a", "urn:b", "urn:a:b"}).Draw(t, "id"),
		Type:    rapid.SampledFrom([]string{"", "t"}).Draw(t, "type"),
		Retry:   rapid.SampledFrom([]string{"", "007"}).Draw(t, "retry"),
	}
	u, err := spec.NewUpdate(f, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
	if err != nil {
		t.Skipf("not an update: %v", err)
	}
	return u
}

// testModel compares a log with the model under random use by one caller.
func testModel(t *testing.T, newPlace func(testing.TB) Place) {
	rapid.Check(t, func(rt *rapid.T) {
		place := newPlace(t)
		r := store.Retention{MaxBytes: -1, MaxCount: int64(rapid.SampledFrom([]int{-1, 1, 3, 20}).Draw(rt, "retained"))}
		r.Keys.MaxCount = int64(rapid.IntRange(1, 3).Draw(rt, "keys"))
		// What asks for nothing is trimmed when it is saved, some time later.
		wants := []store.Durability{store.Disk, store.OS}
		if r.MaxCount < 0 {
			wants = append(wants, store.Memory)
		}
		log, err := place.Open(r)
		if err != nil {
			rt.Fatalf("opening: %v", err)
		}
		defer func() { log.Close() }()
		m := &model{open: make(map[string]*spec.Subscription)}
		ctx := context.Background()
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				updates := make([]*spec.Update, rapid.IntRange(1, 8).Draw(t, "updates"))
				for i := range updates {
					updates[i] = drawUpdate(t)
				}
				receipt, err := log.Append(ctx, rapid.SampledFrom(wants).Draw(t, "want"), updates...)
				if err != nil {
					t.Fatalf("appending: %v", err)
				}
				for i, e := range receipt.Entries {
					if e.Position <= m.newest() || e.Update != updates[i] {
						t.Fatalf("entry %d of the receipt is %s after position %d", i, describe(e), m.newest())
					}
					m.add(r, e)
				}
			},
			"append once": func(t *rapid.T) {
				u := drawUpdate(t)
				once := onceOf(rapid.SampledFrom([]string{"k", "l", "m"}).Draw(t, "key"), u)
				before := m.once(once.Key)
				if before != nil && rapid.Bool().Draw(t, "again") {
					u, once = before.entry.Update, before.once
				}
				receipt, err := log.AppendOnce(ctx, rapid.SampledFrom(wants).Draw(t, "want"), once, u)
				switch {
				case before != nil && before.once != once:
					if !errors.Is(err, store.ErrKeyReused) {
						t.Fatalf("a key that was used for something else: %v, want ErrKeyReused", err)
					}
					return
				case err != nil:
					t.Fatalf("appending under a key: %v", err)
				case receipt.Repeated != (before != nil) || len(receipt.Entries) != 1:
					t.Fatalf("under a key, used before: %v: repeated %v, %d entries", before != nil, receipt.Repeated, len(receipt.Entries))
				}
				e := receipt.Entries[0]
				if before != nil {
					if describe(e) != describe(before.entry) {
						t.Fatalf("again under its key: %s, want %s", describe(e), describe(before.entry))
					}
					return
				}
				if e.Position <= m.newest() || e.Update != u {
					t.Fatalf("under a key: %s after position %d", describe(e), m.newest())
				}
				m.add(r, e)
				m.keys = append(m.keys, keyed{once, e})
				m.keys = m.keys[max(0, len(m.keys)-int(r.Keys.MaxCount)):]
			},
			"change": func(t *rapid.T) {
				var changes []*spec.Subscription
				if len(m.open) > 0 && rapid.Bool().Draw(t, "ends") {
					names := slices.Sorted(maps.Keys(m.open))
					changes = append(changes, m.open[rapid.SampledFrom(names).Draw(t, "ended")].Ended())
				} else {
					changes = subscriptions(t, rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c]{1,3}`), 1, 3, rapid.ID[string]).Draw(t, "matchers")...)
				}
				receipt, err := log.Change(ctx, changes...)
				if err != nil {
					t.Fatalf("changing: %v", err)
				}
				for i, e := range receipt.Entries {
					if e.Position <= m.newest() || e.Subscription != changes[i] {
						t.Fatalf("entry %d of the receipt is %s after position %d", i, describe(e), m.newest())
					}
					m.change(e)
				}
			},
			"read": func(t *rapid.T) {
				after := store.Position(rapid.Uint64Range(0, uint64(m.newest())+2).Draw(t, "after"))
				c, err := log.Read(ctx, after, rapid.IntRange(0, 600).Draw(t, "limit"))
				if err != nil {
					t.Fatalf("reading: %v", err)
				}
				want := m.after(after)
				if len(want) > 0 && len(c.Entries) == 0 || len(c.Entries) > len(want) {
					t.Fatalf("reading after %d: %d entries, %d are there", after, len(c.Entries), len(want))
				}
				through := max(after, m.newest())
				if len(c.Entries) < len(want) {
					through = c.Entries[len(c.Entries)-1].Position
				}
				if c.Through != through || c.Gone != m.gone() {
					t.Fatalf("reading after %d: %d entries of %d, through %d, trimmed up to %d; want through %d, trimmed up to %d",
						after, len(c.Entries), len(want), c.Through, c.Gone.Updates, through, m.trimmed)
				}
				for i, e := range c.Entries {
					if describe(e) != describe(want[i]) {
						t.Fatalf("reading after %d: entry %d is %s, want %s", after, i, describe(e), describe(want[i]))
					}
				}
			},
			"find": func(t *rapid.T) {
				id := rapid.SampledFrom([]string{"", spec.Earliest, "urn:a", "urn:b", "urn:a:b", "urn:c", sealedElsewhere}).Draw(t, "id")
				if len(m.entries) > 0 && rapid.Bool().Draw(t, "appended") {
					id = rapid.SampledFrom(m.entries).Draw(t, "entry").ID.String()
				}
				got, err := log.Find(ctx, id)
				if want := m.find(id); err != nil || got != want {
					t.Fatalf("%q leads to %+v, error %v; want %+v", id, got, err, want)
				}
			},
			"since": func(t *rapid.T) {
				at := time.Now()
				if len(m.entries) > 0 {
					at = rapid.SampledFrom(m.entries).Draw(t, "entry").At.Add(rapid.SampledFrom([]time.Duration{-time.Millisecond, 0, time.Microsecond}).Draw(t, "offset"))
				}
				got, err := log.Since(ctx, at)
				if err != nil {
					t.Fatalf("since %v: %v", at, err)
				}
				for _, e := range m.retained() {
					if later := e.At.UnixMilli() >= at.UnixMilli(); later != (e.Position > got.After) {
						t.Fatalf("since %v leads to %+v, and there is %s", at, got, describe(e))
					}
				}
				if got.Found != store.Known || got.Gone != m.gone() {
					t.Fatalf("since %v leads to %+v, though %d was trimmed", at, got, m.trimmed)
				}
			},
			"reopen": func(t *rapid.T) {
				// Reopening takes a thousand times longer than the rest.
				if !place.persistent() || rapid.IntRange(0, 4).Draw(t, "reopen") > 0 {
					return
				}
				if err := log.Close(); err != nil {
					t.Fatalf("closing: %v", err)
				}
				if log, err = place.Open(r); err != nil {
					t.Fatalf("opening again: %v", err)
				}
				ended, _ := readAll(t, log, m.newest(), 1<<20)
				if len(ended) != len(m.open) {
					t.Fatalf("opening again ended %d subscriptions, %d were open", len(ended), len(m.open))
				}
				for _, e := range ended {
					if e.Subscription == nil || e.Subscription.Active() {
						t.Fatalf("opening again appended %s", describe(e))
					}
					m.change(e)
				}
				if len(m.open) > 0 {
					t.Fatalf("opening again left %d subscriptions open", len(m.open))
				}
			},
			"": func(t *rapid.T) {
				b, err := log.Bounds(ctx)
				want := store.Bounds{Newest: m.newest(), Gone: m.gone()}
				if retained := m.retained(); len(retained) > 0 {
					want.Oldest = retained[0].Position
				}
				if err != nil || b != want {
					t.Fatalf("bounds %s, error %v; want %s", fmt.Sprint(b), err, fmt.Sprint(want))
				}
			},
		})
	})
}

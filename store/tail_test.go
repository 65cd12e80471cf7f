package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"cinnabar/spec"

	"pgregory.net/rapid"
)

func testItem(t interface{ Fatalf(string, ...any) }, p Position, id string, size int) Item {
	u, err := spec.NewUpdate(spec.Fields{Topics: []string{"a"}, ID: id, Data: fmt.Sprint(p)},
		spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
	if err != nil {
		t.Fatalf("making an update: %v", err)
	}
	return Item{Entry: Entry{Position: p, Update: u}, Size: size}
}

func testSubscription(t interface{ Fatalf(string, ...any) }, p Position, size int) Item {
	selector, err := spec.ParseMatcher("", fmt.Sprint(p), spec.UnnamedBase())
	if err != nil {
		t.Fatalf("making a selector: %v", err)
	}
	made, err := spec.NewSubscriptions(spec.NewSubscriberID(), []*spec.Selector{selector}, nil)
	if err != nil {
		t.Fatalf("making a subscription: %v", err)
	}
	return Item{Entry: Entry{Position: p, Subscription: made[0]}, Size: size}
}

// TestTail publishes, saves and trims at random, and compares what a reader
// finds in the window, or where it is sent, with a plain list.
func TestTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const keep = 60
		tail := NewTail(0, Range{}, Range{}, keep)
		var list []Item
		var head, saved Position
		trimmed := map[Kind]Position{}
		gone, removed := map[Position]bool{}, Position(0)
		retained := func(after Position, kinds ...Kind) (items []Item) {
			for _, it := range list {
				if k := it.Kind(); it.Position > max(after, trimmed[k]) && !gone[it.Position] && (kinds == nil || slices.Contains(kinds, k)) {
					items = append(items, it)
				}
			}
			return items
		}
		kinds := rapid.SampledFrom([]Kind{KindUpdate, KindSubscription})
		t.Repeat(map[string]func(*rapid.T){
			"publish": func(t *rapid.T) {
				var items []Item
				for range rapid.IntRange(0, 5).Draw(t, "entries") {
					head += Position(rapid.IntRange(1, 3).Draw(t, "gap"))
					if kinds.Draw(t, "kind") == KindSubscription {
						items = append(items, testSubscription(t, head, rapid.IntRange(1, 60).Draw(t, "size")))
						continue
					}
					items = append(items, testItem(t, head, rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "id"), rapid.IntRange(1, 60).Draw(t, "size")))
				}
				list = append(list, items...)
				tail.Publish(items...)
			},
			"save": func(t *rapid.T) {
				saved = Position(rapid.Uint64Range(uint64(saved), uint64(head)).Draw(t, "saved"))
				tail.Saved(saved)
			},
			"trim": func(t *rapid.T) {
				k := kinds.Draw(t, "kind")
				if r := retained(0, k); len(r) > 1 {
					n := rapid.IntRange(1, len(r)-1).Draw(t, "trimmed")
					trimmed[k] = r[n-1].Position
					tail.Trimmed(k, Range{Oldest: r[n].Position, Trimmed: trimmed[k]})
				}
			},
			"remove": func(t *rapid.T) {
				r := retained(0, KindUpdate)
				if len(r) < 2 {
					return
				}
				var positions []Position
				for _, it := range rapid.SliceOfNDistinct(rapid.SampledFrom(r[:len(r)-1]), 1, 12, func(it Item) Position { return it.Position }).Draw(t, "removed") {
					positions = append(positions, it.Position)
					gone[it.Position] = true
					removed = max(removed, it.Position)
				}
				slices.Sort(positions)
				tail.Removed(positions, nil)
				tail.Trimmed(KindUpdate, Range{Oldest: retained(0, KindUpdate)[0].Position, Trimmed: max(removed, trimmed[KindUpdate])})
			},
			"read": func(t *rapid.T) {
				after := Position(rapid.Uint64Range(0, uint64(head)+1).Draw(t, "after"))
				want := retained(after)
				c, through, ok, err := tail.Read(after, rapid.IntRange(0, 200).Draw(t, "limit"))
				if err != nil {
					t.Fatalf("reading: %v", err)
				}
				if !ok {
					if through != saved || after >= saved {
						t.Fatalf("a reader after %d is sent to the medium up to %d; it is saved up to %d, and %d entries follow", after, through, saved, len(want))
					}
					return
				}
				if c.Gone != (Gone{Updates: max(removed, trimmed[KindUpdate]), Subscriptions: trimmed[KindSubscription]}) || len(c.Entries) > len(want) || len(c.Entries) == 0 && len(want) > 0 {
					t.Fatalf("reading after %d: %d entries of %d, trimmed up to %d and %d", after, len(c.Entries), len(want), c.Gone.Updates, c.Gone.Subscriptions)
				}
				for i, e := range c.Entries {
					if e != want[i].Entry {
						t.Fatalf("reading after %d: entry %d is at %d, want %d", after, i, e.Position, want[i].Position)
					}
				}
				if len(c.Entries) == len(want) && c.Through != max(after, head) || len(c.Entries) < len(want) && c.Through != c.Entries[len(c.Entries)-1].Position {
					t.Fatalf("reading after %d: %d entries of %d, through %d", after, len(c.Entries), len(want), c.Through)
				}
			},
			"follow": func(t *rapid.T) {
				after := Position(rapid.Uint64Range(0, uint64(head)).Draw(t, "after"))
				limit := rapid.IntRange(0, 200).Draw(t, "limit")
				read := func(_ context.Context, after Position, _ int) (Chunk, error) {
					c, through, ok, err := tail.Read(after, limit)
					if ok || err != nil {
						return c, err
					}
					c = Chunk{Through: through, Gone: Gone{Updates: max(removed, trimmed[KindUpdate]), Subscriptions: trimmed[KindSubscription]}}
					for _, it := range retained(after) {
						if it.Position <= through {
							c.Entries = append(c.Entries, it.Entry)
						}
					}
					return c, nil
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				next := slices.IndexFunc(list, func(it Item) bool { return it.Position > after })
				if next < 0 {
					return
				}
				err := tail.Follow(ctx, after, read, func(entries []Entry) {
					for _, e := range entries {
						if e.Position != list[next].Position {
							t.Fatalf("a follower after %d is given %d, want %d or to be told", after, e.Position, list[next].Position)
						}
						if next++; next == len(list) {
							cancel()
						}
					}
				})
				if !errors.Is(err, context.Canceled) && !errors.Is(err, ErrTrimmed) || errors.Is(err, ErrTrimmed) && after >= max(removed, trimmed[KindUpdate], trimmed[KindSubscription]) {
					t.Fatalf("a follower after %d: %v", after, err)
				}
			},
			"": func(t *rapid.T) {
				for _, id := range []string{"x", "y"} {
					got := tail.Earliest(id)
					i := slices.IndexFunc(retained(0), func(it Item) bool { return it.Brought().String() == id && it.Position > saved })
					switch {
					case got > 0 && !slices.ContainsFunc(retained(0), func(it Item) bool { return it.Position == got && it.Brought().String() == id }):
						t.Fatalf("%s is found at %d, where it is not", id, got)
					case i >= 0 && (got == 0 || got > retained(0)[i].Position):
						t.Fatalf("%s is found at %d, though it is at %d and not saved", id, got, retained(0)[i].Position)
					}
				}
				for k, l := range map[Kind]*lane{KindUpdate: &tail.updates, KindSubscription: &tail.subscriptions} {
					if l.size > l.keep && (l.window[0].gone || l.window[0].Position <= max(saved, trimmed[k])) {
						t.Fatalf("a window holds %d bytes, %d of them kept for followers, and %d, which nobody needs", l.size, l.keep, l.window[0].Position)
					}
				}
				for _, it := range list {
					if l := tail.lane(it.Kind()); it.Position > l.start() && !slices.ContainsFunc(l.window, func(w Item) bool { return w.Position == it.Position }) {
						t.Fatalf("a follower is to find everything after %d in the window, which does not hold %d", l.start(), it.Position)
					}
				}
				if l := &tail.updates; l.goneSize > 3*l.keep+100 {
					t.Fatalf("a window that keeps %d bytes for followers holds %d of what is gone", l.keep, l.goneSize)
				}
				want := Bounds{Newest: head, Gone: Gone{Updates: max(removed, trimmed[KindUpdate]), Subscriptions: trimmed[KindSubscription]}}
				if r := retained(0); len(r) > 0 {
					want.Oldest = r[0].Position
				}
				if b, err := tail.Bounds(); err != nil || b != want {
					t.Fatalf("the bounds are %+v, error %v; want %+v", b, err, want)
				}
			},
		})
	})
}

// TestTailFollowers: they cost no goroutine of the tail's, miss nothing, and
// get all that was visible before they are told that it is over.
func TestTailFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tail := NewTail(0, Range{}, Range{}, 1<<20)
		noMedium := func(context.Context, Position, int) (Chunk, error) {
			return Chunk{}, errors.New("the medium was asked")
		}
		type outcome struct {
			got []Position
			err error
		}
		outcomes := make(chan outcome, 3)
		for range 3 {
			go func() {
				var o outcome
				o.err = tail.Follow(t.Context(), 0, noMedium, func(entries []Entry) {
					for _, e := range entries {
						o.got = append(o.got, e.Position)
					}
				})
				outcomes <- o
			}()
		}
		synctest.Wait() // all are asleep
		tail.Publish(testItem(t, 2, "", 10), testItem(t, 5, "", 10))
		synctest.Wait()
		tail.Publish(testItem(t, 6, "", 10))
		tail.Close()
		for range 3 {
			if o := <-outcomes; !slices.Equal(o.got, []Position{2, 5, 6}) || !errors.Is(o.err, ErrClosed) {
				t.Errorf("a follower got %v and %v, want [2 5 6] and %v", o.got, o.err, ErrClosed)
			}
		}
	})
}

// TestFollowersAreSparedRetention: a follower whose position left the
// window of one kind, since a storm of that kind came, is still given what
// retention removed of the other: the window of that has it.
func TestFollowersAreSparedRetention(t *testing.T) {
	for name, storm := range map[string]Kind{"of subscriptions": KindSubscription, "of updates": KindUpdate} {
		t.Run("a storm "+name, func(t *testing.T) {
			tail := NewTail(0, Range{}, Range{}, 800) // and 100 of subscriptions
			rare := KindUpdate
			if storm == rare {
				rare = KindSubscription
			}
			of := func(k Kind, p Position) Item {
				if k == KindSubscription {
					return testSubscription(t, p, 10)
				}
				return testItem(t, p, "", 10)
			}
			const last = 200
			var medium []Entry // of the rare kind it has the newest alone
			for p := Position(1); p <= last; p++ {
				k := storm
				if p%50 == 0 {
					k = rare
				}
				it := of(k, p)
				tail.Publish(it)
				if k == storm || p == last {
					medium = append(medium, it.Entry)
				}
			}
			tail.Saved(last)
			tail.Trimmed(rare, Range{Oldest: last, Trimmed: last - 50})
			read := func(_ context.Context, after Position, _ int) (Chunk, error) {
				c := Chunk{Through: last}
				if rare == KindUpdate {
					c.Gone.Updates = last - 50
				} else {
					c.Gone.Subscriptions = last - 50
				}
				for _, e := range medium {
					if e.Position > after {
						c.Entries = append(c.Entries, e)
					}
				}
				return c, nil
			}
			tail.Close()
			next := Position(1)
			err := tail.Follow(t.Context(), 0, read, func(entries []Entry) {
				for _, e := range entries {
					if e.Position != next {
						t.Errorf("the follower is given %d, want %d", e.Position, next)
					}
					next = e.Position + 1
				}
			})
			if !errors.Is(err, ErrClosed) || next != last+1 {
				t.Errorf("the follower was given all up to %d, then %v; want %d and %v", next-1, err, last, ErrClosed)
			}
		})
	}
}

// TestWhatWasThinnedOutIsMissed: a follower that is behind what was thinned out
// is told, also when something older goes after it.
func TestWhatWasThinnedOutIsMissed(t *testing.T) {
	tail := NewTail(0, Range{}, Range{}, 100)
	for p := Position(1); p <= 40; p++ {
		tail.Publish(testItem(t, p, "", 10))
	}
	var removed []Position
	for p := Position(3); p <= 30; p++ {
		removed = append(removed, p)
	}
	tail.Removed(append(removed, 34, 36), nil) // these are as near as followers are spared for
	follow := func(after Position) error {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		next := after + 1
		return tail.Follow(ctx, after, func(_ context.Context, after Position, limit int) (Chunk, error) {
			c, _, _, err := tail.Read(after, limit)
			return c, err
		}, func(entries []Entry) {
			for _, e := range entries {
				if e.Position != next {
					t.Errorf("after %d: given %d, want %d or to be told", after, e.Position, next)
				}
				next = e.Position + 1
			}
			if next > 40 {
				cancel()
			}
		})
	}
	if err := follow(10); !errors.Is(err, ErrTrimmed) {
		t.Errorf("a follower behind what was thinned out: %v, want ErrTrimmed", err)
	}
	tail.Removed([]Position{1}, nil)
	tail.Trimmed(KindUpdate, Range{Oldest: 2, Trimmed: 30})
	if err := follow(10); !errors.Is(err, ErrTrimmed) {
		t.Errorf("after something older went: %v, want ErrTrimmed", err)
	}
	if err := follow(30); !errors.Is(err, context.Canceled) {
		t.Errorf("a follower beyond it: %v, want everything and the end of its context", err)
	}
}

// TestFollowersAreGivenWhatRulesRemoved: a follower who is sent to the medium for
// one kind of entries is given of the other what rules took from the midst, and
// the window still holds.
func TestFollowersAreGivenWhatRulesRemoved(t *testing.T) {
	tail := NewTail(0, Range{}, Range{}, 800)
	tail.Publish(testItem(t, 1, "", 10), testItem(t, 2, "", 10), testItem(t, 3, "", 10))
	for p := Position(4); p < 40; p++ {
		tail.Publish(testSubscription(t, p, 50))
	}
	tail.Saved(39)
	tail.Removed([]Position{2}, nil)
	tail.Trimmed(KindUpdate, Range{Oldest: 1, Trimmed: 2})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []Position
	medium := func(_ context.Context, after Position, _ int) (Chunk, error) {
		if after > 0 {
			t.Fatalf("the medium is asked after %d", after)
		}
		return Chunk{Entries: []Entry{testItem(t, 1, "", 10).Entry, testItem(t, 3, "", 10).Entry}, Through: 38, Gone: Gone{Updates: 2}}, nil
	}
	err := tail.Follow(ctx, 0, medium, func(entries []Entry) {
		for _, e := range entries {
			got = append(got, e.Position)
		}
		if got[len(got)-1] == 39 {
			cancel()
		}
	})
	if want := []Position{1, 2, 3, 39}; !slices.Equal(got, want) {
		t.Errorf("given %v, then %v; want %v", got, err, want)
	}
}

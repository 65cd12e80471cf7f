package fanout

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
)

func TestPresenceCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(t)
		e := newEngine(t, log)
		if got := e.Presence().Cursor(); got != spec.Earliest {
			t.Errorf("SUBS-api-cursor-value: nothing was dispatched and the cursor is %q, want %q", got, spec.Earliest)
		}
		for i := range 300 {
			id := appendTo(t, log, update(t, "", fmt.Sprint("t", i)))[0].ID.String()
			synctest.Wait()
			if got := e.Presence().Cursor(); got != id {
				t.Fatalf("SUBS-api-cursor-value: %s was dispatched last and the cursor is %s", id, got)
			}
		}
		last := e.Presence().Cursor()
		if err := e.Close(context.Background(), Shutdown); err != nil {
			t.Fatal(err)
		}
		if got := newEngine(t, log).Presence().Cursor(); got != last {
			t.Errorf("SUBS-api-cursor-value: with a new engine on the same history the cursor is %s, want still %s", got, last)
		}
	})
}

// gappy is a log whose last positions were burnt.
type gappy struct {
	store.Log
	burnt store.Position
}

func (g gappy) Bounds(ctx context.Context) (store.Bounds, error) {
	b, err := g.Log.Bounds(ctx)
	b.Newest += g.burnt
	return b, err
}

func (g gappy) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	c, err := g.Log.Read(ctx, after, limit)
	if err == nil && len(c.Entries) == 0 {
		c.Through += g.burnt
	}
	return c, err
}

func TestLastIDBeforeBurntPositions(t *testing.T) {
	for _, entries := range []int{0, 1, 2, 3, 1000} {
		for _, burnt := range []store.Position{0, 1, 2, 3, 7, 1000} {
			log := newLog(t)
			want := ""
			for range entries {
				want = appendTo(t, log, update(t, "", "t"))[0].ID.String()
			}
			b, err := gappy{log, burnt}.Bounds(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			id, err := lastID(t.Context(), gappy{log, burnt}, b)
			if err != nil || id.String() != want {
				t.Errorf("%d entries and %d burnt positions: last is %q, %v, want %q", entries, burnt, id, err, want)
			}
		}
	}
}

// begin makes the subscriptions of a new connection.
func begin(t testing.TB, topics ...string) []*spec.Subscription {
	t.Helper()
	selectors := make([]*spec.Selector, len(topics))
	for i, text := range topics {
		selectors[i] = topic(t, text)
	}
	made, err := spec.NewSubscriptions(spec.NewSubscriberID(), selectors, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestPresenceFollowsTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		e := newEngine(t, log)
		made := begin(t, "a", "b")
		receipt, err := log.Change(t.Context(), made...)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		then := e.Presence()
		if then.Len() != 2 || then.Cursor() != receipt.Entries[1].ID.String() {
			t.Errorf("%d subscriptions are open at %s, want 2 at %s", then.Len(), then.Cursor(), receipt.Entries[1].ID)
		}
		if _, err := log.Change(t.Context(), made[0].Ended()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if now := e.Presence(); now.Len() != 1 || then.Len() != 2 {
			t.Errorf("one has ended: %d are open, and in a snapshot of before %d, want 1 and 2", now.Len(), then.Len())
		}
		if err := e.Close(context.Background(), Shutdown); err != nil {
			t.Fatal(err)
		}
	})
}

// hasty is a log that overtakes its follower once, when told to.
type hasty struct {
	store.Log
	overtake, overtaken chan struct{}
	trimmed             store.Position
}

func (h *hasty) Follow(ctx context.Context, after store.Position, deliver func([]store.Entry)) error {
	select {
	case <-h.overtaken:
		return h.Log.Follow(ctx, after, deliver)
	case <-h.overtake:
		close(h.overtaken)
		return store.ErrTrimmed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hasty) Bounds(ctx context.Context) (store.Bounds, error) {
	b, err := h.Log.Bounds(ctx)
	b.Gone.Updates = h.trimmed
	return b, err
}

// Updates that are trimmed before they were delivered do not make the hub
// forget who listens: subscription entries are retained apart.
func TestPresenceOutlivesTrimmedUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer inner.Close()
		log := &hasty{Log: inner, overtake: make(chan struct{}), overtaken: make(chan struct{})}
		e, err := New(Config{Log: log, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close(context.Background(), Shutdown)
		made := begin(t, "a", "b")
		if _, err := inner.Change(t.Context(), made...); err != nil {
			t.Fatal(err)
		}
		if _, err := inner.Change(t.Context(), made[0].Ended()); err != nil {
			t.Fatal(err)
		}
		log.trimmed = appendTo(t, inner, update(t, "", "x"))[0].Position
		late := begin(t, "c")
		if _, err := inner.Change(t.Context(), late...); err != nil {
			t.Fatal(err)
		}
		log.overtake <- struct{}{} // once
		time.Sleep(time.Second)
		page, err := e.Presence().Page(spec.Legacy, spec.SubscriptionQuery{}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []*spec.Subscription{made[1], late[0]} {
			if !slices.Contains(page.Subscriptions, want) {
				t.Errorf("%q is not listed", want.Match())
			}
		}
		if n := e.Presence().Len(); n != 2 {
			t.Errorf("%d subscriptions are open, want 2: one of three has ended", n)
		}
	})
}

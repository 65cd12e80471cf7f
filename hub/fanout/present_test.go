package fanout

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"cinnabar/spec"
	"cinnabar/store"
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

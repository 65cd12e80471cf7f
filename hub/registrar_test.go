package hub

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// A fickle log fails so many times before it takes something.
type fickle struct {
	fails int
	taken []*spec.Subscription
}

func (f *fickle) Change(ctx context.Context, changes ...*spec.Subscription) (store.Receipt, error) {
	if f.fails > 0 {
		f.fails--
		return store.Receipt{}, store.ErrUnavailable
	}
	f.taken = append(f.taken, changes...)
	return store.Receipt{}, ctx.Err()
}

func arrive(t *testing.T, r *registrar, selectors ...string) *attendance {
	t.Helper()
	var parsed []*spec.Selector
	for _, text := range selectors {
		s, err := spec.ParseTopicSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, s)
	}
	a, err := r.admit(nil, parsed)
	if err != nil {
		t.Fatalf("admitting: %v", err)
	}
	return a
}

// TestRegistrarTriesAgain: what a log refuses is offered again, before anything
// that happened later, and all of it is told before the end.
func TestRegistrarTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fickle{fails: 3}
		r := newRegistrar(log, slog.New(slog.DiscardHandler))
		one, two := arrive(t, r, "a", "b"), arrive(t, r, "c")
		r.tell(move{one, true})
		synctest.Wait()
		r.tell(move{two, true})
		r.tell(move{one, false})
		if err := r.close(t.Context()); err != nil {
			t.Fatalf("closing: %v", err)
		}
		want := []struct {
			match  string
			active bool
		}{{"a", true}, {"b", true}, {"c", true}, {"a", false}, {"b", false}}
		if len(log.taken) != len(want) {
			t.Fatalf("the log was told %d times, want %d", len(log.taken), len(want))
		}
		for i, s := range log.taken {
			if s.Match() != want[i].match || s.Active() != want[i].active {
				t.Errorf("%d: %s, active %v; want %+v", i, s.Match(), s.Active(), want[i])
			}
		}
	})
}

// TestRegistrarGivesUp: a log that fails for good keeps nobody from stopping.
func TestRegistrarGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistrar(&fickle{fails: 1 << 30}, slog.New(slog.DiscardHandler))
		r.tell(move{arrive(t, r, "a"), true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		if err := r.close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closing: %v, want that time was up", err)
		}
		if took := time.Since(begun); took > 2*time.Minute {
			t.Errorf("closing took %v", took)
		}
	})
}

// TestRegistrarIsBounded: so many streams may begin ahead of the log and no more;
// every one that was told of, or did not begin, makes room.
func TestRegistrarIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fickle{}
		r := newRegistrar(log, slog.New(slog.DiscardHandler))
		var last *attendance
		for range maxArrivals {
			last = arrive(t, r, "a")
		}
		if _, err := r.admit(nil, nil); !errors.Is(err, errManyArrive) {
			t.Errorf("one more than %d: %v, want %v", maxArrivals, err, errManyArrive)
		}
		last.dismiss()
		told := arrive(t, r, "a")
		r.tell(move{told, true})
		synctest.Wait()
		arrive(t, r, "a")
		if _, err := r.admit(nil, nil); !errors.Is(err, errManyArrive) {
			t.Errorf("one more again: %v, want %v", err, errManyArrive)
		}
		if err := r.close(t.Context()); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
}

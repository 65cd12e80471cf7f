package hub

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBudget(10, 0)
		if err := b.take(ctx, nil, 7); err != nil {
			t.Fatalf("taking 7 of 10: %v", err)
		}
		if err := b.take(ctx, nil, 3); err != nil {
			t.Fatalf("taking the other 3: %v", err)
		}

		start := time.Now()
		if err := b.take(ctx, nil, 1); !errors.Is(err, errBusy) {
			t.Errorf("taking 1 of nothing: %v, want errBusy", err)
		}
		if waited := time.Since(start); waited != budgetWait {
			t.Errorf("waited %v for room, want %v", waited, budgetWait)
		}

		taken := make(chan error)
		go func() { taken <- b.take(ctx, nil, 5) }()
		synctest.Wait()
		b.give(nil, 3) // not enough yet
		synctest.Wait()
		b.give(nil, 7)
		if err := <-taken; err != nil {
			t.Errorf("taking what was given back: %v", err)
		}

		gone, cancel := context.WithCancel(ctx)
		cancel()
		if err := b.take(gone, nil, 6); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting for a client that is gone: %v, want its context's error", err)
		}
		b.give(nil, 5)
		if err := b.take(ctx, nil, 10); err != nil {
			t.Errorf("taking all of it: %v", err)
		}
	})
}

func TestBudgetShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := newBudget(10, 4)
		for _, owner := range []string{"a", "b"} {
			if err := b.take(ctx, owner, 4); err != nil {
				t.Fatalf("the share of %s: %v", owner, err)
			}
			if err := b.take(ctx, owner, 1); !errors.Is(err, errBusy) {
				t.Errorf("more than the share of %s: %v, want errBusy", owner, err)
			}
		}
		if err := b.take(ctx, "c", 3); !errors.Is(err, errBusy) {
			t.Errorf("3 of the 2 that are left: %v, want errBusy", err)
		}
		taken := make(chan error)
		go func() { taken <- b.take(ctx, "a", 1) }()
		synctest.Wait()
		b.give("b", 4) // none of a's
		synctest.Wait()
		b.give("a", 3)
		if err := <-taken; err != nil {
			t.Errorf("what was given back of the share: %v", err)
		}
		b.give("a", 2)
		if len(b.held) != 0 || b.free != 10 {
			t.Errorf("everything was given back: %d are free, held are %v", b.free, b.held)
		}
	})
}

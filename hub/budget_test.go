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
		b := newBudget(10)
		if err := b.take(ctx, 7); err != nil {
			t.Fatalf("taking 7 of 10: %v", err)
		}
		if err := b.take(ctx, 3); err != nil {
			t.Fatalf("taking the other 3: %v", err)
		}

		start := time.Now()
		if err := b.take(ctx, 1); !errors.Is(err, errBusy) {
			t.Errorf("taking 1 of nothing: %v, want errBusy", err)
		}
		if waited := time.Since(start); waited != budgetWait {
			t.Errorf("waited %v for room, want %v", waited, budgetWait)
		}

		taken := make(chan error)
		go func() { taken <- b.take(ctx, 5) }()
		synctest.Wait()
		b.give(3) // not enough yet
		synctest.Wait()
		b.give(7)
		if err := <-taken; err != nil {
			t.Errorf("taking what was given back: %v", err)
		}

		gone, cancel := context.WithCancel(ctx)
		cancel()
		if err := b.take(gone, 6); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting for a client that is gone: %v, want its context's error", err)
		}
		b.give(5)
		if err := b.take(ctx, 10); err != nil {
			t.Errorf("taking all of it: %v", err)
		}
	})
}

package storetest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/store"
	"cinnabar/store/memory"
	"cinnabar/store/storetest"
)

func TestFaulty(t *testing.T) {
	ctx := context.Background()
	for name, tt := range map[string]struct {
		fault   storetest.Fault
		append  error
		read    error
		health  error
		visible int
	}{
		"none":                 {storetest.None, nil, nil, nil, 1},
		"failed":               {storetest.Failed, store.ErrUnavailable, nil, store.ErrUnavailable, 0},
		"failed but persisted": {storetest.FailedButPersisted, store.ErrUnavailable, nil, store.ErrUnavailable, 1},
		"reads fail":           {storetest.ReadsFail, nil, store.ErrUnavailable, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inner, err := memory.Open(memory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer inner.Close()
			log := storetest.NewFaulty(inner)
			log.Inject(tt.fault)
			if _, err := log.Append(ctx, store.Disk, storetest.Update(t, "x")); !errors.Is(err, tt.append) {
				t.Errorf("appending: %v, want %v", err, tt.append)
			}
			if _, err := log.Read(ctx, 0, 1000); !errors.Is(err, tt.read) {
				t.Errorf("reading: %v, want %v", err, tt.read)
			}
			if err := log.Health(); !errors.Is(err, tt.health) {
				t.Errorf("health: %v, want %v", err, tt.health)
			}
			log.Inject(storetest.None)
			if c, err := log.Read(ctx, 0, 1000); err != nil || len(c.Entries) != tt.visible {
				t.Errorf("afterwards %d entries are visible, error %v; want %d", len(c.Entries), err, tt.visible)
			}
		})
	}
}

// TestFaultyKeys: who repeats what was refused, with its key, ends up with one
// entry whether it was persisted or not.
func TestFaultyKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		fault    storetest.Fault
		repeated bool
	}{
		"failed":               {storetest.Failed, false},
		"failed but persisted": {storetest.FailedButPersisted, true},
	} {
		t.Run(name, func(t *testing.T) {
			inner, err := memory.Open(memory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer inner.Close()
			log := storetest.NewFaulty(inner)
			log.Inject(tt.fault)
			u, once := storetest.Update(t, "x"), store.Once{Key: [32]byte{1}}
			if _, err := log.AppendOnce(t.Context(), store.Disk, once, u); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("under the fault: %v, want %v", err, store.ErrUnavailable)
			}
			log.Inject(storetest.None)
			r, err := log.AppendOnce(t.Context(), store.Disk, once, u)
			if err != nil || r.Repeated != tt.repeated {
				t.Errorf("once more: repeated %v, error %v; want %v", r.Repeated, err, tt.repeated)
			}
			if c, err := log.Read(t.Context(), 0, 1000); err != nil || len(c.Entries) != 1 {
				t.Errorf("%d entries, error %v; want one", len(c.Entries), err)
			}
		})
	}
}

func TestFaultyDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer inner.Close()
		log := storetest.NewFaulty(inner)
		log.Delay(time.Minute)
		start := time.Now()
		if _, err := log.Append(t.Context(), store.Disk, storetest.Update(t, "x")); err != nil || time.Since(start) != time.Minute {
			t.Errorf("a delayed append took %v and returned %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := log.Append(ctx, store.Disk, storetest.Update(t, "y")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an append whose context ended: %v", err)
		}
		time.Sleep(time.Hour)
		if b, err := inner.Bounds(t.Context()); err != nil || b.Newest != 2 {
			t.Errorf("the append that nobody waits for any more did not go on: %+v, error %v", b, err)
		}
	})
}

package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// ErrInjected is the cause of every error that a [Faulty] log makes up.
var ErrInjected = errors.New("injected fault")

// A Fault is what a [Faulty] log does to appends.
type Fault uint8

const (
	// None lets them pass.
	None Fault = iota
	// Failed refuses them: nothing is stored, and Health says why.
	Failed
	// FailedButPersisted stores them and refuses all the same: the entries
	// become visible, though their publisher was told that they failed.
	FailedButPersisted
	// ReadsFail lets appends pass and fails Read and Find.
	ReadsFail
)

// A Faulty is a log that fails on demand. Its zero faults pass everything to
// the log it wraps. It is safe for concurrent use.
type Faulty struct {
	store.Log

	mu    sync.Mutex
	fault Fault
	delay time.Duration
}

// NewFaulty wraps a log that works.
func NewFaulty(log store.Log) *Faulty { return &Faulty{Log: log} }

// Inject sets the fault from now on.
func (f *Faulty) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Delay makes every append from now on take that much longer.
func (f *Faulty) Delay(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = d
}

func (f *Faulty) state() (Fault, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault, f.delay
}

func unavailable() error { return fmt.Errorf("%w: %w", store.ErrUnavailable, ErrInjected) }

// Append applies the delay, then the fault. Cancelling ctx stops the waiting,
// not the append.
func (f *Faulty) Append(ctx context.Context, want store.Durability, updates ...*spec.Update) (store.Receipt, error) {
	return f.append(ctx, func(ctx context.Context) (store.Receipt, error) { return f.Log.Append(ctx, want, updates...) })
}

// AppendOnce does as Append does.
func (f *Faulty) AppendOnce(ctx context.Context, want store.Durability, once store.Once, u *spec.Update) (store.Receipt, error) {
	return f.append(ctx, func(ctx context.Context) (store.Receipt, error) { return f.Log.AppendOnce(ctx, want, once, u) })
}

func (f *Faulty) append(ctx context.Context, do func(context.Context) (store.Receipt, error)) (store.Receipt, error) {
	fault, delay := f.state()
	if delay == 0 {
		return fault.apply(ctx, do)
	}
	// Whether ctx ends first or not, the append goes on.
	type result struct {
		receipt store.Receipt
		err     error
	}
	done := make(chan result, 1)
	go func() {
		time.Sleep(delay)
		r, err := fault.apply(context.WithoutCancel(ctx), do)
		done <- result{r, err}
	}()
	select {
	case r := <-done:
		return r.receipt, r.err
	case <-ctx.Done():
		return store.Receipt{}, ctx.Err()
	}
}

func (f Fault) apply(ctx context.Context, do func(context.Context) (store.Receipt, error)) (store.Receipt, error) {
	switch f {
	case Failed:
		return store.Receipt{}, unavailable()
	case FailedButPersisted:
		if _, err := do(ctx); err != nil {
			return store.Receipt{}, err
		}
		return store.Receipt{}, unavailable()
	}
	return do(ctx)
}

// Read fails under [ReadsFail].
func (f *Faulty) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	if fault, _ := f.state(); fault == ReadsFail {
		return store.Chunk{}, unavailable()
	}
	return f.Log.Read(ctx, after, limit)
}

// Find fails under [ReadsFail].
func (f *Faulty) Find(ctx context.Context, id string) (store.Place, error) {
	if fault, _ := f.state(); fault == ReadsFail {
		return store.Place{}, unavailable()
	}
	return f.Log.Find(ctx, id)
}

// Health reports the fault of appends.
func (f *Faulty) Health() error {
	if fault, _ := f.state(); fault == Failed || fault == FailedButPersisted {
		return unavailable()
	}
	return f.Log.Health()
}

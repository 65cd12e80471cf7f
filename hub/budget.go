package hub

import (
	"context"
	"errors"
	"sync"
	"time"
)

// budgetWait is how long a request waits for room before it is told to come
// back: long enough for a burst to pass, short enough not to pile up.
const budgetWait = time.Second

// errBusy is why a request body was not read.
var errBusy = errors.New("too many request bodies are being processed")

// A budget bounds the bytes that requests hold in memory together.
type budget struct {
	mu    sync.Mutex
	free  int64
	freed chan struct{} // closed at the next give; nil while nobody waits
}

func newBudget(size int64) *budget { return &budget{free: size} }

// take reserves n bytes, which must not exceed the budget, waiting up to
// [budgetWait]. The error is errBusy or ctx's.
func (b *budget) take(ctx context.Context, n int64) error {
	freed, ok := b.try(n)
	if ok {
		return nil
	}
	timer := time.NewTimer(budgetWait)
	defer timer.Stop()
	for {
		select {
		case <-freed:
		case <-timer.C:
			return errBusy
		case <-ctx.Done():
			return ctx.Err()
		}
		if freed, ok = b.try(n); ok {
			return nil
		}
	}
}

// try reserves n bytes or returns what will be closed when it is worth trying
// again.
func (b *budget) try(n int64) (freed <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n <= b.free {
		b.free -= n
		return nil, true
	}
	if b.freed == nil {
		b.freed = make(chan struct{})
	}
	return b.freed, false
}

// give returns what was taken.
func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

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

// A budget bounds the bytes that requests hold in memory together, and, where
// strangers send them, what one owner holds of them: who sends slowly on
// purpose must not keep everybody else out.
type budget struct {
	share int64 // of one owner; 0: all

	mu    sync.Mutex
	free  int64
	held  map[any]int64 // by owner, where there are shares
	freed chan struct{} // closed at the next give; nil while nobody waits
}

func newBudget(size, share int64) *budget {
	return &budget{free: size, share: share, held: make(map[any]int64)}
}

// take reserves n bytes, which must not exceed the share, for an owner (any
// comparable value), waiting up to [budgetWait]. The error is errBusy or ctx's.
func (b *budget) take(ctx context.Context, owner any, n int64) error {
	freed, ok := b.try(owner, n)
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
		if freed, ok = b.try(owner, n); ok {
			return nil
		}
	}
}

// try reserves n bytes or returns what will be closed when it is worth trying
// again.
func (b *budget) try(owner any, n int64) (freed <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n <= b.free && (b.share == 0 || b.held[owner]+n <= b.share) {
		b.free -= n
		if b.share > 0 {
			b.held[owner] += n
		}
		return nil, true
	}
	if b.freed == nil {
		b.freed = make(chan struct{})
	}
	return b.freed, false
}

// give returns what an owner took.
func (b *budget) give(owner any, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	if b.share > 0 {
		if b.held[owner] -= n; b.held[owner] == 0 {
			delete(b.held, owner)
		}
	}
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

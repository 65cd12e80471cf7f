package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
	"cinnabar/store"
)

const (
	// maxArrivals is how many streams may have begun that the history was not
	// told of yet. Whoever comes then is sent away for a moment.
	maxArrivals = 1 << 14
	// tellSize is how many subscriptions the history is told of at once, about.
	tellSize = 512
	// tellAgain is how long a history that fails is left alone.
	tellAgain = 200 * time.Millisecond
	// lastWords is how long the history is waited for at the end, at least.
	lastWords = time.Second
)

// errManyArrive is why a subscriber is sent away whose coming could not be told.
var errManyArrive = errors.New("more streams begin than the history can be told of")

// A registrar tells the log which subscriptions begin and end, in the order in
// which it happens (SUBS-event-created, SUBS-event-terminated). Nobody waits for
// it: streams leave word, and one goroutine appends. Of each stream the queue
// holds its coming, which is bounded by turning others away, and its going,
// which is bounded by the number of streams.
type registrar struct {
	log    store.Presence
	logger *slog.Logger
	stop   context.CancelFunc // gives up on a log that fails
	ended  chan struct{}      // closed when the goroutine has ended
	word   chan struct{}      // holds one: look again

	mu       sync.Mutex
	queue    []move
	taken    int // from the queue, and not in the log yet
	arrivals int // admitted, and not in the log yet
	closing  bool
}

// newRegistrar starts one; close ends it.
func newRegistrar(log store.Presence, logger *slog.Logger) *registrar {
	ctx, stop := context.WithCancel(context.Background())
	r := &registrar{log: log, logger: logger, stop: stop, ended: make(chan struct{}), word: make(chan struct{}, 1)}
	go r.run(ctx)
	return r
}

// admit registers a stream that is about to begin. Unless it begins, it is to be
// dismissed.
func (r *registrar) admit(grants *auth.Grants, selectors []*spec.Selector) (*attendance, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.arrivals >= maxArrivals {
		return nil, errManyArrive
	}
	r.arrivals++
	return &attendance{registrar: r, grants: grants, selectors: selectors, id: spec.NewSubscriberID()}, nil
}

// tell queues a move. It never blocks.
func (r *registrar) tell(m move) {
	r.mu.Lock()
	r.queue = append(r.queue, m)
	r.mu.Unlock()
	r.wake()
}

func (r *registrar) wake() {
	select {
	case r.word <- struct{}{}:
	default:
	}
}

// run appends what is queued until it is closed and nothing is left, or ctx ends.
func (r *registrar) run(ctx context.Context) {
	defer close(r.ended)
	for {
		moves, closing := r.take()
		if len(moves) == 0 {
			if closing {
				return
			}
			select {
			case <-r.word:
				continue
			case <-ctx.Done():
				return
			}
		}
		for len(moves) > 0 {
			var changes []*spec.Subscription
			told, came := len(moves), 0
			for len(moves) > 0 && len(changes) < tellSize {
				if moves[0].came {
					came++
				}
				changes = append(changes, moves[0].changes(r.logger)...)
				moves = moves[1:]
			}
			told -= len(moves)
			if !r.append(ctx, changes) {
				return
			}
			r.mu.Lock()
			r.taken -= told
			r.arrivals -= came
			r.mu.Unlock()
		}
	}
}

// take empties the queue.
func (r *registrar) take() (moves []move, closing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	moves, r.queue = r.queue, nil
	r.taken = len(moves)
	return moves, r.closing
}

// append appends changes, however long the log fails, and reports false when it
// gave up.
func (r *registrar) append(ctx context.Context, changes []*spec.Subscription) bool {
	for {
		_, err := r.log.Change(ctx, changes...)
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil, errors.Is(err, store.ErrClosed):
			r.logger.Error("the history was not told of subscriptions that began or ended", "subscriptions", len(changes), "error", err)
			return false
		}
		r.logger.Warn("telling the history of subscriptions failed, trying again", "error", err)
		select {
		case <-time.After(tellAgain):
		case <-ctx.Done():
		}
	}
}

// waiting returns how many streams came or went of which the log was not told yet.
func (r *registrar) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue) + r.taken
}

// close waits until the log has been told everything. No stream may begin or end
// any more.
func (r *registrar) close(ctx context.Context) error {
	r.mu.Lock()
	r.closing = true
	r.mu.Unlock()
	r.wake()
	defer r.stop()
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
	}
	// Streams that took all of the time leave a moment for the word of their end.
	select {
	case <-r.ended:
		return nil
	case <-time.After(lastWords):
	}
	r.stop()
	<-r.ended
	return fmt.Errorf("telling the history which subscriptions ended: %w", ctx.Err())
}

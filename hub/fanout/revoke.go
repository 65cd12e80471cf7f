package fanout

import (
	"context"
	"time"
)

// Streams whose permission was withdrawn are closed over a few seconds, so that
// the clients of a large issuer do not come back all at once.
const (
	revokeSteps = 50
	revokePause = 100 * time.Millisecond
	revokeAgain = time.Second
)

// Revoke closes the streams of the owners that are withdrawn, with reason
// [KeyRemoved], and returns when all were told or ctx is done. What their
// subscribers may still receive meanwhile is for CanReceive to say, which has
// to refuse from before the call.
func (e *Engine) Revoke(ctx context.Context, withdrawn func(owner any) bool) {
	// Twice: some may have been admitted before and joined since.
	for range 2 {
		streams := e.streamsOf(withdrawn)
		step := max(1, (len(streams)+revokeSteps-1)/revokeSteps)
		for len(streams) > step {
			closeAll(streams[:step])
			streams = streams[step:]
			if !pause(ctx, revokePause) {
				return
			}
		}
		closeAll(streams)
		if !pause(ctx, revokeAgain) {
			return
		}
	}
}

func closeAll(streams []Stream) {
	for _, s := range streams {
		s.Close(KeyRemoved)
	}
}

// pause reports whether the time passed before ctx was done.
func pause(ctx context.Context, d time.Duration) bool {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-over.C:
		return true
	}
}

func (e *Engine) streamsOf(withdrawn func(owner any) bool) []Stream {
	e.mu.Lock()
	owners := make(map[any]bool, len(e.members))
	for sub := range e.members {
		owners[sub.owner] = false
	}
	e.mu.Unlock()
	for owner := range owners {
		owners[owner] = withdrawn(owner)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var streams []Stream
	for sub := range e.members {
		if owners[sub.owner] {
			streams = append(streams, sub.stream)
		}
	}
	return streams
}

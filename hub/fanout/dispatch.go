package fanout

import (
	"context"
	"errors"
	"time"

	"cinnabar/store"
)

// retryDelay is how long the dispatcher waits before it follows a failed log
// again.
const retryDelay = 200 * time.Millisecond

// dispatch follows the log in order and hands every entry to the live
// subscribers it concerns. It is the one goroutine that moves e.position.
func (e *Engine) dispatch(ctx context.Context) {
	for {
		err := e.log.Follow(ctx, e.position, func(entries []store.Entry) {
			e.delivering.Store(time.Now().UnixNano())
			for i := range entries {
				e.deliver(&entries[i])
				e.writers.wake()
			}
		})
		switch {
		case ctx.Err() != nil, errors.Is(err, store.ErrClosed):
			return
		case errors.Is(err, store.ErrTrimmed):
			e.skipTrimmed(ctx)
		default:
			e.logger.Error("following the history failed, trying again", "error", err, "after", e.position)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryDelay):
		}
	}
}

// deliver offers one entry to the live subscribers, and moves on.
func (e *Engine) deliver(entry *store.Entry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.position
	e.position = entry.Position
	e.present.Pass(entry.ID)
	e.index.match(&e.matched, entry.Update.Topics(), entry.Position)
	var event *Event
	for _, s := range e.matched.sure {
		// Who is catching up reads the entry itself, and who became live
		// ahead of the dispatcher has read it.
		if s.state != live || s.position >= entry.Position {
			continue
		}
		if entry.Update.Private() && s.receiveCost > grantCost {
			e.ask(s, before)
			continue
		}
		if !s.filter.mayRead(entry.Update) {
			continue
		}
		if event == nil {
			event = newEvent(entry)
		}
		if !s.stream.Enqueue(event) {
			e.demote(s, before)
		}
	}
	for _, s := range e.matched.perhaps {
		if s.state == live && s.position < entry.Position {
			e.ask(s, before)
		}
	}
	e.matched.forget()
}

// skipTrimmed goes on after entries that retention removed before the
// dispatcher saw them. The live subscribers missed them too.
func (e *Engine) skipTrimmed(ctx context.Context) {
	bounds, err := e.log.Bounds(ctx)
	if err != nil {
		e.logger.Error("reading the ends of the history failed, trying again", "error", err)
		return
	}
	e.mu.Lock()
	var missed []Stream
	for s := range e.members {
		if s.state == live && s.position < bounds.Trimmed {
			missed = append(missed, s.stream)
		}
	}
	e.position = max(e.position, bounds.Trimmed)
	e.mu.Unlock()
	e.logger.Error("retention removed entries before they were delivered: the history is too small for this rate", "streams_closed", len(missed))
	for _, s := range missed {
		s.Close(HistoryTrimmed)
	}
}

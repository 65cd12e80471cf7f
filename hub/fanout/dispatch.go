package fanout

import (
	"context"
	"errors"
	"time"

	"cinnabar/spec"
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
	if entry.Update != nil {
		e.reaches.note(entry.Position, e.offer(entry, entry.Update, 0, before))
		return
	}
	e.present.Apply(entry.Subscription)
	for _, g := range [...]spec.Generation{spec.Legacy, spec.Current} {
		if e.watchers.of(g) == 0 {
			continue
		}
		if u := entry.Subscription.Update(g, e.hubPath); u != nil {
			e.offer(entry, u, g, before)
		}
	}
}

// offer offers an entry, as it is shown, to those live subscribers it is shown
// to like that: all, or the watchers of a generation. before is the position of
// the entry before it. It returns how many took it. The caller holds e.mu.
func (e *Engine) offer(entry *store.Entry, u *spec.Update, g spec.Generation, before store.Position) (took int) {
	stamp := entry.Position<<1 | store.Position(g&1) // each of its two renderings has its own
	e.index.match(&e.matched, u.Topics(), stamp)
	var event *Event
	for _, s := range e.matched.sure {
		// Who is catching up reads the entry itself, and who became live
		// ahead of the dispatcher has read it.
		if s.state != live || s.position >= entry.Position || g != 0 && s.watches != g {
			continue
		}
		if u.Private() && s.receiveCost > grantCost {
			e.ask(s, before)
			continue
		}
		if !s.filter.mayRead(u) {
			continue
		}
		if event == nil {
			event = newEvent(entry.ID, u)
		}
		if !s.stream.Enqueue(event) {
			e.demote(s, before)
			continue
		}
		s.gaps.given(entry.ID)
		took++
	}
	for _, s := range e.matched.perhaps {
		if s.state == live && s.position < entry.Position && (g == 0 || s.watches == g) {
			e.ask(s, before)
		}
	}
	e.matched.forget()
	return took
}

// skipTrimmed goes on after entries that retention removed before the
// dispatcher saw them. The live subscribers go back to catching up, which ends
// the streams of those who missed something.
func (e *Engine) skipTrimmed(ctx context.Context) {
	bounds, err := e.log.Bounds(ctx)
	if err != nil {
		e.logger.Error("reading the ends of the history failed, trying again", "error", err)
		return
	}
	to := max(e.position, bounds.Gone.Updates, bounds.Gone.Subscriptions)
	rest, err := e.changes(ctx, e.position, to)
	if err != nil {
		e.logger.Error("reading who listens failed, trying again", "error", err, "after", e.position)
		return
	}
	e.mu.Lock()
	before, behind := e.position, 0
	e.position = to
	e.reaches.giveUp(to)
	for i := range rest {
		e.present.Pass(rest[i].ID)
		e.present.Apply(rest[i].Subscription)
	}
	for s := range e.members {
		if s.state == live && s.position < e.position {
			e.demote(s, before)
			e.lagging.push(s)
			behind++
		}
	}
	e.mu.Unlock()
	e.logger.Error("retention removed entries before they were delivered: the history is too small for this rate", "streams_behind", behind)
}

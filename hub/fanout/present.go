package fanout

import (
	"context"
	"fmt"
	"time"

	"cinnabar/hub/presence"
	"cinnabar/spec"
	"cinnabar/store"
)

// Presence returns who listens, as of the dispatcher's position: what was
// dispatched and no more, so that whoever goes on from its cursor is told of
// every change since, and of none twice (SUBS-api-cursor-consistent).
func (e *Engine) Presence() presence.Snapshot {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.present.Snapshot()
}

// settlePatience is how long [Engine.Settle] waits for a dispatcher that is
// further behind than by the usual microseconds.
const settlePatience = 100 * time.Millisecond

// Settle waits until the dispatcher has passed what is visible by now, so that a
// client finds in [Engine.Presence] what it was answered before
// (SUBS-api-cursor-value). It gives up on a dispatcher that is held up.
func (e *Engine) Settle(ctx context.Context) {
	bounds, err := e.log.Bounds(ctx)
	if err != nil {
		return
	}
	late := time.Now().Add(settlePatience)
	for e.passed() < bounds.Newest && ctx.Err() == nil && time.Now().Before(late) {
		time.Sleep(50 * time.Microsecond) // the dispatcher has others to wake
	}
}

// passed returns the dispatcher's position.
func (e *Engine) passed() store.Position {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.position
}

// lastID returns the id of the newest visible entry, zero if nothing is
// retained. The position of the head is no help where it was burnt, so the search
// goes back from it in growing strides.
func lastID(ctx context.Context, log store.Log, b store.Bounds) (spec.EventID, error) {
	var id spec.EventID
	if b.Oldest == 0 {
		return id, nil
	}
	for stride := store.Position(1); ; stride *= 2 {
		after := b.Newest - min(stride, b.Newest)
		for after < b.Newest {
			chunk, err := log.Read(ctx, after, stretchSize)
			if err != nil {
				return id, fmt.Errorf("reading the newest entry of the history: %w", err)
			}
			for i := range chunk.Entries {
				if chunk.Entries[i].Position <= b.Newest {
					id = chunk.Entries[i].ID
				}
			}
			if chunk.Through <= after {
				break
			}
			after = chunk.Through
		}
		if !id.IsZero() || stride >= b.Newest {
			return id, nil
		}
	}
}

// changes returns the subscription entries after a position, up to another, that
// are retained. Retention removes them and updates apart: where the dispatcher
// has to skip updates, who listens is known all the same.
func (e *Engine) changes(ctx context.Context, after, to store.Position) (changes []store.Entry, err error) {
	for after < to {
		chunk, err := e.log.Read(ctx, after, stretchSize)
		if err != nil {
			return nil, fmt.Errorf("reading subscription entries: %w", err)
		}
		for _, entry := range chunk.Entries {
			if entry.Subscription != nil && entry.Position <= to {
				changes = append(changes, entry)
			}
		}
		if chunk.Through <= after {
			break
		}
		after = chunk.Through
	}
	return changes, nil
}

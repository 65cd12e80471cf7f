package fanout

import (
	"context"
	"fmt"

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

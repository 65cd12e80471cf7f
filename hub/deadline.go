package hub

import (
	"context"
	"sync/atomic"
	"time"
)

// A deadline is one that all publishes share that begin within a second: a
// timer for each would cost more than anything else the hub adds to them.
type deadline struct {
	ctx    context.Context
	cancel context.CancelFunc // for nobody: it ends by itself
	shared time.Time          // how long it is given out
}

// deadlines gives out deadlines. The zero value is ready.
type deadlines struct{ latest atomic.Pointer[deadline] }

// in returns a context that ends after the limit, or up to a second earlier.
// The limit has to be the same in every call.
func (d *deadlines) in(limit time.Duration) context.Context {
	now := time.Now()
	if latest := d.latest.Load(); latest != nil && now.Before(latest.shared) {
		return latest.ctx
	}
	fresh := &deadline{shared: now.Add(time.Second)}
	fresh.ctx, fresh.cancel = context.WithDeadline(context.Background(), now.Add(limit))
	d.latest.Store(fresh)
	return fresh.ctx
}

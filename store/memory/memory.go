// Package memory is the engine that keeps a history in the process: nothing
// survives it. It is meant for development, tests, and hubs whose subscribers
// need no replay across restarts.
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// DefaultBytes is the limit on what is retained unless configured otherwise.
const DefaultBytes = 64 << 20

// followBytes is how far a follower may be behind and not lose anything to a
// tighter retention.
const followBytes = 8 << 20

// overhead is what an entry takes beside its strings, in bytes, about.
const overhead = 256

// Options limit what is retained; see [store.Retention]. The bytes are those
// entries take in memory, about, and zero means [DefaultBytes].
type Options store.Retention

// A Log is a [store.Log] in memory. Every append reaches [store.Memory] and no
// more. Age is applied as entries are appended.
type Log struct {
	epochs *store.Epochs
	tail   *store.Tail

	mu        sync.Mutex // the one writer: whoever holds it assigns and publishes
	retention store.Retention
	last      store.Position
	lastAt    time.Time
	bytes     int64 // retained
	count     int64 // retained
	closed    bool
}

var _ store.Log = (*Log)(nil)

// Open starts an empty log with a key and an epoch of its own.
func Open(o Options) (*Log, error) {
	return &Log{
		retention: store.Retention(o).Default(DefaultBytes),
		epochs:    store.NewEpochs(store.NewKey(), nil, 1),
		tail:      store.NewTail(store.Bounds{}, followBytes),
	}, nil
}

// Append makes the updates visible at once, whatever durability is wanted.
func (l *Log) Append(ctx context.Context, _ store.Durability, updates ...*spec.Update) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	items := make([]store.Item, len(updates))
	for i, u := range updates {
		size, err := store.Size(u)
		if err != nil {
			return store.Receipt{}, err
		}
		items[i] = store.Item{Entry: store.Entry{Update: u}, Size: size + overhead}
	}
	receipt := store.Receipt{Entries: make([]store.Entry, len(items)), Reached: store.Memory}

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return store.Receipt{}, store.ErrClosed
	}
	if store.MaxPosition-l.last < store.Position(len(items)) {
		return store.Receipt{}, fmt.Errorf("%w: its positions are used up", store.ErrUnavailable)
	}
	now := store.Later(l.lastAt, time.Now())
	for i := range items {
		l.last++
		e := &items[i].Entry
		e.Position, e.At, e.ID = l.last, now, l.epochs.ID(l.last, e.Update)
		receipt.Entries[i] = *e
		l.bytes += int64(items[i].Size)
	}
	l.lastAt = now
	l.count += int64(len(items))
	l.tail.Publish(items...)
	l.tail.TrimWhile(func(oldest store.Item) bool {
		if !l.retention.Exceeded(l.bytes, l.count, oldest.At, now) {
			return false
		}
		l.bytes -= int64(oldest.Size)
		l.count--
		return true
	})
	return receipt, nil
}

// Read returns visible entries after a position.
func (l *Log) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	if err := ctx.Err(); err != nil {
		return store.Chunk{}, err
	}
	// The window holds everything retained: there is no other medium.
	c, _, _, err := l.tail.Read(after, limit)
	return c, err
}

// Find resolves a cursor.
func (l *Log) Find(ctx context.Context, id string) (store.Place, error) {
	if err := ctx.Err(); err != nil {
		return store.Place{}, err
	}
	b, err := l.tail.Bounds()
	if err != nil {
		return store.Place{}, err
	}
	return l.epochs.Find(id, b.Newest, b.Trimmed, func(id string) (store.Position, error) {
		return l.tail.Earliest(id), nil
	})
}

// Follow delivers every entry after a position as it becomes visible.
func (l *Log) Follow(ctx context.Context, after store.Position, deliver func([]store.Entry)) error {
	return l.tail.Follow(ctx, after, l.Read, deliver)
}

// Bounds returns the ends of the log.
func (l *Log) Bounds(ctx context.Context) (store.Bounds, error) {
	if err := ctx.Err(); err != nil {
		return store.Bounds{}, err
	}
	return l.tail.Bounds()
}

// Retain changes what is retained, from the next append on.
func (l *Log) Retain(r store.Retention) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retention = r.Default(DefaultBytes)
}

// Health returns nil until the log is closed.
func (l *Log) Health() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return store.ErrClosed
	}
	return nil
}

// Close ends the followers and forgets the history.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.tail.Close()
	return nil
}

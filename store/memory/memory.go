// Package memory is the engine that keeps a history in the process: nothing
// survives it. It is meant for development, tests, and hubs whose subscribers
// need no replay across restarts.
package memory

import (
	"context"
	"fmt"
	"math"
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

// PresenceBytes is the limit on what is retained of subscriptions that began
// and ended.
const PresenceBytes = 16 << 20

// Options limit what is retained; see [store.Retention]. The bytes are those
// updates take in memory, about, and zero means [DefaultBytes].
type Options store.Retention

// A Log is a [store.Log] in memory. Every append reaches [store.Memory] and no
// more. Age is applied as entries are appended.
type Log struct {
	epochs *store.Epochs
	tail   *store.Tail

	mu            sync.Mutex // the one writer: whoever holds it assigns and publishes
	last          store.Position
	lastAt        time.Time
	updates       stock
	subscriptions stock
	shares        *shares        // of the updates; nil where there are no rules
	lastUpdate    store.Position // where there are rules
	keys          keys
	closed        bool
}

// A stock is what is retained of one kind of entries.
type stock struct {
	retention    store.Retention
	bytes, count int64
}

var (
	_ store.Log      = (*Log)(nil)
	_ store.Presence = (*Log)(nil)
)

// Open starts an empty log with a key and an epoch of its own.
func Open(o Options) (*Log, error) {
	l := &Log{
		epochs: store.NewEpochs(store.NewKey(), nil, 1),
		tail:   store.NewTail(0, store.Range{}, store.Range{}, followBytes),
	}
	l.retain(store.Retention(o))
	return l, nil
}

// Append makes the updates visible at once, whatever durability is wanted.
func (l *Log) Append(ctx context.Context, _ store.Durability, updates ...*spec.Update) (store.Receipt, error) {
	items := make([]store.Item, len(updates))
	for i, u := range updates {
		items[i].Update = u
	}
	return l.append(ctx, &l.updates, nil, items)
}

// AppendOnce makes an update visible at once, unless one with that key was.
func (l *Log) AppendOnce(ctx context.Context, _ store.Durability, once store.Once, u *spec.Update) (store.Receipt, error) {
	return l.append(ctx, &l.updates, &once, []store.Item{{Entry: store.Entry{Update: u}}})
}

// Change makes the changes visible at once. There is no earlier life of which
// subscriptions could be left.
func (l *Log) Change(ctx context.Context, changes ...*spec.Subscription) (store.Receipt, error) {
	items := make([]store.Item, len(changes))
	for i, s := range changes {
		items[i].Subscription = s
	}
	return l.append(ctx, &l.subscriptions, nil, items)
}

func (l *Log) append(ctx context.Context, kept *stock, once *store.Once, items []store.Item) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	for i := range items {
		size, err := store.SizeOf(&items[i].Entry)
		if err != nil {
			return store.Receipt{}, err
		}
		items[i].Size = size + overhead
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
	if once != nil {
		first, err := l.keys.find(*once, now)
		if err != nil {
			return store.Receipt{}, err
		}
		if first.Position > 0 {
			first.Update = items[0].Update
			return store.Receipt{Entries: []store.Entry{first}, Reached: store.Memory, Repeated: true}, nil
		}
	}
	for i := range items {
		l.last++
		e := &items[i].Entry
		e.Position, e.At, e.ID = l.last, now, l.epochs.ID(l.last, e.Brought())
		receipt.Entries[i] = *e
		kept.bytes += int64(items[i].Size)
	}
	if once != nil {
		l.keys.add(*once, receipt.Entries[0])
	}
	l.lastAt = now
	kept.count += int64(len(items))
	l.tail.Publish(items...)
	if l.shares != nil {
		l.trimShares(items, now)
	} else {
		l.trim(store.KindUpdate, &l.updates, now)
	}
	l.trim(store.KindSubscription, &l.subscriptions, now)
	return receipt, nil
}

// trim removes what is retained no longer. The lock is held.
func (l *Log) trim(k store.Kind, kept *stock, now time.Time) {
	l.tail.TrimWhile(k, func(oldest store.Item) bool {
		if !kept.retention.Exceeded(kept.bytes, kept.count, oldest.At, now) {
			return false
		}
		kept.bytes -= int64(oldest.Size)
		kept.count--
		return true
	})
}

// Read returns visible entries after a position.
func (l *Log) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	if err := ctx.Err(); err != nil {
		return store.Chunk{}, err
	}
	// The windows hold everything retained: there is no other medium.
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
	return l.epochs.Find(id, b.Newest, b, func(id string) (store.Position, error) {
		return l.tail.Earliest(id), nil
	})
}

// Since finds where a time begins.
func (l *Log) Since(ctx context.Context, t time.Time) (store.Place, error) {
	if err := ctx.Err(); err != nil {
		return store.Place{}, err
	}
	return l.tail.Since(t, func() (store.Position, error) { return 0, nil })
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

// Summary describes what is retained.
func (l *Log) Summary(ctx context.Context) (store.Summary, error) {
	b, err := l.Bounds(ctx)
	if err != nil {
		return store.Summary{}, err
	}
	s := store.Summary{Trimmed: b.Gone.Updates, Epochs: 1}
	// What is retained can be no more than memory holds of it already.
	c, err := l.Read(ctx, 0, math.MaxInt)
	if err != nil {
		return store.Summary{}, err
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		if e.Update == nil {
			s.Presence++
			continue
		}
		if s.Oldest == nil {
			s.Oldest = e
		}
		s.Newest = e
		size, err := store.Size(e.Update)
		if err != nil {
			return store.Summary{}, err
		}
		s.Entries++
		s.Bytes += int64(size + overhead)
		if !e.Brought().IsZero() {
			s.Brought++
		}
	}
	return s, nil
}

// Retain changes what is retained, from the next append on.
func (l *Log) Retain(r store.Retention) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retain(r)
}

func (l *Log) retain(r store.Retention) {
	r = r.Default(DefaultBytes)
	l.updates.retention, l.subscriptions.retention = r, r.Presence(PresenceBytes)
	l.share(store.NewClasses(r))
	l.keys.retain(r.Keys)
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

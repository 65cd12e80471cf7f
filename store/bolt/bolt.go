// Package bolt is the engine that keeps a history in one file, with bbolt. It
// serves one process; its entries survive kill -9 and, where asked, power
// loss. ../DESIGN.md says how.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"go.etcd.io/bbolt"
)

const (
	// DefaultBytes is the limit on what is retained unless configured
	// otherwise.
	DefaultBytes = 1 << 30

	// followBytes is how far a follower may be behind and need not read the
	// file.
	followBytes = 8 << 20

	// lazyDelay is how long an entry that nobody waits for may stay out of
	// the file, and a commit without a flush unflushed.
	lazyDelay = time.Second

	// trimPause is the time between two commits that only trim.
	trimPause = 100 * time.Millisecond
)

// Options limit what is retained; see [store.Retention]. The bytes are those
// of the records of updates, and zero means [DefaultBytes]; the file is larger, and once
// grown it is reused, not shrunk.
type Options store.Retention

// A Log is a [store.Log] in a file. One goroutine writes; everybody who
// waits for the disk at that moment shares its next commit.
type Log struct {
	path    string
	keep    atomic.Pointer[retention]
	epochs  *store.Epochs
	tail    *store.Tail
	stopped chan struct{} // closed when the writer has ended
	work    chan struct{} // tells the writer to look; capacity 1

	// files guards db. Readers hold it shared for one short transaction, the
	// writer exclusively while it reopens the file after a failed commit.
	files sync.RWMutex
	db    *bbolt.DB // nil while the file cannot be opened, and once closed

	mu     sync.Mutex     // never held across I/O
	last   store.Position // given out
	lastAt time.Time
	queue  queue
	fault  error // why appends are refused
	closed bool

	copying sync.Mutex // held by who copies the history: one at a time
	jobs    chan job   // for the writer, see job
	free    func(folder string) (bytes int64, known bool)

	w writer // owned by the writer goroutine
}

var (
	_ store.Log      = (*Log)(nil)
	_ store.Presence = (*Log)(nil)
)

// A retention is what is kept of each kind of entries.
type retention struct {
	updates, subscriptions store.Retention
	classes                *store.Classes // of updates; nil where there are no rules
}

// Open opens the history in a file, which it creates if there is none, mode
// 0600, as well as the folder above it, mode 0700. It starts a new epoch, with
// the end of every subscription that the last one left open. A file that another process has open, that is no history of Cinnabar, that is
// damaged, or that a later version wrote is an error, and is left untouched.
func Open(path string, o Options) (*Log, error) {
	return open(path, o, (*bbolt.Tx).Commit)
}

// open is Open with another way to commit, for tests of what happens when the
// disk fails.
func open(path string, o Options, commit func(*bbolt.Tx) error) (*Log, error) {
	l := &Log{
		path:    path,
		stopped: make(chan struct{}),
		work:    make(chan struct{}, 1),
		jobs:    make(chan job),
		free:    freeSpace,
	}
	l.retain(store.Retention(o))
	if err := create(path); err != nil {
		return nil, fmt.Errorf("opening history %s: %w", path, err)
	}
	db, err := openFile(path, *l.keep.Load())
	if err != nil {
		return nil, fmt.Errorf("opening history %s: %w", path, err)
	}
	// Whoever has the file is the only one to have compacted it.
	if err := dropDraft(path); err != nil {
		return nil, fmt.Errorf("opening history %s: %w", path, errors.Join(err, db.Close()))
	}
	s, err := begin(db, *l.keep.Load())
	if err != nil {
		return nil, fmt.Errorf("opening history %s: %w", path, errors.Join(err, db.Close()))
	}
	l.db, l.epochs = db, s.epochs
	l.last, l.lastAt = s.ends.head, s.ends.headAt
	l.tail = store.NewTail(s.ends.head, s.ends.updates.bounds(), s.ends.subscriptions.bounds(), followBytes)
	l.tail.Removed(nil, s.ends.shares.marks())
	l.w = writer{commit: commit, ends: s.ends, tx: s.tx}
	go l.write()
	return l, nil
}

// Retain changes what is retained, at once: the writer looks.
func (l *Log) Retain(r store.Retention) {
	l.retain(r)
	l.wake()
}

func (l *Log) retain(r store.Retention) {
	r = r.Default(DefaultBytes)
	l.keep.Store(&retention{updates: r, subscriptions: r.Presence(PresenceBytes), classes: store.NewClasses(r)})
}

// Append queues updates for the writer. Their waiting may be shared with
// others, their order is that of the calls.
func (l *Log) Append(ctx context.Context, want store.Durability, updates ...*spec.Update) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	items := make([]store.Item, len(updates))
	for i, u := range updates {
		items[i].Update = u
	}
	r, err := newRequest(want, items)
	if err != nil {
		return store.Receipt{}, err
	}
	if err := l.enqueue(ctx, r); err != nil {
		return store.Receipt{}, err
	}
	if r.want == store.Memory {
		return r.receipt(store.Memory), nil
	}
	return r.wait(ctx)
}

// enqueue gives a request its positions and its place in the queue, when there
// is room for it.
func (l *Log) enqueue(ctx context.Context, r *request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return store.ErrClosed
		case l.fault != nil:
			return l.fault
		case store.MaxPosition-l.last < store.Position(len(r.items)):
			return fmt.Errorf("%w: its positions are used up", store.ErrUnavailable)
		}
		if l.queue.fits(r) {
			break
		}
		room := l.queue.room.Wait()
		l.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
		}
		l.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	l.lastAt = store.Later(l.lastAt, time.Now())
	for i := range r.items {
		l.last++
		e := &r.items[i].Entry
		e.Position, e.At, e.ID = l.last, l.lastAt, l.epochs.ID(l.last, e.Brought())
		r.records[i].Stamp(l.lastAt)
	}
	l.queue.push(r)
	l.show()
	l.wake()
	return nil
}

// show makes visible, in order, the queued entries that wait for nothing more.
// l.mu is held, so nothing comes in between.
func (l *Log) show() {
	for r := l.queue.next(); r != nil; r = l.queue.next() {
		l.tail.Publish(r.items...)
	}
}

// wake tells the writer that there is something to look at.
func (l *Log) wake() {
	select {
	case l.work <- struct{}{}:
	default:
	}
}

// Bounds returns the ends of the visible log.
func (l *Log) Bounds(ctx context.Context) (store.Bounds, error) {
	if err := ctx.Err(); err != nil {
		return store.Bounds{}, err
	}
	return l.tail.Bounds()
}

// Follow delivers every entry after a position as it becomes visible.
func (l *Log) Follow(ctx context.Context, after store.Position, deliver func([]store.Entry)) error {
	return l.tail.Follow(ctx, after, l.Read, deliver)
}

// Health returns nil while appends are expected to succeed.
func (l *Log) Health() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return store.ErrClosed
	}
	return l.fault
}

// Close commits and flushes what is queued, ends every call with
// [store.ErrClosed] and releases the file. The error says that entries which
// asked for no durability could not be saved.
func (l *Log) Close() error {
	l.mu.Lock()
	again := l.closed
	l.closed = true
	l.queue.room.Ring()
	l.mu.Unlock()
	l.wake()
	<-l.stopped
	if again {
		return nil
	}
	l.tail.Close()
	l.files.Lock()
	defer l.files.Unlock()
	err := l.w.unsaved
	if l.db != nil && !l.w.stuck { // bbolt would wait for the stuck commit
		err = errors.Join(err, l.db.Close())
		l.db = nil
	}
	if err != nil {
		return fmt.Errorf("closing history %s: %w", l.path, err)
	}
	return nil
}

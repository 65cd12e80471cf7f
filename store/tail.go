package store

import (
	"context"
	"sort"
	"sync"
)

// An Item is a visible entry in a [Tail].
type Item struct {
	Entry
	Size int // bytes it counts for in limits
}

// A Tail is the newest stretch of a log, in memory, and the ends of the whole
// log. Followers are fed from it, entries that are not persisted yet are read
// from it, and for an engine without a medium it is the log itself. It is safe
// for concurrent use and starts no goroutine.
//
// The window holds every visible entry that neither the medium holds (Saved)
// nor retention removed (Trimmed), and beyond that the newest ones up to a
// number of bytes: a follower that keeps up within those never meets
// retention, however tight, nor the medium.
type Tail struct {
	keep int // bytes of window kept for followers, at least

	mu      sync.Mutex
	window  []Item   // strictly increasing positions
	size    int      // bytes in window
	left    Position // largest position that was visible and is not in window
	saved   Position // everything visible up to here can be read from the medium
	oldest  Position
	head    Position
	trimmed Position
	ids     map[string][]Position // brought ids of retained entries in window
	moved   Bell                  // rung when head moves, and at the end
	closed  bool
}

// NewTail continues a log with these ends, all of it on the medium. It keeps
// at least the given bytes of entries for followers.
func NewTail(b Bounds, keep int) *Tail {
	return &Tail{
		keep: keep,
		left: b.Newest, saved: b.Newest,
		oldest: b.Oldest, head: b.Newest, trimmed: b.Trimmed,
		ids: make(map[string][]Position),
	}
}

// Publish makes entries visible, in order. Their positions are larger than all
// before.
func (t *Tail) Publish(items ...Item) {
	if len(items) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.oldest == 0 {
		t.oldest = items[0].Position
	}
	for i := range items {
		t.size += items[i].Size
		if id := items[i].Update.ID(); !id.IsZero() {
			t.ids[id.String()] = append(t.ids[id.String()], items[i].Position)
		}
	}
	t.window = append(t.window, items...)
	t.head = items[len(items)-1].Position
	t.evict()
	t.moved.Ring()
}

// Saved says that the medium holds every visible entry up to a position.
func (t *Tail) Saved(through Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.saved = max(t.saved, through)
	t.evict()
}

// Trimmed says that retention removed everything up to a position, and which
// one is the oldest now.
func (t *Tail) Trimmed(through, oldest Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trim(through, oldest)
}

// TrimWhile removes retained entries of the window from the oldest on, while
// exceeded says so; never the newest.
func (t *Tail) TrimWhile(exceeded func(oldest Item) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := t.after(t.trimmed)
	i := from
	for i+1 < len(t.window) && exceeded(t.window[i]) {
		i++
	}
	if i > from {
		t.trim(t.window[i-1].Position, t.window[i].Position)
	}
}

func (t *Tail) trim(through, oldest Position) {
	if through <= t.trimmed {
		return
	}
	for i := t.after(t.trimmed); i < len(t.window) && t.window[i].Position <= through; i++ {
		t.forget(&t.window[i])
	}
	t.trimmed, t.oldest = through, oldest
	t.evict()
}

// evict drops from the window what nobody depends on.
func (t *Tail) evict() {
	n := 0
	for n < len(t.window) && t.size > t.keep && t.window[n].Position <= max(t.saved, t.trimmed) {
		t.forget(&t.window[n])
		t.size -= t.window[n].Size
		t.left = t.window[n].Position
		n++
	}
	clear(t.window[:n])
	t.window = t.window[n:]
}

// forget takes an entry's brought id out of the index.
func (t *Tail) forget(it *Item) {
	id := it.Update.ID().String()
	if at := t.ids[id]; len(at) > 0 && at[0] == it.Position {
		if len(at) == 1 {
			delete(t.ids, id)
		} else {
			t.ids[id] = at[1:]
		}
	}
}

// after returns the index in window of the first entry after a position.
func (t *Tail) after(p Position) int {
	return sort.Search(len(t.window), func(i int) bool { return t.window[i].Position > p })
}

// Read returns a chunk, as [Log.Read] does, when the window holds all of what
// is retained after the position; otherwise ok is false and the medium holds
// it up to position through.
func (t *Tail) Read(after Position, limit int) (c Chunk, through Position, ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return Chunk{}, 0, false, ErrClosed
	}
	from := max(after, t.trimmed)
	if from < t.left {
		return Chunk{}, min(t.saved, t.head), false, nil
	}
	c.Trimmed = after < t.trimmed
	c.Entries, c.Through = t.stretch(nil, from, limit)
	return c, c.Through, true, nil
}

// stretch appends to dst entries of the window after a position, about limit
// bytes of them, at least one if there is one, and returns the position it is
// complete up to.
func (t *Tail) stretch(dst []Entry, after Position, limit int) ([]Entry, Position) {
	from := t.after(after)
	to := from
	for size := 0; to < len(t.window) && (to == from || size+t.window[to].Size <= limit); to++ {
		size += t.window[to].Size
	}
	if dst == nil && to > from {
		dst = make([]Entry, 0, to-from)
	}
	for i := from; i < to; i++ {
		dst = append(dst, t.window[i].Entry)
	}
	if to == len(t.window) {
		return dst, max(after, t.head)
	}
	return dst, t.window[to-1].Position
}

// followLimit is how many bytes Follow delivers in one call, about.
const followLimit = 256 << 10

// Follow does what [Log.Follow] promises. read reads chunks from the log, for
// a follower that fell out of the window.
func (t *Tail) Follow(ctx context.Context, after Position, read func(context.Context, Position, int) (Chunk, error), deliver func([]Entry)) error {
	var batch []Entry
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.mu.Lock()
		switch {
		case t.head <= after && t.closed:
			t.mu.Unlock()
			return ErrClosed
		case t.head <= after:
			moved := t.moved.Wait()
			t.mu.Unlock()
			select {
			case <-moved:
			case <-ctx.Done():
			}
			continue
		case after >= t.left:
			batch, after = t.stretch(batch[:0], after, followLimit)
			t.mu.Unlock()
			deliver(batch)
			clear(batch) // hold no update back from the collector
			continue
		}
		t.mu.Unlock()

		c, err := read(ctx, after, followLimit)
		switch {
		case err != nil:
			return err
		case c.Trimmed:
			return ErrTrimmed
		}
		if len(c.Entries) > 0 {
			deliver(c.Entries)
		}
		after = c.Through
	}
}

// Earliest returns the position of the earliest retained entry in the window
// that brought an id, 0 if there is none.
func (t *Tail) Earliest(id string) Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := t.ids[id]; len(at) > 0 {
		return at[0]
	}
	return 0
}

// Bounds returns the ends of the visible log, or [ErrClosed].
func (t *Tail) Bounds() (Bounds, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return Bounds{}, ErrClosed
	}
	return Bounds{Oldest: t.oldest, Newest: t.head, Trimmed: t.trimmed}, nil
}

// Close ends followers, each once it has been given all that is visible.
func (t *Tail) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.moved.Ring()
}

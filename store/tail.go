package store

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// An Item is a visible entry in a [Tail].
type Item struct {
	Entry
	Size int // bytes it counts for in limits

	gone bool // in the midst of what is retained; of the [Tail]
}

// A Tail is the newest stretch of a log, in memory, and the ends of the whole
// log. Followers are fed from it, entries that are not persisted yet are read
// from it, and for an engine without a medium it is the log itself. It is safe
// for concurrent use and starts no goroutine.
//
// For each kind of entries it has a window, which holds every visible one that
// neither the medium holds (Saved) nor retention removed (Trimmed), and beyond
// that the newest ones up to a number of bytes: a follower that keeps up within
// those never meets retention, however tight, nor the medium.
type Tail struct {
	mu            sync.Mutex
	updates       lane
	subscriptions lane
	saved         Position // everything visible up to here can be read from the medium
	head          Position
	byClass       *Watermarks
	ids           map[string][]Position // brought ids of retained updates in the window
	moved         Bell                  // rung when head moves, and at the end
	closed        bool
}

// A Range is what is retained of one kind of entries.
type Range struct {
	Oldest  Position // 0 for none
	Trimmed Position // largest that retention removed, 0 for none; it may be beyond Oldest
}

// floor returns the position up to which everything is gone.
func (r Range) floor() Position {
	if r.Oldest > 0 && r.Oldest <= r.Trimmed {
		return r.Oldest - 1
	}
	return r.Trimmed
}

// NewTail continues a log that ends at head, all of it on the medium. It keeps
// at least the given bytes of updates for followers, and an eighth as much of
// subscriptions.
func NewTail(head Position, updates, subscriptions Range, keep int) *Tail {
	of := func(r Range, keep int) lane {
		return lane{keep: keep, left: head, oldest: r.Oldest, trimmed: r.floor(), removed: r.Trimmed}
	}
	return &Tail{
		updates: of(updates, keep), subscriptions: of(subscriptions, keep/8),
		saved: head, head: head,
		ids: make(map[string][]Position),
	}
}

func (t *Tail) lane(k Kind) *lane {
	if k == KindSubscription {
		return &t.subscriptions
	}
	return &t.updates
}

// Publish makes entries visible, in order. Their positions are larger than all
// before.
func (t *Tail) Publish(items ...Item) {
	if len(items) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range items {
		t.lane(items[i].Kind()).add(items[i])
		if id := items[i].Brought(); !id.IsZero() {
			t.ids[id.String()] = append(t.ids[id.String()], items[i].Position)
		}
	}
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

// Trimmed says what retention left of one kind.
func (t *Tail) Trimmed(k Kind, r Range) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trim(t.lane(k), r)
}

// Removed says which updates retention took from the midst of others, and how far
// it has gone by class. What it left is told by Trimmed.
func (t *Tail) Removed(positions []Position, by *Watermarks) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byClass = by
	t.updates.remove(positions, t.forget)
	t.evict()
}

// Updates goes over the retained updates that are in the window. It is for the
// writer alone: meanwhile everybody else waits.
func (t *Tail) Updates(visit func(Item)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, it := range t.updates.window[t.updates.after(t.updates.trimmed):] {
		if !it.gone {
			visit(it)
		}
	}
}

// TrimWhile removes retained entries of a kind from the window, from the oldest
// on, while exceeded says so; never the newest.
func (t *Tail) TrimWhile(k Kind, exceeded func(oldest Item) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lane(k)
	from := l.after(l.trimmed)
	i := from
	for i+1 < len(l.window) && (l.window[i].gone || exceeded(l.window[i])) {
		i++
	}
	if i > from {
		t.trim(l, Range{Oldest: l.window[i].Position, Trimmed: l.window[i-1].Position})
	}
}

func (t *Tail) trim(l *lane, r Range) {
	floor := r.floor()
	l.removed = max(l.removed, r.Trimmed)
	if floor <= l.trimmed {
		return
	}
	for i := l.after(l.trimmed); i < len(l.window) && l.window[i].Position <= floor; i++ {
		if it := &l.window[i]; !it.gone {
			t.forget(it)
		}
	}
	l.trimmed, l.oldest = floor, r.Oldest
	t.evict()
}

// gone is what retention removed. The lock is held.
func (t *Tail) gone() Gone {
	return Gone{Updates: t.updates.removed, Subscriptions: t.subscriptions.removed, ByClass: t.byClass}
}

// evict drops from the windows what nobody depends on.
func (t *Tail) evict() {
	for _, l := range [...]*lane{&t.updates, &t.subscriptions} {
		dropped := l.evict(t.saved)
		for i := range dropped {
			t.forget(&dropped[i])
		}
		clear(dropped)
	}
}

// forget takes an entry's brought id out of the index.
func (t *Tail) forget(it *Item) {
	id := it.Brought().String()
	at := t.ids[id]
	i := slices.Index(at, it.Position)
	switch {
	case i < 0:
	case len(at) == 1:
		delete(t.ids, id)
	case i == 0:
		t.ids[id] = at[1:]
	default:
		t.ids[id] = slices.Delete(at, i, i+1)
	}
}

// Read returns a chunk, as [Log.Read] does, when the windows hold all of what
// is retained after the position; otherwise ok is false and the medium holds
// it up to position through.
func (t *Tail) Read(after Position, limit int) (c Chunk, through Position, ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return Chunk{}, 0, false, ErrClosed
	}
	if !t.updates.holds(after) || !t.subscriptions.holds(after) {
		return Chunk{}, min(t.saved, t.head), false, nil
	}
	c.Gone = t.gone()
	rest := walk{
		updates:       t.updates.window[t.updates.after(max(after, t.updates.trimmed)):],
		subscriptions: t.subscriptions.window[t.subscriptions.after(max(after, t.subscriptions.trimmed)):],
	}
	c.Entries, c.Through = t.stretch(nil, rest, after, limit)
	return c, c.Through, true, nil
}

// stretch appends to dst the next entries, about limit bytes of them, at least
// one if there is one, and returns the position after which none before it is
// left out.
func (t *Tail) stretch(dst []Entry, rest walk, after Position, limit int) ([]Entry, Position) {
	through := after
	size := 0
	for it := rest.peek(); it != nil; it = rest.peek() {
		if size += it.Size; size > limit && size > it.Size {
			return dst, through
		}
		dst = append(dst, it.Entry)
		through = it.Position
		rest.advance()
	}
	return dst, max(after, t.head)
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
		case after >= max(t.updates.start(), t.subscriptions.start()):
			rest := walk{gone: true, updates: t.updates.window[t.updates.after(after):], subscriptions: t.subscriptions.window[t.subscriptions.after(after):]}
			batch, after = t.stretch(batch[:0], rest, after, followLimit)
			t.mu.Unlock()
			deliver(batch)
			clear(batch) // hold no update back from the collector
			continue
		}
		t.mu.Unlock()

		c, err := read(ctx, after, followLimit)
		if err == nil {
			c.Entries, err = t.untrimmed(c, after)
		}
		if err != nil {
			return err
		}
		if len(c.Entries) > 0 {
			deliver(c.Entries)
		}
		after = c.Through
	}
}

// untrimmed returns the entries of a chunk that was read after a position, and
// with them those that retention had removed and the windows still hold; the
// error is [ErrTrimmed]. Without it a storm of one kind, which drives a follower
// out of that window, would cost it what a tight retention removes of the other.
func (t *Tail) untrimmed(c Chunk, after Position) ([]Entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	read := len(c.Entries)
	for l, removed := range map[*lane]Position{&t.updates: c.Gone.Updates, &t.subscriptions: c.Gone.Subscriptions} {
		switch {
		case after >= removed:
			continue
		case after < l.start():
			return nil, ErrTrimmed
		}
		for _, it := range l.window[l.after(after):l.after(min(removed, c.Through))] {
			if it.gone || it.Position <= l.trimmed {
				c.Entries = append(c.Entries, it.Entry)
			}
		}
	}
	if len(c.Entries) > read {
		slices.SortFunc(c.Entries, func(a, b Entry) int { return cmp.Compare(a.Position, b.Position) })
		// What was there when the chunk was read may be gone since.
		c.Entries = slices.CompactFunc(c.Entries, func(a, b Entry) bool { return a.Position == b.Position })
	}
	return c.Entries, nil
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

// Since does what [Log.Since] promises. medium returns the position of the last
// entry there that was appended before the time, 0 for none; it is not asked
// where the windows reach back far enough.
func (t *Tail) Since(at time.Time, medium func() (Position, error)) (Place, error) {
	last, sure := t.before(at)
	if !sure {
		// An entry may leave the windows for the medium meanwhile, never the
		// other way.
		p, err := medium()
		if err != nil {
			return Place{}, err
		}
		last = max(last, p)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return Place{}, ErrClosed
	}
	last = min(last, t.head) // the medium may have what is not visible yet
	return Place{After: last, Found: Known, Gone: t.gone()}, nil
}

func (t *Tail) before(at time.Time) (last Position, sure bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, sureOfUpdates := t.updates.before(at)
	s, sureOfSubscriptions := t.subscriptions.before(at)
	return max(u, s), sureOfUpdates && sureOfSubscriptions
}

// Bounds returns the ends of the visible log, or [ErrClosed].
func (t *Tail) Bounds() (Bounds, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return Bounds{}, ErrClosed
	}
	oldest := t.updates.oldest
	if s := t.subscriptions.oldest; oldest == 0 || s > 0 && s < oldest {
		oldest = s
	}
	return Bounds{Oldest: oldest, Newest: t.head, Gone: t.gone()}, nil
}

// Close ends followers, each once it has been given all that is visible.
func (t *Tail) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.moved.Ring()
}

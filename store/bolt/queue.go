package bolt

import (
	"context"
	"fmt"
	"slices"

	"cinnabar/store"
)

// Bounds of the queue, for entries somebody waits for and, apart, for those
// nobody waits for: neither kind can take the other's room. A request that is
// larger than its bound gets in when it is the only one of its kind.
const (
	maxQueued     = 4096     // entries
	maxQueuedSize = 32 << 20 // bytes of records
)

// An answer is what became of a request.
type answer struct {
	reached store.Durability
	err     error
}

// A request is the entries of one append on their way into the file.
type request struct {
	want     store.Durability
	items    []store.Item
	records  []store.Record
	size     int
	answered chan answer // capacity 1; answered at most once

	once *store.Once // nil for what was given no key

	// Owned by the writer until it answers.
	verdict verdict // of once, by the last transaction that asked
	saved   bool    // in the file, for all its commit failed
}

// newRequest encodes what is to be appended; positions and time are given
// later, in order.
func newRequest(want store.Durability, items []store.Item) (*request, error) {
	if want != store.Memory && want != store.OS {
		want = store.Disk
	}
	r := &request{
		want:     want,
		items:    items,
		records:  make([]store.Record, len(items)),
		answered: make(chan answer, 1),
	}
	for i := range items {
		record, err := store.NewRecord(&items[i].Entry)
		if err != nil {
			return nil, err
		}
		if n := len(items[i].Brought().String()); n > maxIndexedID {
			return nil, fmt.Errorf("%w: its id has %d bytes, at most %d", store.ErrTooLarge, n, maxIndexedID)
		}
		r.records[i] = record
		items[i].Size = len(record)
		r.size += len(record)
	}
	return r, nil
}

// answer tells the caller, unless that was done.
func (r *request) answer(reached store.Durability, err error) {
	select {
	case r.answered <- answer{reached, err}:
	default:
	}
}

// settle tells the caller what came of the request, which the file covers now.
func (r *request) settle(reached store.Durability) {
	r.answer(reached, r.verdict.refused)
}

// wait waits for the answer.
func (r *request) wait(ctx context.Context) (store.Receipt, error) {
	select {
	case answer := <-r.answered:
		if answer.err != nil {
			return store.Receipt{}, answer.err
		}
		return r.receipt(answer.reached), nil
	case <-ctx.Done():
		return store.Receipt{}, ctx.Err()
	}
}

// receipt lists the entries; it is called once they have positions.
func (r *request) receipt(reached store.Durability) store.Receipt {
	entries := make([]store.Entry, len(r.items))
	for i := range r.items {
		entries[i] = r.items[i].Entry
	}
	return store.Receipt{Entries: entries, Reached: reached}
}

// A usage is how much of the queue one kind of requests takes.
type usage struct{ requests, entries, size int }

func (u *usage) add(r *request, sign int) {
	u.requests += sign
	u.entries += sign * len(r.items)
	u.size += sign * r.size
}

// A queue holds requests in the order of their positions, from the moment they
// have some until the file has them. It is guarded by the log's mutex.
type queue struct {
	requests []*request
	shown    int // so many of the first are visible
	flying   int // so many of the first are in the writer's hands
	waited   usage
	unwaited usage
	room     store.Bell // rung when requests leave, and at the end
}

func (q *queue) usage(r *request) *usage {
	if r.want == store.Memory {
		return &q.unwaited
	}
	return &q.waited
}

// fits reports whether there is room for a request.
func (q *queue) fits(r *request) bool {
	u := q.usage(r)
	return u.requests == 0 || u.entries+len(r.items) <= maxQueued && u.size+r.size <= maxQueuedSize
}

func (q *queue) push(r *request) {
	q.requests = append(q.requests, r)
	q.usage(r).add(r, 1)
}

// next returns a request that has become visible: nobody waits for the disk on
// its behalf, nor on behalf of any before it. It returns nil when there is
// none left.
func (q *queue) next() *request {
	if q.shown == len(q.requests) || q.requests[q.shown].want != store.Memory {
		return nil
	}
	q.shown++
	return q.requests[q.shown-1]
}

// urgent reports whether a commit must not be put off: somebody waits for it,
// or what nobody waits for takes up half of its room.
func (q *queue) urgent() bool {
	return q.waited.requests > 0 || 2*q.unwaited.entries > maxQueued || 2*q.unwaited.size > maxQueuedSize
}

// take hands the writer the first requests, enough for one commit.
func (q *queue) take() []*request {
	entries := 0
	for _, r := range q.requests {
		entries += len(r.items)
		if q.flying > 0 && entries > maxQueued {
			break
		}
		q.flying++
	}
	return slices.Clone(q.requests[:q.flying])
}

// landed removes the requests in flight, which the file now has, and returns
// those that become visible by it.
func (q *queue) landed() []*request {
	flight := q.requests[:q.flying]
	shown := min(q.shown, q.flying)
	fresh := slices.Clone(flight[shown:])
	for _, r := range flight {
		q.usage(r).add(r, -1)
	}
	clear(flight)
	q.requests = q.requests[q.flying:]
	q.shown -= shown
	q.flying = 0
	q.room.Ring()
	return fresh
}

// save marks the requests in flight as written.
func (q *queue) save() {
	for _, r := range q.requests[:q.flying] {
		r.saved = true
	}
}

// drop takes the requests out of the queue that lost says, none of which is
// visible, and returns them. Those in flight are called back.
func (q *queue) drop(lost func(*request) bool) (dropped []*request) {
	q.requests = slices.DeleteFunc(q.requests, func(r *request) bool {
		if !lost(r) {
			return false
		}
		q.usage(r).add(r, -1)
		dropped = append(dropped, r)
		return true
	})
	q.flying = 0
	q.room.Ring()
	return dropped
}

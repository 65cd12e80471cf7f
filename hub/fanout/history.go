package fanout

import (
	"context"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"cinnabar/spec"
	"cinnabar/store"
)

const (
	// stretchSize bounds what is read from the log at once, in bytes.
	stretchSize = 64 << 10
	// keptStretches is how many stretches are kept for other readers, and
	// keptSize how many bytes of data all but the last may have together: an
	// entry is a stretch however large it is.
	keptStretches = 16
	keptSize      = keptStretches * stretchSize
)

// A history is the log as those who are catching up see it: in stretches,
// which readers at about the same place share, decoded once and encoded at
// most once. After a restart that is everybody.
type history struct {
	log     store.Log
	hubPath string

	mu     sync.Mutex
	recent []*stretch // least recently used first
	size   int        // of the data in them, in bytes
	reads  uint64     // of the log, begun
}

// A stretch is a part of the log, complete from one position to another.
type stretch struct {
	after, through store.Position
	entries        []store.Entry
	events         []atomic.Pointer[Event] // of entries that are updates, once somebody wanted them
	changes        []*change               // of the others; nil where there are none
	size           int                     // of their data, in bytes
	gone           store.Gone              // when it was read
	began          uint64                  // how many reads of the log had begun, with this one
}

// read returns a stretch that begins at or before the position of a reader and
// goes on beyond it, and the index of its first entry after the position. At the
// end of the log it may have none.
func (h *history) read(ctx context.Context, r *Subscriber) (*stretch, int, error) {
	if s, first := h.find(r); s != nil {
		return s, first, nil
	}
	began := h.begin()
	chunk, err := h.log.Read(ctx, r.position, stretchSize)
	if err != nil {
		return nil, 0, err
	}
	s := &stretch{
		after: r.position, through: chunk.Through, gone: chunk.Gone, began: began,
		entries: chunk.Entries, events: make([]atomic.Pointer[Event], len(chunk.Entries)),
	}
	for i := range s.entries {
		if of := s.entries[i].Subscription; of != nil {
			if s.changes == nil {
				s.changes = make([]*change, len(s.entries))
			}
			s.changes[i] = newChange(h.hubPath, of)
			s.size += len(of.Match())
			continue
		}
		s.size += len(s.entries[i].Update.Data())
	}
	if len(s.entries) > 0 {
		h.keep(s)
	}
	return s, 0, nil
}

// begin counts a read of the log.
func (h *history) begin() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	return h.reads
}

// begun returns how many reads of the log have begun: those that come are later
// than anything read so far.
func (h *history) begun() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reads
}

// find looks for a kept stretch that has the entry after the position of a reader.
func (h *history) find(r *Subscriber) (*stretch, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	after, lag := r.position, r.behind()
	for i := len(h.recent) - 1; i >= 0; i-- {
		s := h.recent[i]
		// Between the start of a trimmed stretch and its first entry only the
		// start itself is known to have lost something.
		inside := after == s.after || after >= s.entries[0].Position && after < s.through
		// Who was told what is gone is not given some of it from a stretch that
		// was read before: it would stand before a hole that nobody told of.
		if !inside || s.began <= lag.toldAt && s.gone != lag.told {
			continue
		}
		copy(h.recent[i:], h.recent[i+1:])
		h.recent[len(h.recent)-1] = s
		return s, sort.Search(len(s.entries), func(i int) bool { return s.entries[i].Position > after })
	}
	return nil, 0
}

// keep remembers a stretch in place of those that were not used for longest.
func (h *history) keep(s *stretch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	over := 0
	for ; over < len(h.recent) && (len(h.recent)-over == keptStretches || h.size+s.size > keptSize); over++ {
		h.size -= h.recent[over].size
	}
	h.recent = append(slices.Delete(h.recent, 0, over), s)
	h.size += s.size
}

// lost reports whether a subscriber has missed entries that are gone, and was not
// told. Each kind is trimmed on its own, and those about subscriptions are missed
// only by who is shown them.
func (s *stretch) lost(r *Subscriber) bool {
	after, lag := r.position, r.behind()
	if s.gone.ByClass != nil {
		after = max(after, lag.toldOf)
	}
	return s.gone.Missed(after, lag.told, &lag.reads) ||
		r.watches != 0 && max(r.position, lag.told.Subscriptions) < s.gone.Subscriptions
}

// shown returns entry i as readers of a generation are shown it, nil where they
// are not.
func (s *stretch) shown(i int, g spec.Generation) *spec.Update {
	if u := s.entries[i].Update; u != nil {
		return u
	}
	return s.changes[i].shown(g)
}

// event returns the encoded entry, the same for every reader of the generation.
func (s *stretch) event(i int, g spec.Generation) *Event {
	at, u := &s.events[i], s.entries[i].Update
	if u == nil {
		at, u = s.changes[i].event(g), s.changes[i].shown(g)
	}
	if e := at.Load(); e != nil {
		return e
	}
	e := newEvent(s.entries[i].ID, u)
	if at.CompareAndSwap(nil, e) {
		return e
	}
	return at.Load()
}

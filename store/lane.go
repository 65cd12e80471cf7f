package store

import (
	"sort"
	"time"
)

// A lane is the entries of one kind in a [Tail], which guards it.
type lane struct {
	window []Item   // strictly increasing positions
	size   int      // bytes in window
	keep   int      // bytes of window kept for followers, at least
	left   Position // largest position that was evicted since the medium has it
	lost   Position // largest position that was evicted since it is gone

	// Of all that is retained, in the window or not.
	oldest  Position // 0 for none
	trimmed Position // up to here everything is gone
	removed Position // largest position that is gone

	goneSize int // bytes in window of what is gone beyond trimmed
}

// after returns the index in window of the first entry after a position.
func (l *lane) after(p Position) int {
	return sort.Search(len(l.window), func(i int) bool { return l.window[i].Position > p })
}

// holds reports whether the window holds all of what is retained after a
// position.
func (l *lane) holds(after Position) bool { return max(after, l.trimmed) >= l.left }

// start is the position after which a follower finds everything in the window,
// gone or not.
func (l *lane) start() Position { return max(l.left, l.lost) }

// remove marks entries as gone that are in the window.
func (l *lane) remove(positions []Position, forget func(*Item)) {
	for _, p := range positions {
		l.removed = max(l.removed, p)
		if i := l.after(p - 1); i < len(l.window) && l.window[i].Position == p && !l.window[i].gone {
			it := &l.window[i]
			it.gone = true
			l.goneSize += it.Size
			forget(it)
		}
	}
}

// before returns the position of the last retained entry in the window that was
// appended before a time, 0 for none, and whether none that left the window can
// be later.
func (l *lane) before(t time.Time) (last Position, sure bool) {
	kept := l.window[l.after(l.trimmed):]
	i := sort.Search(len(kept), func(i int) bool { return kept[i].At.UnixMilli() >= t.UnixMilli() })
	for i--; i >= 0; i-- {
		if !kept[i].gone {
			return kept[i].Position, true
		}
	}
	return 0, l.left <= l.trimmed
}

// add appends an entry.
func (l *lane) add(it Item) {
	if l.oldest == 0 {
		l.oldest = it.Position
	}
	l.size += it.Size
	l.window = append(l.window, it)
}

// evict drops from the window what nobody depends on: the medium has it up to
// a position. It returns what was dropped.
func (l *lane) evict(saved Position) (dropped []Item) {
	n := 0
	for ; n < len(l.window) && l.size > l.keep; n++ {
		it := &l.window[n]
		if it.gone {
			l.lost = max(l.lost, it.Position) // thin may have gone further
			l.goneSize -= it.Size
		} else if it.Position <= max(saved, l.trimmed) {
			l.left = it.Position
		} else {
			break
		}
		l.size -= it.Size
	}
	dropped, l.window = l.window[:n:n], l.window[n:]
	if l.goneSize > 2*l.keep {
		l.thin()
	}
	return dropped
}

// thin drops what is gone from behind what is kept for longer, as far as no
// follower needs it.
func (l *lane) thin() {
	newest := len(l.window)
	for kept := 0; newest > 0 && kept < l.keep; newest-- {
		kept += l.window[newest-1].Size
	}
	stays := make([]Item, 0, len(l.window))
	for i, it := range l.window {
		if i >= newest || !it.gone {
			stays = append(stays, it)
			continue
		}
		l.lost = max(l.lost, it.Position)
		l.size -= it.Size
		l.goneSize -= it.Size
	}
	l.window = stays
}

// A walk goes over the entries of two lanes in the order of positions.
type walk struct {
	updates, subscriptions []Item
	gone                   bool // over those that are gone, too
}

// peek returns the next entry, nil at the end.
func (w *walk) peek() *Item {
	for !w.gone && len(w.updates) > 0 && w.updates[0].gone {
		w.updates = w.updates[1:]
	}
	switch {
	case len(w.updates) == 0 && len(w.subscriptions) == 0:
		return nil
	case len(w.subscriptions) == 0,
		len(w.updates) > 0 && w.updates[0].Position < w.subscriptions[0].Position:
		return &w.updates[0]
	}
	return &w.subscriptions[0]
}

// advance passes over the next entry.
func (w *walk) advance() {
	if len(w.subscriptions) == 0 || len(w.updates) > 0 && w.updates[0].Position < w.subscriptions[0].Position {
		w.updates = w.updates[1:]
		return
	}
	w.subscriptions = w.subscriptions[1:]
}

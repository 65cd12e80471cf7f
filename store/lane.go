package store

import "sort"

// A lane is the entries of one kind in a [Tail], which guards it.
type lane struct {
	window []Item   // strictly increasing positions
	size   int      // bytes in window
	keep   int      // bytes of window kept for followers, at least
	left   Position // largest position that was visible and is not in window

	// Of all that is retained, in the window or not.
	oldest  Position // 0 for none
	trimmed Position
}

// after returns the index in window of the first entry after a position.
func (l *lane) after(p Position) int {
	return sort.Search(len(l.window), func(i int) bool { return l.window[i].Position > p })
}

// holds reports whether the window holds all of what is retained after a
// position.
func (l *lane) holds(after Position) bool { return max(after, l.trimmed) >= l.left }

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
	for n < len(l.window) && l.size > l.keep && l.window[n].Position <= max(saved, l.trimmed) {
		l.size -= l.window[n].Size
		l.left = l.window[n].Position
		n++
	}
	dropped, l.window = l.window[:n:n], l.window[n:]
	return dropped
}

// A walk goes over the entries of two lanes in the order of positions.
type walk struct {
	updates, subscriptions []Item
}

// peek returns the next entry, nil at the end.
func (w *walk) peek() *Item {
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

package memory

import (
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// shares are what is retained of each class of updates, oldest first.
type shares struct {
	classes *store.Classes
	of      []share
	gone    *store.Watermarks
}

// A share is the retained updates of one class.
type share struct {
	bytes int64
	queue []holding
}

// A holding is a retained update.
type holding struct {
	position store.Position
	at       time.Time
	size     int
	update   *spec.Update
}

// share divides what is retained anew where other classes are to be told apart.
// The lock is held.
func (l *Log) share(c *store.Classes) {
	switch {
	case c == nil:
		l.shares = nil
		l.tail.Removed(nil, nil)
	case l.shares != nil && l.shares.classes.Same(c):
		l.shares.classes = c
	default:
		b, _ := l.tail.Bounds() // of a closed log nobody asks for more
		l.shares = &shares{classes: c, of: make([]share, c.Len()), gone: store.NewWatermarks(c, b.Gone.Updates)}
		l.tail.Updates(l.add)
		l.tail.Removed(nil, l.shares.gone)
	}
}

// add counts an update, which is newer than all others.
func (l *Log) add(it store.Item) {
	of := &l.shares.of[l.shares.classes.Of(it.Update.Topics())]
	of.bytes += int64(it.Size)
	of.queue = append(of.queue, holding{it.Position, it.At, it.Size, it.Update})
	l.lastUpdate = it.Position
}

// trimShares counts new entries and removes what is retained no longer, but for
// the newest update. The lock is held.
func (l *Log) trimShares(added []store.Item, now time.Time) {
	for _, it := range added {
		if it.Kind() == store.KindUpdate {
			l.add(it)
		}
	}
	removed := l.shares.trim(l.lastUpdate, now)
	if len(removed) == 0 {
		return
	}
	positions := make([]store.Position, len(removed))
	for i, h := range removed {
		positions[i] = h.position
		l.updates.bytes -= int64(h.size)
		l.updates.count--
	}
	l.tail.Removed(positions, l.shares.gone)
	l.tail.TrimWhile(store.KindUpdate, func(store.Item) bool { return false }) // pass over what is gone
}

// trim takes what exceeds the limits of its class, except for one position.
func (s *shares) trim(except store.Position, now time.Time) (removed []holding) {
	for class := range s.of {
		of, limits := &s.of[class], s.classes.Limits(class)
		for len(of.queue) > 0 && of.queue[0].position != except &&
			limits.Exceeded(of.bytes, int64(len(of.queue)), of.queue[0].at, now) {
			oldest := of.queue[0]
			if removed == nil {
				s.gone = s.gone.Clone()
			}
			s.gone.Raise(oldest.position, class, oldest.update.Topics())
			of.bytes -= int64(oldest.size)
			removed = append(removed, oldest)
			of.queue[0] = holding{}
			of.queue = of.queue[1:]
		}
	}
	return removed
}
